"""Who is in a panel: faces and busts drawn large, small cartoons, and what moves them."""

import numpy as np

from data.synth.comic.look import Look, polygon_tone
from data.synth.comic.scenery import sparkle
from data.synth.content.canvas import WHITE, Canvas, Colour, smooth
from data.synth.content.pictures import draw_picture
from data.synth.sheet import Box
from data.synth.words import number, pick

_SKINS: tuple[Colour, ...] = ((255, 226, 200), (244, 204, 170), (206, 150, 110), (150, 100, 70))


class _Pose:
    """A place for a figure: units are half the width of its head, the middle of the face is 0."""

    def __init__(self, canvas: Canvas, look: Look, at: np.ndarray, size: float):
        self.canvas, self.look, self.size, self._at = canvas, look, size, at
        angle = look.rng.normal(0, 0.12)
        mirror = look.rng.choice((-1.0, 1.0))
        cos, sin = np.cos(angle), np.sin(angle)
        self._matrix = size * np.array([[cos * mirror, sin * mirror], [-sin, cos]])

    def at(self, points) -> np.ndarray:
        return np.asarray(points, float) @ self._matrix + self._at

    def shape(self, points, fill: Colour, soft: bool = True, tone: bool = False) -> None:
        path = smooth(self.at(points), True) if soft else self.at(points)
        self.canvas.polygon(path, fill)
        if tone:
            polygon_tone(self.canvas, self.look, path)
        self.canvas.path(path, self.look.ink, self.look.pen, closed=True)

    def stroke(self, points, width: float = 1.0) -> None:
        self.canvas.path(smooth(self.at(points)), self.look.ink, self.look.pen * width)


def bust(canvas: Canvas, look: Look, at: np.ndarray, size: float) -> None:
    """Head and shoulders; size: half the head's width in pixels."""
    rng, pose = look.rng, _Pose(canvas, look, at, size)
    dark = look.ink if rng.random() < 0.4 else look.fill()
    toned = look.tint != "none" and rng.random() < 0.5
    skin = pick(rng, _SKINS) if look.tint == "colour" else WHITE
    long = rng.uniform(0.6, 3.2) if rng.random() < 0.5 else 0.4
    pose.shape([(-1.2, -0.6), (-0.9, -1.4), (0.9, -1.4), (1.2, -0.6), (1.3, long), (0.7, long + .3),
                (-0.7, long + 0.3), (-1.3, long)], dark, tone=toned)  # fmt: skip
    wide, low = rng.uniform(1.5, 2.3), 4.5
    pose.shape([(-0.35, 0.9), (0.35, 0.9), (0.4, 1.6), (wide, 2.0), (wide + 0.3, low),
                (-wide - 0.3, low), (-wide, 2.0), (-0.4, 1.6)], look.fill(), tone=toned)
    for _ in range(number(rng, 2, 9)):  # folds
        x, y = rng.uniform(-wide, wide), rng.uniform(2.2, 4)
        pose.stroke([(x, y), (x + rng.normal(0, 0.2), y + 0.4), (x + rng.normal(0, 0.4), y + 0.9)])
    pose.stroke([(-0.4, 1.6), (0, 2.3), (0.4, 1.6)])
    chin = rng.uniform(1.05, 1.4)
    pose.shape([(-1, -0.5), (-0.95, 0.4), (-0.35, chin), (0.35, chin), (0.95, 0.4), (1, -0.5),
                (0.6, -1.2), (-0.6, -1.2)], skin)
    _face(pose, rng)
    _fringe(pose, rng, dark, toned)


def _face(pose: _Pose, rng: np.random.Generator) -> None:
    look, canvas = pose.look, pose.canvas
    apart, high, tall = rng.uniform(0.38, 0.48), rng.uniform(0.0, 0.2), rng.uniform(0.12, 0.36)
    closed, iris = rng.random() < 0.15, look.fill()
    angry = rng.normal(0, 0.12)
    for side in (-1, 1):
        x = side * apart
        pose.stroke([(x - 0.24, high - 0.02), (x, high - tall), (x + 0.24, high - 0.02)], 2.5)
        if not closed:
            (middle,) = pose.at([(x, high)])
            across, down = 0.15 * pose.size, 0.9 * tall * pose.size
            canvas.ellipse(*middle, across, down, look.ink, look.pen, iris)
            canvas.ellipse(*middle, 0.6 * across, 0.6 * down, width=0, fill=look.ink)
            canvas.disc(middle[0] - 0.3 * across, middle[1] - 0.4 * down, 0.3 * across, WHITE)
        brow = high - tall - 0.2
        pose.stroke([(x - 0.25, brow + angry * side), (x, brow - 0.05),
                     (x + 0.25, brow - angry * side)], 1.5)
    pose.stroke([(0.02, 0.45), (0.08, 0.52), (0, 0.54)])
    mouth, wide = rng.random(), rng.uniform(0.1, 0.35)
    if mouth < 0.5:
        bend = rng.normal(0, 0.08)
        pose.stroke([(-wide, 0.78), (0, 0.78 + bend), (wide, 0.78)], 1.3)
    else:
        drop = rng.uniform(0.05, 0.3)
        pose.shape([(-wide, 0.72), (wide, 0.72), (0.6 * wide, 0.72 + drop),
                    (-0.6 * wide, 0.72 + drop)], pick(rng, (look.ink, (170, 60, 60), WHITE)))
    if rng.random() < 0.4:  # blush, or shade under the eyes
        for x in np.concatenate([-0.55 + np.arange(4) * 0.07, 0.35 + np.arange(4) * 0.07]):
            pose.stroke([(x, 0.5), (x + 0.03, 0.45), (x + 0.08, 0.38)], 0.6)
    if rng.random() < 0.15:  # glasses
        for side in (-1, 1):
            (middle,) = pose.at([(side * apart, high)])
            canvas.ellipse(*middle, 0.33 * pose.size, 0.28 * pose.size, look.ink, look.pen)


