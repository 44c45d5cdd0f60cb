"""What is the matter with the paper itself, whoever writes on it.

Colour and age, folds and crumples, what shines through from the back, punch holes, staples and
spiral bindings. All of it belongs to the page and is in the ground truth. It is drawn in the
frame, through the `Warp` that took the sheet there, so that it is as sharp as the capture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from data.synth import fields
from data.synth.geometry import Warp

BODY_TEXT = 3.9  # usual height of a body text's characters in millimetres (11 point)
FLAT = 128  # value of a relief where the paper is neither brighter nor darker


@dataclass
class Paper:
    """A sheet's paper in the frame.

    tone: coarse (3, rows, columns) reflectance with folds' and crumples' shading, 1 = white.
    relief: uint8 (H, W) fine shading, `FLAT` = none, a factor of 2 at 256; None: none at all.
    gaps: uint8 (H, W) 255 where holes show what lies below; None: no holes.
    metal: uint8 (H, W, 4) RGB and coverage of staples and wires on top; None: none.
    """

    tone: np.ndarray
    relief: np.ndarray | None = None
    gaps: np.ndarray | None = None
    metal: np.ndarray | None = None


@dataclass(frozen=True)
class Wear:
    """How a sheet was treated.

    colour: reflectance of the bare paper.
    aged: yellowing and stains, 0 to 1.
    folds: number of folds pressed flat again.
    crumple: depth of the shading of crumpled paper, 0 for smooth.
    binding: '' 'holes' 'staple' or 'spiral'.
    """

    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    aged: float = 0.0
    folds: int = 0
    crumple: float = 0.0
    binding: str = ""

    def paper(self, rng: np.random.Generator, warp: Warp, print_height: float) -> Paper:
        """print_height: of the sheet's body text in pixels of the sheet, for the scale."""
        tone = np.ones((3, *fields.lattice(warp.frame)[0].shape), np.float32)
        tone *= np.array(self.colour, np.float32)[:, None, None]
        paper = Paper(tone)
        if self.aged:
            _age(rng, warp.frame, tone, self.aged)
        if self.folds or self.crumple:
            paper.relief = np.full(warp.frame, FLAT, np.uint8)
        if self.crumple:
            _crumple(rng, warp.frame, paper, self.crumple)
        for _ in range(self.folds):
            _fold(rng, warp, paper)
        if self.binding:
            _bind(rng, warp, paper, self.binding, print_height / BODY_TEXT)
        return paper


def show_through(rng: np.random.Generator, ink: np.ndarray, print_height: float) -> np.ndarray:
    """The print of the back seen from the front: uint8 (H, W) absorption, 255 = black.

    ink: the sheet's own print; a back is set like its front, so a mirrored front serves as one.
    """
    back = 255 - cv2.cvtColor(ink, cv2.COLOR_RGB2GRAY)[:, ::-1]
    back = np.roll(back, int(rng.integers(0, len(back))), axis=0)
    sigma = 0.6 + print_height * rng.uniform(0.03, 0.09)
    return cv2.GaussianBlur(back, (0, 0), sigma)


def _age(rng: np.random.Generator, frame: tuple[int, int], tone: np.ndarray, amount: float) -> None:
    """Yellows paper, more at the edges, and leaves water stains, foxing and rings of cups."""
    x, y = fields.lattice(frame)
    across, down = x / frame[1], y / frame[0]
    edge = np.minimum(np.minimum(across, 1 - across), np.minimum(down, 1 - down))
    yellow = 0.4 + 0.6 * np.exp(-np.clip(edge, 0, None) * 12)
    yellow += 0.25 * fields.blotches(rng, frame, max(frame) / 4)
    _absorb(tone, 0.16 * amount * np.clip(yellow, 0, 1.5), (0.3, 0.55, 1.0))
    if rng.random() < 0.4 * amount:
        level = fields.blotches(rng, frame, max(frame) / rng.uniform(1, 4)) - rng.uniform(0.3, 1.2)
        wet = np.clip(level * 12, 0, 1)
        # Dirt gathers where the water stopped.
        rim = np.exp(-((level / 0.05) ** 2))
        _absorb(tone, rng.uniform(0.03, 0.12) * (0.4 * wet + rim), (0.5, 0.7, 1.0))
    if rng.random() < 0.25 * amount:
        radius = max(frame) * rng.uniform(0.06, 0.15)
        off = np.hypot(x - rng.uniform(0, frame[1]), y - rng.uniform(0, frame[0])) - radius
        off += radius * 0.02 * fields.blotches(rng, frame, radius)
        strength = np.clip(0.6 + 0.5 * fields.blotches(rng, frame, radius), 0, 1)
        ring = np.exp(-((off / (0.05 * radius)) ** 2)) * strength
        _absorb(tone, rng.uniform(0.05, 0.25) * ring, (0.45, 0.7, 1.0))
    if rng.random() < 0.4 * amount:
        spots = fields.blotches(rng, frame, max(8.0, max(frame) / 90)) - rng.uniform(1.6, 2.2)
        _absorb(tone, 0.3 * np.clip(spots, 0, 0.5), (0.4, 0.7, 1.0))


