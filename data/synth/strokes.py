"""Turns the movements of a pen into coverage: smooth, tapering, anti-aliased strokes.

Strokes are collected for a whole page and drawn together: outlines are worked out for all strokes
of one shape at once, and filling an outline is several times as fast as drawing a thick line.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np

DISTANCE_STEPS = 8  # levels of a traced glyph for each of its pixels of distance
_SHIFT = 4  # OpenCV takes fixed-point coordinates: sixteenths of a pixel
_FILL_GROWTH = 0.67  # an anti-aliased fill reaches this many pixels past its outline
_SHARP_TURN = 0.5  # radians between neighbouring pieces that count as a corner
_LOOP_TURN = 2.4  # a stroke that turns more than this may cross itself
_LOOP_PIECE = 7  # and is filled in pieces of this many points


@dataclass(slots=True)
class Stroke:
    """One movement of the pen.

    points: float32 (n, 2), n >= 2, page pixels. They steer a smooth curve from the first to the
        last; a point given twice in a row makes a corner.
    weight: times the pen's width.
    density: coverage of the paper beside that of the pen's other strokes; above 1 where the pen
        is pressed.
    smooth: False draws straight from point to point.
    """

    points: np.ndarray
    weight: float = 1.0
    density: float = 1.0
    smooth: bool = True


@dataclass(slots=True)
class Patch:
    """A glyph of a font, distorted.

    glyph: uint8 (h, w), signed distance from the outline in steps of 1 / `DISTANCE_STEPS` of its
        own pixels, 128 on the outline, more inside.
    centre: (x, y) in page pixels of the glyph's middle.
    matrix: float32 (2, 2), page pixels for one pixel of the glyph, x first.
    bend: how far the glyph is bent sideways and upwards, in its own pixels.
    growth: page pixels by which the outline moves out.
    """

    glyph: np.ndarray
    centre: tuple[float, float]
    matrix: np.ndarray
    bend: tuple[float, float]
    growth: float


Mark = Stroke | Patch


@dataclass(frozen=True)
class Touch:
    """How a pen meets the paper.

    width: of the line in page pixels.
    lift: how much thinner a stroke gets to its end, 0 to 1.
    swell: how much the width wavers along a stroke, 0 to 0.5.
    nib: how much thinner strokes across are than strokes down, 0 to 1; fountain pens only.
    press: coverage of the palest strokes, in (0, 1]; others lie between it and 1.
    cap: how far the line reaches past its end points, in half widths.
    """

    width: float
    lift: float = 0.3
    swell: float = 0.1
    nib: float = 0.0
    press: float = 1.0
    cap: float = 0.7


class InkCanvas:
    """The ink of one pen on one page."""

    def __init__(self, height: int, width: int, touch: Touch, supersampling: int = 2):
        self.height, self.width, self.touch = height, width, touch
        self.supersampling = supersampling
        self._strokes: list[Stroke] = []
        self._patches: list[Patch] = []

    def __bool__(self) -> bool:
        """True once anything has been drawn."""
        return bool(self._strokes or self._patches)

    def add(self, marks: Iterable[Mark]) -> None:
        """Draws marks; those of them that lie off the page are dropped when it is rendered."""
        for mark in marks:
            if isinstance(mark, Patch):
                self._patches.append(mark)
            elif mark.smooth:
                self._strokes.append(mark)
            else:  # piece by piece, so that every corner gets its full width
                self._strokes += [
                    replace(mark, points=mark.points[i : i + 2])
                    for i in range(len(mark.points) - 1)
                ]

    def render(self, rng: np.random.Generator) -> np.ndarray:
        """Coverage of all that was added: uint8 (height, width)."""
        scale = self.supersampling
        canvas = np.zeros((self.height * scale, self.width * scale), np.uint8)
        fills: list[_Fill] = []
        for group in self._groups():
            fills += self._outlines(group, rng)
        # Palest first: where strokes cross, the darker one shows.
        for fill in sorted(fills, key=lambda fill: fill.value):
            if fill.core is not None:
                cv2.polylines(
                    canvas, [fill.core], False, fill.value, fill.core_width, cv2.LINE_8, _SHIFT
                )
            for outline in fill.outlines:
                cv2.fillPoly(canvas, [outline], fill.value, cv2.LINE_AA, _SHIFT)
        for patch in self._patches:
            _paste(canvas, patch, scale)
        if scale == 1:
            return canvas
        return cv2.resize(canvas, (self.width, self.height), interpolation=cv2.INTER_AREA)

    def _groups(self) -> list["_Group"]:
        """Visible strokes by number of points and smoothing, each group in drawing order."""
        groups: dict[tuple[int, int], list[Stroke]] = {}
        margin = 4 * self.touch.width
        for stroke in self._strokes:
            (left, top), (right, bottom) = stroke.points.min(0), stroke.points.max(0)
            if (
                right < -margin
                or bottom < -margin
                or left > self.width + margin
                or top > self.height + margin
            ):
                continue
            count = len(stroke.points)
            rounds = 0
            if count > 2:
                # Long pieces need more points for the same smoothness.
                piece = max(right - left, bottom - top) * self.supersampling / count
                rounds = 1 + (piece > 3) + (piece > 14)
            groups.setdefault((count, rounds), []).append(stroke)
        return [_Group(groups[key], key[1]) for key in sorted(groups)]

    def _outlines(self, group: "_Group", rng: np.random.Generator) -> list["_Fill"]:
        """Outlines of strokes with equal numbers of points."""
        scale, touch = self.supersampling, self.touch
        points = np.stack([stroke.points for stroke in group.strokes]).astype(np.float32) * scale
        curve = _smoothing(points.shape[1], group.rounds) @ points  # (K, m, 2)
        steps = np.diff(curve, axis=1)  # (K, m - 1, 2)
        lengths = np.hypot(steps[..., 0], steps[..., 1]) + 1e-4
        _fill_stops(steps, lengths)
        headings = np.arctan2(steps[..., 1], steps[..., 0])
        turns = np.abs((np.diff(headings, axis=1) + np.pi) % (2 * np.pi) - np.pi)
        along = np.concatenate(
            [np.zeros((len(curve), 1), np.float32), lengths.cumsum(axis=1)], axis=1
        )
        along = along / along[:, -1:]  # (K, m), 0 to 1
        tangents = np.concatenate([steps[:, :1], steps[:, 1:] + steps[:, :-1], steps[:, -1:]], 1)
        tangents = tangents / (np.hypot(tangents[..., 0], tangents[..., 1]) + 1e-4)[..., None]

        weights = np.array([stroke.weight for stroke in group.strokes], np.float32)
        phases = rng.uniform(0, 2 * np.pi, (len(curve), 1)).astype(np.float32)
        lifts = np.float32(touch.lift) * rng.random((len(curve), 1), np.float32)
        half = (
            0.5
            * scale
            * touch.width
            * weights[:, None]
            * (1 + touch.swell * np.sin(phases + 4 * along))
            * (1 - lifts * np.clip(2.2 * along - 1.2, 0, 1))
            * (1 - touch.nib * np.abs(tangents[..., 0]))
        )
        half = np.maximum(half - _FILL_GROWTH, 0.05)[..., None]  # (K, m, 1)

        normals = np.stack([-tangents[..., 1], tangents[..., 0]], axis=-1)
        sides = np.stack([curve + half * normals, curve - half * normals], axis=1)
        caps = touch.cap * half * tangents
        fixed = np.float32(1 << _SHIFT)
        sides, starts, ends = (
            np.round(part * fixed).astype(np.int32) for part in (sides, curve - caps, curve + caps)
        )
        looping = turns.sum(axis=1) > _LOOP_TURN
        sharp = (turns.max(axis=1) > _SHARP_TURN) if turns.shape[1] else looping
        densities = np.array([stroke.density for stroke in group.strokes])
        values = 255 * densities * rng.uniform(touch.press, 1, len(curve))
        values = np.clip(np.round(values), 1, 255).astype(int).tolist()
        core_widths = np.maximum(1, 1.2 * half[..., 0].mean(axis=1)).astype(int).tolist()
        fills = []
        for i in range(len(curve)):
            size = _LOOP_PIECE if looping[i] else curve.shape[1]
            outlines = [
                np.concatenate(
                    [
                        starts[i, a : a + 1],
                        sides[i, 0, a:b],
                        ends[i, b - 1 : b],
                        sides[i, 1, a:b][::-1],
                    ]
                )
                for a, b in _pieces(curve.shape[1], size)
            ]
            core = None
            if sharp[i]:  # the outline folds over itself in a corner and leaves a hole there
                core = np.round(curve[i] * fixed).astype(np.int32)
            fills.append(_Fill(values[i], outlines, core, core_widths[i]))
        return fills


@dataclass(slots=True)
class _Group:
    """Strokes with equal numbers of points, to be smoothed by `rounds` rounds of cutting."""

    strokes: list[Stroke]
    rounds: int


@dataclass(slots=True)
class _Fill:
    """One stroke in fixed-point canvas pixels: outlines to fill, and the middle line if needed."""

    value: int
    outlines: list[np.ndarray]
    core: np.ndarray | None
    core_width: int


def _fill_stops(steps: np.ndarray, lengths: np.ndarray) -> None:
    """Gives steps of no length, which doubled points make, the direction of those before them."""
    still = lengths < 1e-3
    for i in np.flatnonzero(still.any(axis=0)):
        neighbour = i - 1 if i else 1
        if neighbour < steps.shape[1]:
            steps[still[:, i], i] = (
                1e-3 * steps[still[:, i], neighbour] / (lengths[still[:, i], neighbour, None])
            )


def _pieces(count: int, size: int) -> list[tuple[int, int]]:
    """Cuts `count` points into runs of about `size` that share their end points."""
    return [(a, min(a + size, count)) for a in range(0, max(1, count - 1), size - 1)]


@functools.lru_cache(maxsize=512)
def _smoothing(count: int, rounds: int) -> np.ndarray:
    """The matrix that cuts a polygon's corners `rounds` times (Chaikin 1974), ends kept.

    float32 (m, count): a curve of m points from `count` control points.
    """
    matrix = np.eye(count, dtype=np.float32)
    for _ in range(rounds):
        cut = np.empty((2 * len(matrix) - 2, count), np.float32)
        cut[0::2] = 0.75 * matrix[:-1] + 0.25 * matrix[1:]
        cut[1::2] = 0.25 * matrix[:-1] + 0.75 * matrix[1:]
        matrix = np.concatenate([matrix[:1], cut, matrix[-1:]])
    return matrix


def smooth_curve(points: np.ndarray, rounds: int = 2) -> np.ndarray:
    """The curve that a stroke with these control points follows: float32 (m, 2)."""
    return _smoothing(len(points), rounds) @ np.asarray(points, np.float32)


def _paste(canvas: np.ndarray, patch: Patch, scale: int) -> None:
    """Draws a glyph on a canvas with `scale` pixels to one of the page."""
    height, width = patch.glyph.shape
    forward = patch.matrix * scale
    reach = 0.5 * (np.abs(forward) @ (width, height)) + 2
    middle = np.multiply(patch.centre, scale)
    left, top = np.maximum(np.floor(middle - reach), 0).astype(int)
    right, bottom = np.minimum(np.ceil(middle + reach), canvas.shape[::-1]).astype(int)
    if right <= left or bottom <= top:
        return
    back = np.linalg.inv(forward)
    x = np.arange(left, right, dtype=np.float32) - np.float32(middle[0])
    y = np.arange(top, bottom, dtype=np.float32) - np.float32(middle[1])
    # A bend along one axis depends on the other one alone, so both maps stay sums of a row and
    # a column.
    xs = (
        (back[0, 0] * x)[None]
        + (back[0, 1] * y + patch.bend[0] * np.sin(np.pi * back[1, 1] / height * y))[:, None]
        + (width - 1) / 2
    )
    ys = (
        (back[1, 1] * y)[:, None]
        + (back[1, 0] * x + patch.bend[1] * np.sin(np.pi * back[0, 0] / width * x))[None]
        + (height - 1) / 2
    )
    distance = cv2.remap(
        patch.glyph,
        xs.astype(np.float32),
        ys.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    stretch = np.sqrt(abs(np.linalg.det(forward)))
    levels = (np.arange(256, dtype=np.float32) - 128) / DISTANCE_STEPS * stretch
    table = np.clip((levels + scale * patch.growth + 0.5) * 255, 0, 255).astype(np.uint8)
    window = canvas[top:bottom, left:right]
    np.maximum(window, table[distance], out=window)


def turned(marks: Iterable[Mark], pivot: tuple[float, float], angle: float) -> list[Mark]:
    """The same marks turned clockwise around a point by `angle` radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]], np.float32)
    about = np.array(pivot, np.float32)
    moved: list[Mark] = []
    for mark in marks:
        if isinstance(mark, Stroke):
            moved.append(replace(mark, points=(mark.points - about) @ turn.T + about))
        else:
            x, y = turn @ (np.array(mark.centre) - about) + about
            moved.append(replace(mark, centre=(float(x), float(y)), matrix=turn @ mark.matrix))
    return moved
