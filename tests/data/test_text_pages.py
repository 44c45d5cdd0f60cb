import numpy as np
import pytest
from scipy.io import savemat

from data.characters import Characters, to_json
from data.image_io import write_image
from data.text_pages import find_text, read_words

WORDS = [["One", "two,"], ["x"]]


def boxes(count):
    """MATLAB's 2,4,count; squeezed to 2,4 for one character, as SynthText has it."""
    corners = np.array([[0, 10, 10, 0], [0, 0, 20, 20]], float)
    found = np.stack([corners + [[12 * i], [5]] for i in range(count)], axis=2) if count else \
        np.empty((2, 4, 0))
    return found[..., 0] if count == 1 else found


def column(values):
    cells = np.empty((1, len(values)), object)
    for i, value in enumerate(values):
        cells[0, i] = value
    return cells


@pytest.fixture
def synth_text(tmp_path):
    """Write a SynthText of pages with these numbers of boxes and these texts."""

    def write(counts, texts):
        names = [f"8/page_{i}.png" for i in range(len(counts))]
        (tmp_path / "8").mkdir()
        for name in names:
            write_image(tmp_path / name, np.full((40, 100, 3), 200, np.uint8))
        savemat(tmp_path / "gt.mat", {
            "imnames": column([np.array([name]) for name in names]),
            "charBB": column([boxes(count) for count in counts]),
            "wordBB": column([boxes(1) for _ in counts]),
            "txt": column([np.array(text) for text in texts])})
        return tmp_path

    return write


def test_synth_text(synth_text):
    root = synth_text([7, 1, 0], [["One\ntwo,  "], ["x"], ["  "]])
    pages = find_text(root)
    assert [page.name for page in pages] == ["page_0", "page_1"]  # the third shows no text
    for page, texts in zip(pages, WORDS, strict=True):
        image, words = page.read_words()
        assert image.shape == (40, 100, 3)
        assert [word.text for word in words] == texts
        assert [len(word.quads) for word in words] == [len(text) for text in texts]
        quads = np.concatenate([word.quads for word in words])
        np.testing.assert_array_equal(quads[-1, 2], [12 * len(quads) - 2, 25])
        np.testing.assert_array_equal(quads[0], [[0, 5], [10, 5], [10, 25], [0, 25]])


def test_synth_text_of_one_word_or_none(synth_text):
    root = synth_text([3], [["abc"]])  # MATLAB's cells of one are easily lost in reading
    (page,) = find_text(root)
    (word,) = page.read_words()[1]
    assert word.text == "abc" and word.quads.shape == (3, 4, 2)
    np.testing.assert_array_equal(word.quads[2, 0], [24, 5])
    (root / "8" / "page_0.png").unlink()
    (root / "8").rmdir()
    with pytest.raises(ValueError, match="no page with words"):
        find_text(synth_text([0], [[""]]))


def test_synth_text_whose_boxes_do_not_fit_its_texts(synth_text):
    root = synth_text([7, 3], [["One two,"], ["four"]])
    with pytest.raises(ValueError, match=r"gt.mat: 8/page_1.png: 3 good boxes for 4 characters"):
        find_text(root)


def test_damaged_synth_text(synth_text):
    root = synth_text([1], [["x"]])
    content = (root / "gt.mat").read_bytes()
    for damaged in (content[:200], content[: len(content) // 2], b"", b"not a mat file" * 20):
        (root / "gt.mat").write_bytes(damaged)
        with pytest.raises(ValueError, match="gt.mat: not SynthText's gt.mat"):
            find_text(root)
    savemat(root / "gt.mat", {"imnames": column([np.array(["a"])])})
    with pytest.raises(ValueError, match="gt.mat: not SynthText's gt.mat: KeyError"):
        find_text(root)


def test_generated_pages(tmp_path):
    word = Characters("a", np.zeros((1, 4, 2)))
    for folder in ("images", "chars"):
        (tmp_path / folder).mkdir()
    write_image(tmp_path / "images" / "p.png", np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(ValueError, match=r"p.png: no .*p.json beside it"):
        find_text(tmp_path)
    (tmp_path / "chars" / "p.json").write_text(to_json([word], 9, 8))
    (page,) = find_text(tmp_path)
    image, (read,) = page.read_words()
    assert image.shape == (8, 9, 3) and read.text == "a"


@pytest.mark.parametrize("line, text, last", [
    ("10,20,110,20,110,50,10,50,Hello", "Hello", [10, 50]),
    ("10,20,110,20,110,50,10,50,1,200 km", "1,200km", [10, 50]),
    ("10,20,110,20,110,50,10,50,2015", "2015", [10, 50]),
    ("10,20,110,20,110,50,10,50", "", [10, 50]),
    ("10, 20, 110, 50, 7", "7", [10, 50]),
    ("10,20,110,50,5,6,7", "5,6,7", [10, 50]),
    ("10,20,110,20,110,50,10,50,Latin,Hello", "Hello", [10, 50]),
    ("10,20,110,20,110,50,10,50,Latin", "Latin", [10, 50]),
    ("10,20,110,20,110,50,10,50,###", "", [10, 50]),
    ("-1,20,110,20,110,50,-1.5,50,Korean,###", "", [-1.5, 50]),
    ('38, 43, 920, 215, "Tiredness"', "Tiredness", [38, 215]),
    ('38 43 920 215 "kills, A"', "kills,A", [38, 215]),
])
def test_icdar(tmp_path, line, text, last):
    path = tmp_path / "gt_img_1.txt"
    path.write_text(f"\ufeff{line}\n\n", encoding="utf-8")
    (word,) = read_words(path)
    assert word.text == text
    np.testing.assert_array_equal(word.quad[3], last)


def test_icdar_pages(tmp_path):
    for folder in ("images", "words"):
        (tmp_path / folder).mkdir()
    for name in ("img_1", "img_2"):
        write_image(tmp_path / "images" / f"{name}.png", np.zeros((8, 9, 3), np.uint8))
    (tmp_path / "words" / "gt_img_1.txt").write_text("1,2,3,2,3,4,1,4,a\n1,2,3,2,3,4,1,4,b\n")
    (tmp_path / "words" / "img_2.txt").write_text("1,2,3,4,a\n1,2,x\n")
    one, other = find_text(tmp_path)
    assert [word.text for word in one.read_words()[1]] == ["a", "b"]
    with pytest.raises(ValueError, match=r"img_2.txt:2: expected x1,y1,.* got '1,2,x'"):
        other.read_words()


def test_what_is_no_set_of_pages(tmp_path):
    with pytest.raises(ValueError, match="no such folder"):
        find_text(tmp_path / "none")
    with pytest.raises(ValueError, match=r"neither gt.mat .* nor chars/ .* nor words/"):
        find_text(tmp_path)
    (tmp_path / "words").mkdir()
    (tmp_path / "images").mkdir()
    with pytest.raises(ValueError, match="no page with words"):
        find_text(tmp_path)