def _absorb(tone: np.ndarray, depth: np.ndarray, colour: tuple[float, float, float]) -> None:
    for plane, share in zip(tone, colour, strict=True):
        plane *= 1 - share * np.clip(depth, 0, 0.9)


def _fold(rng: np.random.Generator, warp: Warp, paper: Paper) -> None:
    """One fold across the sheet: two planes that catch the light differently, and a crease."""
    height, width = warp.sheet
    at = rng.choice([0.5, 0.5, 1 / 3, 2 / 3, rng.uniform(0.1, 0.9)]) + rng.normal(0, 0.01)
    tilt = rng.normal(0, 0.01)
    if rng.random() < 0.5:
        ends = np.array([[0, (at - tilt) * height], [width, (at + tilt) * height]])
    else:
        ends = np.array([[(at - tilt) * width, 0], [(at + tilt) * width, height]])
    start, end = warp.points(ends)
    along = (end - start) / max(np.hypot(*(end - start)), 1e-6)
    x, y = fields.lattice(warp.frame)
    off = (x - start[0]) * -along[1] + (y - start[1]) * along[0]
    reach = max(warp.frame) * rng.uniform(0.03, 0.25)
    step = rng.normal(0, 0.05) * np.tanh(off / 6) * np.exp(-np.abs(off) / reach)
    paper.tone *= 1 + step
    _crease(rng, paper.relief, start, end, rng.uniform(0.4, 1.0))


def _crease(
    rng: np.random.Generator, relief: np.ndarray, start: np.ndarray, end: np.ndarray, depth: float
) -> None:
    """A lit ridge beside its shadow, broken here and there, drawn on a relief in place."""
    length = float(np.hypot(*(end - start)))
    count = max(2, int(length / 14))
    share = np.linspace(0, 1, count)[:, None]
    across = np.array([-(end - start)[1], (end - start)[0]]) / max(length, 1e-6)
    line = start + share * (end - start) + rng.normal(0, 0.7, (count, 1)) * across
    width = 1 if max(relief.shape) < 1600 else 2
    strength = np.clip(depth * rng.normal(0.7, 0.4, count - 1), 0, 1)
    lit = rng.choice([-1, 1])
    for offset, swing in ((-0.7 * lit * width, 55), (0.7 * lit * width, -45)):
        shifted = np.round((line + offset * across) * 16).astype(np.int32).tolist()
        for one, two, much in zip(shifted[:-1], shifted[1:], strength, strict=True):
            value = int(FLAT + swing * much)
            cv2.line(relief, one, two, value, width, cv2.LINE_AA, shift=4)


def _crumple(rng: np.random.Generator, frame: tuple[int, int], paper: Paper, depth: float) -> None:
    """Facets of a sheet that was balled up: each flat, each at its own angle to the light."""
    height, width = frame
    size = max(max(frame) * rng.uniform(0.07, 0.2), 24.0)
    rows, columns = int(height / size) + 3, int(width / size) + 3
    y, x = np.mgrid[-1 : rows - 1, -1 : columns - 1].astype(np.float64)
    knots = (np.stack([x, y], -1) + rng.uniform(0.05, 0.95, (rows, columns, 2))) * size
    heights = rng.normal(0, 1, (rows, columns))
    turn = rng.uniform(0, 2 * np.pi)
    light = np.array([np.cos(turn), np.sin(turn)])
    shade = np.zeros_like(fields.lattice(frame)[0])
    for place, level in _facets(rng, knots, heights):
        # Slope of the plane through the three corners, towards the light.
        sides = place[1:] - place[0]
        gradient = np.linalg.lstsq(sides, level[1:] - level[0], rcond=None)[0] * size
        tint = float(np.tanh(gradient @ light * 0.5))
        cv2.fillConvexPoly(shade, _fixed(place / fields.CELL), tint, shift=4)
        if rng.random() < 0.35:
            depth_here = min(1.0, 12 * depth) * abs(tint)
            _crease(rng, paper.relief, place[0], place[1], depth_here)
    shade = 0.7 * fields.soften(shade, 0.02 * size + 2) + 0.3 * fields.soften(shade, 0.2 * size)
    shade += 0.3 * fields.blotches(rng, frame, size * 0.6)
    paper.tone *= 1 + depth * shade


