import numpy as np
import pytest

from data.synth.comic import letters
from data.synth.comic.letters import Ink, Letters, cell, cut, level, upright, wrapped
from data.synth.content.canvas import Canvas, Type, overlap
from data.synth.fonts import Faces

FACES = Faces.load()
KIND = Type(FACES.comic_ja[0], FACES.comic_latin[0], 24)
CANVAS = Canvas(8, 8, FACES)


def test_letters_lie_over_a_copy_of_the_artwork():
    art = Canvas(60, 40, FACES)
    art.pixels[:, :30] = 90
    lettered = Letters(art)
    mask = np.zeros((6, 6), np.uint8)
    mask[2:4, 2:4] = 255
    lettered.put(mask, 10, 10, Ink((200, 0, 0), (255, 255, 255), 2))
    assert tuple(lettered.pixels[12, 12]) == (200, 0, 0)
    assert tuple(lettered.pixels[10, 12]) == (255, 255, 255)  # the rim
    touched = (lettered.pixels != art.pixels).any(axis=2)
    np.testing.assert_array_equal(touched, lettered.alpha > 0)
    assert (art.pixels[:, :30] == 90).all()


@pytest.mark.parametrize("corner", [(-5, -5), (-9, 3), (5, 8), (50, 50), (-50, 0)])
def test_what_sticks_out_is_cut(corner):
    onto, part = np.zeros((9, 12), int), np.arange(1, 61).reshape(6, 10)
    spot, seen = overlap(onto, part, *corner)
    spot[:] = seen
    for y in range(9):
        for x in range(12):
            row, column = y - corner[1], x - corner[0]
            inside = 0 <= row < 6 and 0 <= column < 10
            assert onto[y, x] == (part[row, column] if inside else 0)


@pytest.mark.parametrize("char", "口あA！")
def test_a_cell_has_its_character_in_the_middle(char):
    rows, columns = np.nonzero(cell(CANVAS, char, KIND))
    assert abs(columns.mean() - 24) < 3 and abs(rows.mean() - 24) < 6
    assert np.ptp(rows) < 26 and np.ptp(columns) < 26


def test_lines_are_full_and_lose_nothing():
    for text in ("おい、待てよ！どうしたの？", "ニャーと鳴くのは、ねこです。", "……！"):
        for length in range(1, 9):
            lines = wrapped(text, length)
            assert "".join(lines) == text and all(lines)
            assert not any(line[0] in "、。！？ー…" for line in lines[1:])
            assert all(len(line) >= length for line in lines[:-1])
    assert wrapped("LET GO OF MY HAND", 7) == ["LET GO", "OF MY", "HAND"]


def test_columns_run_from_right_to_left_and_lines_down():
    lines = ["口口口", "一"]
    block = upright(CANVAS, lines, KIND, 1.5)
    assert block.shape[0] > 60 and 40 < block.shape[1] < 70
    left = block[:, : block.shape[1] // 3]
    assert not left[block.shape[0] // 2 :].any() and left.any()  # 一 stands alone at the top
    flat = level(CANVAS, lines, KIND, 1.5)
    assert flat.shape[1] > 60 and flat[: flat.shape[0] // 3].sum() > flat[-4:].sum()


def test_a_column_turns_its_dashes_and_keeps_ruby_beside():
    dash = upright(CANVAS, ["ー"], KIND, 1.2)
    assert dash.shape[0] > 1.5 * dash.shape[1]
    alone = upright(CANVAS, ["口口"], KIND, 1.6)
    ruby = upright(CANVAS, ["口口"], KIND, 1.6, ["ああ  "])
    assert ruby.shape[1] > alone.shape[1] + 4
    assert not ruby[ruby.shape[0] * 2 // 3 :, alone.shape[1] + 1 :].any()


def test_a_block_without_ink_is_a_pixel():
    assert cut(np.zeros((5, 7), np.uint8)).shape == (1, 1)
    assert level(CANVAS, [" "], KIND, 1.2).shape == (1, 1)


@pytest.mark.parametrize("size", [9, 60, 320])
def test_sounds_grow_with_their_size(size):
    kind = Type(FACES.comic_ja[0], FACES.comic_latin[0], size)
    for seed in range(4):
        mask = letters.sound(CANVAS, np.random.default_rng(seed), "ドン", kind)
        assert mask.dtype == np.uint8 and mask.max() > 200
        assert 1.2 * size < max(mask.shape) < 4.5 * size
