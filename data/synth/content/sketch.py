"""A pen for drawing in the unit square, from which all pictures are made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.synth.content.canvas import WHITE, Canvas, Colour, Point, smooth
from data.synth.sheet import Box
from data.synth.words import number, pick

_PALETTE: tuple[Colour, ...] = (
    (236, 88, 74),
    (247, 178, 60),
    (255, 224, 110),
    (120, 184, 92),
    (88, 170, 214),
    (150, 118, 190),
    (240, 160, 180),
    (180, 130, 90),
)


@dataclass
class Sketch:
    """A pen for the unit square.

    ink: colour of outlines; width: in pixels; tint: of the fills, 'none', 'grey' or 'colour'.
    Every sketch is bent a little, its own way, and half of them are mirrored, so that no two
    pictures of a thing are alike.
    """

    canvas: Canvas
    box: Box
    rng: np.random.Generator
    ink: Colour
    width: float
    tint: str

    def __post_init__(self) -> None:
        self._mirrored = self.rng.random() < 0.5
        self._bend = self.rng.normal(0, 0.025, (2, 2))
        self._phase = self.rng.uniform(0, 2 * np.pi, (2, 2))

    def _at(self, points: Sequence[Point] | np.ndarray) -> np.ndarray:
        points = np.asarray(points, np.float64)
        waves = np.sin(4 * points[:, ::-1, None] + self._phase)  # (n, 2, 2)
        points = points + (waves * self._bend).sum(2)
        if self._mirrored:
            points = (1, 0) + points * (-1, 1)
        scale = (self.box.width, self.box.height)
        return points * scale + (self.box.left, self.box.top)

    def fill(self) -> Colour:
        """A colour for the next filled shape; white hides what lies behind it all the same."""
        if self.tint == "none":
            return WHITE
        if self.tint == "grey":
            level = number(self.rng, 150, 245)
            return (level, level, level)
        return pick(self.rng, _PALETTE)

    def curve(
        self,
        points: Sequence[Point],
        closed: bool = False,
        fill: Colour | None = None,
        width: float = 1.0,
    ) -> None:
        """A soft curve; width: as a multiple of the sketch's."""
        path = smooth(self._at(points), closed)
        if fill:
            self.canvas.polygon(path, fill)
        self.canvas.path(path, self.ink, self.width * width, closed)

    def shape(self, points: Sequence[Point], fill: Colour | None = None) -> None:
        """A closed shape with sharp corners."""
        path = self._at(points)
        if fill:
            self.canvas.polygon(path, fill)
        self.canvas.path(path, self.ink, self.width, closed=True)

    def line(self, *points: Point) -> None:
        self.canvas.path(self._at(points), self.ink, self.width)

    def oval(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        fill: Colour | None = None,
        turn: float = 0,
    ) -> None:
        self._ellipse(x, y, across, down, fill=fill, turn=-turn if self._mirrored else turn)

    def dot(self, x: float, y: float, radius: float = 0.02) -> None:
        (centre,) = self._at([(x, y)])
        self.canvas.disc(*centre, max(0.8, radius * self.box.width), self.ink)

    def arc(self, x: float, y: float, across: float, down: float, start: float, end: float):
        if self._mirrored:
            start, end = 180 - end, 180 - start
        self._ellipse(x, y, across, down, start=start, end=end)

    def _ellipse(self, x: float, y: float, across: float, down: float, **options) -> None:
        (centre,) = self._at([(x, y)])
        across, down = across * self.box.width, down * self.box.height
        self.canvas.ellipse(*centre, across, down, self.ink, self.width, **options)
