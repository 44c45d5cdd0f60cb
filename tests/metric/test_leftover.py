"""What is left to find and to read. The detector finds coloured frames, the reader grey levels."""

import math

import numpy as np
import pytest

from metric import LEFTOVER_METRICS
from metric.columns import COLUMNS
from metric.erasure import differs
from metric.leftover import (
    Leftover,
    Reader,
    Words,
    distance,
    error_rate,
    guess_words,
    still_read,
)

SHAPE = (40, 200, 3)


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)


def page(*words):
    """A page with a dark block a word."""
    image = np.full(SHAPE, 250, np.uint8)
    for quad in words:
        (left, top), (right, bottom) = quad[0].astype(int), quad[2].astype(int)
        image[top:bottom, left:right] = 20
    return image


def find(image):
    """The blocks of a page, each run of dark columns as one."""
    dark = np.pad((image[..., 0] < 100).any(axis=0), 1).astype(int)
    starts, ends = (np.flatnonzero(np.diff(dark) == step) for step in (1, -1))
    return [box(left, 10, right, 30) for left, right in zip(starts, ends, strict=True)]


PRINT = [box(10, 10, 40, 30), box(60, 10, 90, 30)]
HAND = [box(110, 10, 140, 30), box(160, 10, 190, 30)]
GT, INPUT = page(*PRINT), page(*PRINT, *HAND)


class Blocks:
    """Reads two letters where a block is."""

    def lines(self, image):
        return find(image)

    def read(self, image, quad):
        left, right = int(quad[0, 0]), int(quad[2, 0])
        return "ab" if (image[15, left:right, 0] < 100).any() else ""


def test_the_two_ends():
    for words in (None, Words(HAND, PRINT)):
        same, perfect = Leftover(find, Blocks()).measure([INPUT, GT], GT, INPUT, words)
        assert tuple(same) == LEFTOVER_METRICS
        for name, value in same.items():
            assert value == (0 if name == "print_cer" else 1)
        assert math.isnan(perfect.pop("gone_precision"))
        for name, value in perfect.items():
            assert value == (1 if name.startswith("stay") else 0)


def test_half_of_each():
    half = page(PRINT[0], HAND[1])
    (row,) = Leftover(find, Blocks()).measure([half], GT, INPUT)
    assert row == {"gone_recall": 0.5, "gone_precision": 1, "gone_f": pytest.approx(2 / 3),
                   "stay_recall": 0.5, "stay_precision": 1, "stay_f": pytest.approx(2 / 3),
                   "print_cer": 0.5, "hand_read": 0.5}


def test_what_is_found_where_nothing_was_counts_against_both():
    (row,) = Leftover(find).measure([page(*PRINT, HAND[0], box(192, 10, 200, 30))], GT, INPUT)
    assert row["gone_precision"] == 0.5 and row["stay_precision"] == pytest.approx(2 / 3)
    assert "print_cer" not in row  # nobody reads


def test_a_word_of_print_and_writing_counts_neither_way():
    joined = page(PRINT[0], box(60, 10, 130, 30))  # written on, to the right of the print
    leftover = Leftover(find)
    words = guess_words(find(GT), find(joined), differs(joined, GT))
    assert [len(quads) for quads in words] == [0, 2, 1]
    same, perfect = leftover.measure([joined, GT], GT, joined)
    assert math.isnan(same["gone_recall"]) and math.isnan(same["gone_precision"])
    assert (same["stay_recall"], same["stay_precision"]) == (0.5, 1)
    assert perfect["stay_f"] == 1


def test_print_that_the_detector_splits_otherwise_is_no_writing():
    gt = page(*PRINT, box(40, 19, 60, 20))  # a dash joins what the detector saw apart
    assert [len(quads) for quads in guess_words(find(gt), find(GT), differs(GT, gt))] == [0, 1, 0]


def test_pages_without_words():
    blank = page()
    (row,) = Leftover(find, Blocks()).measure([blank], blank, blank)
    assert all(math.isnan(value) for value in row.values())


@pytest.mark.parametrize("one, other, expected", [
    ("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("答案", "答", 1),
])
def test_distance(one, other, expected):
    assert distance(one, other) == distance(other, one) == expected


def test_error_rate_and_what_is_still_read():
    assert error_rate(["abcd", ""], ["abxd", "y"]) == 0.5
    assert math.isnan(error_rate([""], ["a"]))
    assert still_read(["abcd", "xy"], ["", ""], ["ab", "zz"]) == pytest.approx(2 / 6)
    # What is read on the page without writing is print.
    assert still_read(["12ab"], ["12"], ["12"]) == 0
    assert still_read(["12ab"], ["12"], ["12a"]) == 0.5
    assert math.isnan(still_read(["12"], ["12"], ["12"]))


def test_every_figure_has_a_column():
    assert set(LEFTOVER_METRICS) <= set(COLUMNS)


def test_rapidocr_reads_a_turned_line():
    pytest.importorskip("rapidocr", reason="no RapidOCR: pip install rapidocr")
    pytest.importorskip("onnxruntime", reason="no ONNX Runtime: pip install onnxruntime")
    import cv2

    image = np.full((200, 400, 3), 255, np.uint8)
    cv2.putText(image, "printed 2048", (40, 110), cv2.FONT_HERSHEY_DUPLEX, 1.4, (0, 0, 0), 2)
    matrix = cv2.getRotationMatrix2D((200, 100), 8, 1)
    image = cv2.warpAffine(image, matrix, (400, 200), borderValue=(255, 255, 255))
    reader = Reader()
    (line,) = reader.lines(image)
    assert reader.read(image, line) == reader.read(image, np.roll(line, 1, axis=0)) == "printed2048"
    assert reader.lines(np.full((100, 100, 3), 255, np.uint8)) == []