def _facets(
    rng: np.random.Generator, knots: np.ndarray, heights: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Corners (3, 2) and their heights (3,) of the triangles over a grid of knots."""
    for row in range(len(knots) - 1):
        for column in range(len(knots[0]) - 1):
            square = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
            if rng.random() < 0.5:  # cut along the other diagonal
                square = square[1:] + square[:1]
            for corners in (square[:3], square[2:] + square[:1]):
                yield (
                    np.array([knots[corner] for corner in corners]),
                    np.array([heights[corner] for corner in corners]),
                )


def _bind(
    rng: np.random.Generator, warp: Warp, paper: Paper, binding: str, pixels_per_mm: float
) -> None:
    """Holes for a folder, a staple in a corner, or a spiral along the left or top edge."""
    brush = _Brush(warp, pixels_per_mm)
    height, width = warp.sheet
    if binding == "staple":
        _staple(rng, brush)
    else:
        edge, span = ("left", height) if rng.random() < 0.8 else ("top", width)
        inset = rng.uniform(5, 12) if binding == "holes" else rng.uniform(3.5, 5)
        for place in _hole_places(rng, binding, span / pixels_per_mm):
            spot = (inset, place) if edge == "left" else (place, inset)
            if binding == "spiral":
                _ring(rng, brush, spot, edge)
            else:
                brush.hole(spot, rng.uniform(2.6, 3.1))
    paper.gaps = brush.gaps if brush.gaps.any() else None
    paper.metal = brush.metal if brush.metal.any() else None


def _hole_places(rng: np.random.Generator, binding: str, span: float) -> np.ndarray:
    """Where holes lie along an edge of `span` millimetres."""
    if binding == "spiral":
        pitch = rng.choice([6.35, 8.47, 12.7])
        return np.arange(pitch / 2, span, pitch)
    if rng.random() < 0.3:  # loose-leaf paper
        return np.arange(9.5 / 2, span, 9.5)
    # Two holes 80 mm apart in the middle of the edge, or the four of a folder.
    offsets = np.array([-40.0, 40.0] if rng.random() < 0.7 else [-120.0, -40.0, 40.0, 120.0])
    return span * rng.uniform(0.3, 0.7) + offsets


def _ring(rng: np.random.Generator, brush: "_Brush", spot: tuple[float, float], edge: str) -> None:
    """A hole of a spiral with the wire that runs through it and over the edge."""
    brush.hole(spot, 1.7)
    out = (-8.0, spot[1] + rng.normal(1.0, 0.1)) if edge == "left" else (spot[0] + 1.0, -8.0)
    brush.wire(spot, out, 1.0, shade=0.35)
    if rng.random() < 0.3:
        brush.wire((spot[0], spot[1] + 1.6), (out[0], out[1] + 1.6), 1.0, shade=0.35)


def _staple(rng: np.random.Generator, brush: "_Brush") -> None:
    centre = np.array([rng.uniform(6, 14), rng.uniform(6, 14)])
    turn = rng.choice([0.0, -np.pi / 4, np.pi / 2]) + rng.normal(0, 0.1)
    arm = np.array([np.cos(turn), np.sin(turn)]) * 6
    brush.wire(centre - arm, centre + arm, 0.65, shade=0.5)


@dataclass
class _Brush:
    """Draws on the frame in millimetres of the sheet from its top left corner."""

    warp: Warp
    pixels_per_mm: float  # of the sheet
    gaps: np.ndarray = field(init=False)
    metal: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.gaps = np.zeros(self.warp.frame, np.uint8)
        self.metal = np.zeros((*self.warp.frame, 4), np.uint8)

    def hole(self, spot: tuple[float, float], radius: float) -> None:
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        rim = np.array(spot) + radius * np.stack([np.cos(turn), np.sin(turn)], -1)
        outline = self.warp.points(rim * self.pixels_per_mm)
        cv2.fillPoly(self.gaps, [_fixed(outline)], 255, cv2.LINE_AA, shift=4)

    def wire(
        self,
        start: tuple[float, float] | np.ndarray,
        end: tuple[float, float] | np.ndarray,
        width: float,
        shade: float,
    ) -> None:
        """A round wire: dark outline, body, highlight, with a soft shadow on one side."""
        along = np.subtract(end, start)
        across = np.array([-along[1], along[0]]) / max(np.hypot(*along), 1e-6)
        ends = np.array([start, end])
        scale = self.pixels_per_mm * self.warp.magnification
        strokes = (
            (0.5, 1.2, 0.0, 110),
            (0.0, 1.0, 0.5, 255),
            (0.0, 0.7, 1.0, 255),
            (-0.15, 0.2, 2.2, 255),
        )
        for offset, share, light, coverage in strokes:
            line = self.warp.points((ends + offset * width * across) * self.pixels_per_mm)
            value = min(255, int(255 * shade * light))
            thickness = max(1, round(width * share * scale))
            one, two = _fixed(line).tolist()
            cv2.line(
                self.metal, one, two, (value,) * 3 + (coverage,), thickness, cv2.LINE_AA, shift=4
            )


def _fixed(points: np.ndarray) -> np.ndarray:
    """Points for OpenCV's drawing with shift=4."""
    return np.round(np.asarray(points) * 16).astype(np.int32)
