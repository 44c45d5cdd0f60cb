import math
from functools import partial

import cv2
import numpy as np
import pytest

import infer.eraser
import infer.scale
from data.synth.page import SynthOptions, compose
from infer.scale import (
    LEAST_SHRUNK,
    SCALES,
    best_scale,
    lies_on_side,
    print_height,
    scale_of,
    window_with_lines_down,
)

Eraser = partial(infer.eraser.Eraser, quality="published")
SMALL = {"tile": 128, "margin": 16, "tta": "none"}


def identity(x):
    return x, x[:, :1] * 0


def darker(x):
    """Takes 40 grey levels off, and sees ink where it is dark."""
    return x - np.float32(40 / 255), (x[:, :1] < 0.2).astype(np.float32)


def make_page(height, width):
    return np.random.default_rng(height * 1000 + width).integers(
        60, 240, (height, width, 3), dtype=np.uint8)


def printed(height, index=0, kind="exam", size=(1000, 1000)):
    options = SynthOptions(print_height=(height, height))
    return compose(5, index, kind, size, options).page().image


@pytest.mark.parametrize("kind", ["exam", "worksheet", "form", "book", "notes", "clean"])
@pytest.mark.parametrize("height", [10, 20, 40])
def test_print_height(kind, height):
    found = [print_height(printed(height, index, kind)) for index in range(5)]
    found = [height for height in found if height is not None]
    assert len(found) >= 3
    most = 2 if kind == "notes" else 1.5  # writing is what there is, and often larger
    assert 0.65 * height <= np.median(found) <= most * height


def test_pages_on_their_side_are_known():
    for index in range(8):
        page = printed(20, index)
        assert not lies_on_side(page) and not lies_on_side(np.rot90(page, 2))
        assert lies_on_side(np.rot90(page)) and lies_on_side(np.rot90(page, 3))
    assert not lies_on_side(np.full((9, 5, 3), 255, np.uint8))


def test_the_window_with_lines_down():
    page = np.full((900, 700, 3), 255, np.uint8)
    page[590:890, 10:310] = np.rot90(printed(20, size=(300, 300)))
    window = window_with_lines_down(page, 400)
    assert window.shape == (400, 400, 3)
    np.testing.assert_array_equal(window, page[500:, :400])
    np.testing.assert_array_equal(window_with_lines_down(page, 900), page)


@pytest.mark.parametrize("text, expected", [
    ("1", 1), ("2.0", 2), ("0.5", 0.5), ("auto", "auto"), ("size", "size"), ("inf", math.inf),
])
def test_a_scale_is_written_as_a_quality_has_it(text, expected):
    # What results were made with is kept as text.
    assert repr(infer.scale.scale(text)) == repr(expected)


