import numpy as np
import pytest

from data.synth import marks
from data.synth.sheet import Box
from data.synth.strokes import InkCanvas, Stroke, Touch, smooth_curve, turned

BOX = Box(40, 30, 60, 20)
MARKS = {
    "tick": lambda rng: marks.tick(rng, 60, 60, 30),
    "half_tick": lambda rng: marks.half_tick(rng, 60, 60, 30),
    "cross": lambda rng: marks.cross(rng, 60, 50, 30),
    "circle": lambda rng: marks.circle(rng, BOX),
    "line": lambda rng: marks.line(rng, (30, 40), (110, 44)),
    "ruled": lambda rng: marks.ruled((30, 40), (110, 44)),
    "dashed": lambda rng: marks.dashed(rng, (30, 40), (110, 44), 6),
    "wavy": lambda rng: marks.wavy(rng, (30, 40), (110, 44), 5),
    "strike_out": lambda rng: marks.strike_out(rng, BOX),
    "scribble": lambda rng: marks.scribble(rng, BOX),
    "frame": lambda rng: marks.frame(rng, BOX, 3),
    "arrow": lambda rng: marks.arrow(rng, (30, 40), (90, 60), 10),
    "bracket": lambda rng: marks.bracket(rng, 60, 30, 70, 8),
    "caret": lambda rng: marks.caret(rng, 60, 50, 12),
    "star": lambda rng: marks.star(rng, 60, 50, 30),
    "dots": lambda rng: marks.dots(rng, BOX, 4),
    "doodle": lambda rng: marks.doodle(rng, 70, 55, 40),
}


def drawn(strokes, touch=None, supersampling=2, size=(110, 150)):
    canvas = InkCanvas(*size, touch or Touch(3.0), supersampling)
    canvas.add(strokes)
    return canvas.render(np.random.default_rng(0))


@pytest.mark.parametrize("name", MARKS)
def test_marks_leave_ink_where_they_are_asked_to(name):
    for seed in range(12):
        strokes = MARKS[name](np.random.default_rng(seed))
        assert all(len(stroke.points) >= 2 for stroke in strokes)
        cover = drawn(strokes)
        rows, columns = np.nonzero(cover > 60)
        assert len(rows) > 10
        assert 15 < columns.mean() < 125 and 10 < rows.mean() < 95


@pytest.mark.parametrize("name", MARKS)
def test_one_seed_draws_the_same_and_another_differs(name):
    first, again, other = (drawn(MARKS[name](np.random.default_rng(seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert name == "ruled" or not np.array_equal(first, other)


def test_circle_goes_round_its_box():
    cover = drawn(marks.circle(np.random.default_rng(3), BOX)) > 60
    inside = cover[int(BOX.top) + 5 : int(BOX.bottom) - 5, int(BOX.left) + 12 : int(BOX.right) - 12]
    assert not inside.any() and cover.any()


def test_dense_scribble_covers_more_than_a_sparse_one():
    def share(density):
        window = np.s_[int(BOX.top) : int(BOX.bottom), int(BOX.left) : int(BOX.right)]
        return np.mean(
            [
                (
                    drawn(marks.scribble(np.random.default_rng(seed), BOX, density))[window] > 127
                ).mean()
                for seed in range(10)
            ]
        )

    assert share(2.5) > 1.5 * share(0.4)


@pytest.mark.parametrize("supersampling", [1, 2, 3])
@pytest.mark.parametrize("width", [2.0, 3.3, 6.0])
def test_a_line_is_as_wide_as_its_pen(width, supersampling):
    stroke = Stroke(np.array([[10, 50], [140, 50]], np.float32))
    cover = drawn([stroke], Touch(width, lift=0, swell=0), supersampling)
    # OpenCV fills whole pixels inside an outline: half a canvas pixel on each side is its limit.
    assert cover[:, 70].sum() / 255 == pytest.approx(width, abs=0.8 / supersampling)


def test_corners_and_loops_have_no_holes():
    corner = Stroke(np.array([[20, 20], [90, 20], [90, 20], [60, 90]], np.float32))
    angles = np.linspace(0, 15, 60)
    loops = Stroke(
        np.stack([75 + 25 * np.cos(angles), 55 + 25 * np.sin(angles)], 1).astype(np.float32)
    )
    for stroke in (corner, loops):
        cover = drawn([stroke], Touch(8.0, lift=0, swell=0))
        for x, y in smooth_curve(stroke.points, 3)[2:-2]:
            assert cover[int(y), int(x)] > 200


def test_faint_strokes_and_dark_ones_keep_the_darker_where_they_cross():
    across = Stroke(np.array([[10, 50], [140, 50]], np.float32), density=0.4)
    down = Stroke(np.array([[75, 10], [75, 100]], np.float32))
    for order in ([across, down], [down, across]):
        cover = drawn(order, Touch(5.0))
        assert cover[50, 75] > 240 and 80 < cover[50, 30] < 125


def test_strokes_off_the_page_cost_nothing_and_do_no_harm():
    far = Stroke(np.array([[-500, 50], [-400, 60]], np.float32))
    half = Stroke(np.array([[-30, 50], [30, 50]], np.float32))
    assert not drawn([far]).any()
    assert drawn([half])[50, 2] > 200


def test_turning_a_mark_turns_its_ink():
    stroke = Stroke(np.array([[30, 55], [120, 55]], np.float32))
    cover = drawn(turned([stroke], (75, 55), np.pi / 2))
    rows, columns = np.nonzero(cover > 100)
    assert np.ptp(rows) > 80 and np.ptp(columns) < 8