def _fringe(pose: _Pose, rng: np.random.Generator, dark: Colour, toned: bool) -> None:
    """Hair over the forehead in pointed strands, with a shine."""
    count = number(rng, 3, 9)
    tips = []
    for i, x in enumerate(np.linspace(-1.1, 1.1, 2 * count + 1)):
        tips.append((x, rng.uniform(-0.25, 0.25) if i % 2 == 0 else rng.uniform(-0.8, -0.4)))
    crown = [(1.15, -0.8), (0.8, -1.45), (0, -1.7), (-0.8, -1.45), (-1.15, -0.8)]
    spikes = rng.random() < 0.3
    if spikes:
        crown = [(x * s, y * s) for x, y in crown for s in (1.35, 0.95)]
    pose.shape([*tips, *crown], dark, soft=False, tone=toned)
    for _ in range(number(rng, 0, 12)):
        x = rng.uniform(-0.9, 0.9)
        pose.stroke([(0.5 * x, -1.5), (0.8 * x, -1.1), (x, -0.6)], 0.6)


def cartoon(canvas: Canvas, look: Look, at: np.ndarray, size: float) -> None:
    box = Box(at[0] - 1.5 * size, at[1] - 1.5 * size, 3 * size, 3 * size)
    draw_picture(canvas, box, look.rng, look.ink, look.tint)


def crowd(canvas: Canvas, look: Look, at: np.ndarray, size: float) -> None:
    """Heads seen from behind."""
    colour = look.fill()
    for _ in range(number(look.rng, 3, 12)):
        x, y = look.rng.uniform(0, canvas.width), canvas.height - look.rng.uniform(0, 1) * size
        canvas.ellipse(x, y + 1.5 * size, size, size, look.ink, look.pen, colour)
        canvas.ellipse(x, y, 0.5 * size, 0.6 * size, look.ink, look.pen, colour)


def _drops(canvas: Canvas, look: Look, at: np.ndarray, size: float) -> None:
    for _ in range(number(look.rng, 1, 4)):
        x, y = at + look.rng.normal(0, size, 2)
        drop = [(x, y - 0.3 * size), (x + 0.12 * size, y), (x, y + 0.1 * size), (x - .12 * size, y)]
        canvas.polygon(smooth(drop, True), WHITE)
        canvas.path(smooth(drop, True), look.ink, look.pen, closed=True)


def _dashes(canvas: Canvas, look: Look, at: np.ndarray, size: float) -> None:
    """Short strokes around a head: surprise."""
    for angle in look.rng.uniform(0, 2 * np.pi, number(look.rng, 3, 9)):
        way = np.array([np.cos(angle), np.sin(angle)]) * size
        canvas.path([at + 1.6 * way, at + look.rng.uniform(1.8, 2.4) * way], look.ink,
                    1.5 * look.pen)


def _vein(canvas: Canvas, look: Look, at: np.ndarray, size: float) -> None:
    """The sign of anger: four bent strokes around a point."""
    at = at + look.rng.normal(0, 0.8 * size, 2)
    for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        bend = np.array([(0.3, 0.08), (0.1, 0.1), (0.08, 0.3)]) * size * (sx, sy)
        canvas.path(smooth(at + bend), look.ink, 2 * look.pen)


def _glitter(canvas: Canvas, look: Look, at: np.ndarray, size: float) -> None:
    for _ in range(number(look.rng, 2, 7)):
        sparkle(canvas, look, *(at + look.rng.normal(0, 1.4 * size, 2)), 0.3 * size)


_FIGURES = (bust, bust, bust, bust, cartoon, cartoon, crowd)
_SIGNS = (_drops, _dashes, _vein, _glitter)


def people(canvas: Canvas, look: Look) -> list[np.ndarray]:
    """Put figures into a panel; returns the places of their mouths, nearly."""
    rng, places = look.rng, []
    for _ in range(int(rng.choice(4, p=(0.15, 0.5, 0.25, 0.1)))):
        size = min(canvas.height, 1.3 * canvas.width) * rng.uniform(0.1, 0.34)
        at = np.array([rng.uniform(0.05, 0.95) * canvas.width,
                       rng.uniform(0.35, 0.9) * canvas.height])
        pick(rng, _FIGURES)(canvas, look, at, size)
        if rng.random() < 0.35:
            pick(rng, _SIGNS)(canvas, look, at, size)
        places.append(at + (0, 0.5 * size))
    return places