@pytest.mark.parametrize("turns", [1, 3])
def test_pages_on_their_side_are_erased_like_upright_ones(turns):
    page = printed(20, 1, size=(448, 608))
    eraser = infer.eraser.Eraser(quality="fast", threads=1)
    upright = eraser.run(page)
    assert (upright.image != page).any()
    lying = np.rot90(page, turns)
    for result in (eraser.run(lying), eraser.run(lying, where=[(0, 0, 608, 608)])):
        np.testing.assert_array_equal(np.rot90(result.image, -turns), upright.image)
        np.testing.assert_array_equal(np.rot90(result.mask, -turns), upright.mask)
    np.testing.assert_array_equal(eraser(lying), result.image)
    # What may change is turned, too.
    changed = np.flatnonzero((result.image != lying).any(axis=(0, 2)))
    edge = int(changed[len(changed) // 2])
    part = eraser.run(lying, where=[(0, 0, edge, 608)])
    np.testing.assert_array_equal(part.image[:, edge:], lying[:, edge:])
    np.testing.assert_array_equal(part.image[:, :edge], result.image[:, :edge])
    assert 0 < edge < 608 and (part.image != lying).any()
    assert (infer.eraser.Eraser(quality="fast", threads=1, turn=False)(lying) != result.image).any()


@pytest.mark.parametrize("factor", [0.5, 2])
def test_print_grows_with_the_page(factor):
    page = printed(24)
    resized = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert print_height(resized) == pytest.approx(factor * print_height(page), rel=0.15)


@pytest.mark.parametrize("page", [
    np.full((1, 1, 3), 9, np.uint8), np.full((700, 500, 3), 250, np.uint8),
    np.zeros((2, 20_000, 3), np.uint8), make_page(1, 300),
    cv2.circle(np.full((400, 400, 3), 255, np.uint8), (200, 200), 150, (0, 0, 0), -1),
], ids=lambda page: str(page.shape))
def test_pages_without_print(page):
    assert print_height(page) is None
    assert best_scale(page) == 1


def test_large_pages_are_sampled():
    page = np.tile(printed(24), (4, 4, 1))
    assert print_height(page) == pytest.approx(print_height(page[:1000, :1000]), rel=0.2)


@pytest.mark.parametrize("enlarged, heights", [
    ({}, {6: 2, 7: 1, LEAST_SHRUNK - 1: 1, LEAST_SHRUNK: 0.5, None: 1}),
    ({"enlarged": {3: 9, 2: 20}}, {9: 3, 10: 2, 20: 2, 21: 1, LEAST_SHRUNK: 0.5, None: 1}),
], ids=["default", "two"])
def test_best_scale(monkeypatch, enlarged, heights):
    page = make_page(4, 4)
    for height, expected in heights.items():
        monkeypatch.setattr("infer.scale.print_height", lambda page, *_, height=height: height)
        assert best_scale(page, **enlarged) == expected


@pytest.mark.parametrize("lines, expected", [
    ([(80, 211), (47, 177)], 1), ([(80, 211), (70, 177)], 0.5),
    ([(85, 900), (40, 90)], 0.5), ([(79, 211), (79, 177)], 1),
])
def test_a_line_that_is_joined_with_others_shrinks_no_page(monkeypatch, lines, expected):
    monkeypatch.setattr("infer.scale._lines", lambda page: np.array(lines).T)
    assert best_scale(make_page(64, 64)) == expected


@pytest.mark.parametrize("scale, height, tiles", [
    ("auto", 6, 30), ("auto", 30, 9), ("auto", 100, 4), (1, 6, 9),
])
def test_the_scale_by_the_height_of_print(monkeypatch, scale, height, tiles):
    monkeypatch.setattr("infer.scale.print_height", lambda page, *_: height)
    seen = []
    Eraser([lambda x: seen.append(x.shape) or identity(x)], tta="none", scale=scale)(
        make_page(700, 900))
    assert len(seen) == tiles  # steps of 150, 300 and 600 pixels of the page


@pytest.mark.parametrize("height, width, scale", [
    (1280, 4000, 1), (4000, 1281, 0.5), (9000, 9000, 0.5),
])
def test_the_scale_by_the_size_of_a_photograph(height, width, scale):
    page = np.broadcast_to(np.uint8(0), (height, width, 3))
    assert scale_of(page, "size") == scale
    assert scale_of(page, 2) == 2


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", [(1, 1), (1, 200), (97, 33), (130, 200)])
def test_identity_survives_to_the_last_bit(scale, size):
    page = make_page(*size)
    np.testing.assert_array_equal(Eraser([identity], **SMALL, scale=scale)(page), page)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("composite", [False, True])
def test_the_change_is_brought_back_onto_the_page(scale, composite):
    page = np.maximum(make_page(130, 200), 140)  # of noise, which no resizing would bring back
    page[40:70, 50:90] = 45
    image, mask = Eraser([darker], **SMALL, scale=scale, composite=composite).run(page)
    assert 0 <= mask.min() <= mask.max() <= 1
    assert mask[45:65, 55:85].min() == 1
    inside, outside = np.s_[45:65, 55:85], np.s_[80:, :]
    assert abs(image[inside].astype(int) - (page[inside].astype(int) - 40)).max() <= 1
    kept = page[outside].astype(int) - (0 if composite else 40)
    assert abs(image[outside].astype(int) - kept).max() <= 1


@pytest.mark.parametrize("scale", SCALES)
def test_what_the_network_sees(scale):
    shapes = set()
    for even in (False, True):
        Eraser([lambda x: shapes.add(x.shape) or identity(x)], **SMALL, scale=scale, even=even)(
            make_page(300, 40))
    assert all(h % 32 == 0 and w % 32 == 0 for _, _, h, w in shapes)
    assert max(h for _, _, h, _ in shapes) == 128


@pytest.mark.parametrize("scale", [3, 0, "2", "best"])
def test_unknown_scales(scale):
    with pytest.raises(ValueError, match="unknown scale .*; known: auto, size, 0.5, 1, 2"):
        Eraser([identity], scale=scale)
