import cv2
import numpy as np
import pytest

import app.edits
from app.edits import apply, draw, fill
from app.schema import Stroke
from infer.eraser import Cancelled, Result

SHAPE = (60, 80)


def stroke(kind, width, *points):
    return Stroke(kind=kind, width=width, points=points)


def distance(*points):
    """Of every pixel's centre from a polyline, in pixels."""
    x, y = np.meshgrid(np.arange(SHAPE[1]) + 0.5, np.arange(SHAPE[0]) + 0.5)
    where = np.stack([x, y], axis=-1)
    nearest = np.full(SHAPE, np.inf)
    for begin, end in zip(points, points[1:] or points, strict=False):
        begin, along = np.array(begin), np.subtract(end, begin)
        share = ((where - begin) @ along / max(along @ along, 1e-9)).clip(0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(
            where - begin - share[..., None] * along, axis=-1))
    return nearest


@pytest.mark.parametrize("width", [3, 8.5, 24])
@pytest.mark.parametrize("points", [
    [(30.5, 20.5)], [(10, 10), (50, 10)], [(10, 40), (40, 12), (70, 50)], [(-20, 30), (200, 90)],
])
def test_strokes_are_as_wide_as_the_brush(points, width):
    keep, erase = draw([stroke("keep", width, *points)], SHAPE)
    away = distance(*points)
    assert not erase.any()
    assert keep[away < width / 2 - 1].all()
    assert not keep[away > width / 2 + 1.5].any()


def test_the_later_stroke_wins():
    across, down = [(0, 30), (80, 30)], [(40, 0), (40, 60)]
    for kinds in (("keep", "erase"), ("erase", "keep")):
        first, second = stroke(kinds[0], 10, *across), stroke(kinds[1], 10, *down)
        keep, erase = draw([first, second], SHAPE)
        assert not (keep & erase).any()
        assert {"keep": keep, "erase": erase}[kinds[1]][30, 40]
        assert {"keep": keep, "erase": erase}[kinds[0]][30, 10]


def test_filling_continues_what_is_around_and_touches_nothing_else():
    slope = np.linspace(80, 200, 80).astype(np.uint8)
    whole = np.dstack([np.tile(slope, (60, 1))] * 3)
    where = np.zeros(SHAPE, bool)
    where[20:30, 20:50] = where[55:, 70:] = True
    image = whole.copy()
    image[where] = 0
    fill(image, where)
    np.testing.assert_array_equal(image[~where], whole[~where])
    assert np.abs(image.astype(int) - whole).max() < 20


def test_a_page_brushed_all_over():
    image = np.full((*SHAPE, 3), 90, np.uint8)
    fill(image, np.ones(SHAPE, bool))
    assert (image == 255).all()


@pytest.mark.parametrize("top, left", [(0, 0), (0, 30), (30, 30)])
def test_filling_begins_where_something_is_known(monkeypatch, top, left):
    monkeypatch.setattr(app.edits, "PIECE", 8)
    monkeypatch.setattr(app.edits, "AROUND", 6)
    image, where = np.full((*SHAPE, 3), 90, np.uint8), np.zeros(SHAPE, bool)
    where[top:top + 30, left:left + 50] = True
    image[where] = (180, 0, 0)
    fill(image, where)
    assert cv2.absdiff(image, np.full_like(image, 90)).max() < 20  # red is 90 away


def test_large_work_can_be_ended_at_every_piece(monkeypatch, gate):
    monkeypatch.setattr(app.edits, "PIECE", 20)
    page = np.full((*SHAPE, 3), 90, np.uint8)
    erased = Result(page.copy(), np.zeros(SHAPE, np.float32))
    strokes = [stroke("erase", 98, *[(40, 30), (41, 30)] * 150)]  # all but the corners
    calls = []
    result = apply(gate.eraser(), page, erased, strokes, lambda *done: calls.append(done))
    assert calls.count((0, 0)) == 6 + 12  # lines, and pieces
    assert result.mask.mean() > 0.99
    for last in (1, 3, 6, 7, 18):
        calls = []
        with pytest.raises(Cancelled):
            apply(gate.eraser(), page, erased, strokes,
                  lambda *done: calls.append(done) or len(calls) < last)  # noqa: B023
        assert len(calls) == last


def test_pieces_continue_each_other(monkeypatch):
    slope = np.linspace(80, 200, 80).astype(np.uint8)
    whole = np.dstack([np.tile(slope, (60, 1))] * 3)
    where = np.zeros(SHAPE, bool)
    where[10:40, 5:70] = True
    image = np.where(where[..., None], 0, whole).astype(np.uint8)
    monkeypatch.setattr(app.edits, "PIECE", 16)
    fill(image, where)
    np.testing.assert_array_equal(image[~where], whole[~where])
    assert np.abs(image.astype(int) - whole).max() < 40


def test_kept_pixels_are_the_page_s_own_to_the_bit(gate):
    page = np.random.default_rng(1).integers(0, 256, (*SHAPE, 3), np.uint8)
    erased = Result(cv2.blur(page, (5, 5)), np.ones(SHAPE, np.float32))
    strokes = [stroke("erase", 30, (10, 10), (70, 50)), stroke("keep", 9, (0, 30), (79, 30))]
    keep, erase = draw(strokes, SHAPE)
    result = apply(gate.eraser(), page, erased, strokes, lambda *_: True)
    np.testing.assert_array_equal(result.image[keep], page[keep])
    np.testing.assert_array_equal(result.mask, np.where(keep, 0, 1))
    neither = ~keep & ~erase
    np.testing.assert_array_equal(result.image[neither], erased.image[neither])
