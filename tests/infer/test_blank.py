import numpy as np
import pytest

from infer.blank import CELL, Blankness
from infer.tiles import Place


def place(top, bottom, left, right):
    return Place(slice(top, bottom), slice(left, right))


WHOLE = place(0, 200, 0, 300)


def paper(grey=250):
    return np.full((200, 300, 3), grey, np.uint8)


@pytest.mark.parametrize("grey", [0, 250])
def test_plain_paper_is_blank(grey):
    blank = Blankness(paper(grey))
    assert blank(WHOLE)
    assert blank.box() == place(0, CELL, 0, CELL)


def test_light_that_falls_off_is_blank():
    page = paper()
    page[:] = np.linspace(180, 250, 300, dtype=np.uint8)[None, :, None] // 2 + 100
    assert Blankness(page)(WHOLE)


@pytest.mark.parametrize("row", [0, 31, 32, 33, 199])
@pytest.mark.parametrize("channels", [slice(None), 0, 2])
def test_a_stroke_of_pencil_of_5_grey_levels_is_not_blank(row, channels):
    page = paper()
    page[row, 64:70, channels] -= 5
    blank = Blankness(page)
    assert not blank(WHOLE)
    assert not blank(place(row, row + 1, 69, 70))
    assert not blank(place(max(0, row - CELL), row + 1, 64 - CELL, 64))  # and neither is near it
    assert blank(place(0, 200, 0, 20))
    box = blank.box()
    assert box.rows.start <= row < box.rows.stop
    assert box.columns == slice(CELL, 4 * CELL)


@pytest.mark.parametrize("y", [64, 127])
@pytest.mark.parametrize("x", [96, 223])
def test_the_rim_of_a_blot_that_fills_whole_cells_is_not_blank(y, x):
    page = paper()
    page[64:128, 96:224] -= 5
    blank = Blankness(page)
    assert not blank(place(y, y + 1, x, x + 1))
    assert blank.box() == place(32, 192, 64, 288)  # 1 cell around it, where cells end with it


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (33, 32), (64, 65)])
def test_pages_of_any_size(size):
    page = np.full((*size, 3), 9, np.uint8)
    whole = place(0, size[0], 0, size[1])
    assert Blankness(page)(whole)
    page[-1, -1] = 200
    blank = Blankness(page)
    assert blank(whole) == (size == (1, 1))
    assert blank.box().rows.stop <= size[0]
