import json

import numpy as np
import pytest

from data.characters import Characters, read_json, to_json, within


def box(left, top, side=10):
    return np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float) * side + [left, top]


def test_words_come_back_from_their_file(tmp_path):
    words = [Characters("字a", np.stack([box(1.25, 2), box(12, 2)]), True),
             Characters("", box(0, 50)[None])]
    path = tmp_path / "page.json"
    path.write_text(to_json(words, 80, 90), encoding="utf-8")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["width"], content["height"]) == (80, 90)
    assert content["words"][0]["text"] == "字a" and content["words"][0]["hand"] is True
    for one, other in zip(read_json(path), words, strict=True):
        assert (one.text, one.hand) == (other.text, other.hand)
        np.testing.assert_allclose(one.quads, other.quads, atol=0.051)  # written to a tenth


@pytest.mark.parametrize("text", [
    "", "[]", "{}", '{"words": [{"text": "ab", "hand": false, "quads": []}]}',
    '{"words": [{"text": "a", "hand": false, "quads": [[[0, 0], [1, 0]]]}]}',
    '{"words": [{"text": "a", "hand": false, "quads": [[[0, 0], [1, 0], [1, NaN], [0, 1]]]}]}',
])
def test_damaged_files_are_named(tmp_path, text):
    path = tmp_path / "page.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="page.json: not the characters of a page"):
        read_json(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="none.json: no such file"):
        read_json(tmp_path / "none.json")


def test_characters_outside_of_the_page_are_left_out():
    word = Characters("abc", np.stack([box(-8, 5), box(2, 5), box(46, 5)]))
    (kept,) = within([word, Characters("d", box(0, 90)[None])], 50, 50)
    assert kept.text == "b"
    np.testing.assert_array_equal(kept.quads, word.quads[1:2])


def test_moving_and_shifting_agree():
    word = Characters("ab", np.stack([box(5, 5), box(16, 5)]))
    matrix = np.array([[1, 0, 7], [0, 1, -3], [0, 0, 1]], float)
    np.testing.assert_allclose(word.moved(matrix).quads, word.shifted(7, -3).quads)
