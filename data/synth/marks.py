"""Marks that people draw on paper: ticks, circles, strike-outs, arrows, scribbles, doodles.

Every function returns the strokes of one mark. Positions and sizes are page pixels, `rng` makes
each mark a little different.
"""

import math

import numpy as np

from data.synth.sheet import Box
from data.synth.strokes import Stroke

Generator = np.random.Generator


def tick(rng: Generator, x: float, y: float, size: float) -> list[Stroke]:
    """A tick whose bottom corner is near (x, y); `size` is its height."""
    foot = np.array([x, y])
    start = foot + size * rng.normal((-0.32, -0.3), 0.07)
    end = foot + size * rng.normal((0.85, -0.95), 0.16)
    bow = foot + size * rng.normal((0.38, -0.55), 0.06)
    bottom = foot + size * rng.normal(0, 0.03, 2)
    sharp = rng.random() < 0.7
    path = [start, bottom, bottom, bow, end] if sharp else [start, foot, bow, end]
    return [_stroke(path)]


def half_tick(rng: Generator, x: float, y: float, size: float) -> list[Stroke]:
    """A tick with a bar or a dot through it: partly right."""
    bar = np.array([x, y]) + size * np.array([0.45, -0.55])
    if rng.random() < 0.5:
        return tick(rng, x, y, size) + [_stroke([bar, bar + size * rng.normal(0.03, 0.02, 2)], 1.6)]
    across = size * rng.normal((0.28, 0.22), 0.05)
    return tick(rng, x, y, size) + [_stroke([bar - across, bar + across])]


def cross(rng: Generator, x: float, y: float, size: float) -> list[Stroke]:
    """A cross with its middle at (x, y)."""
    half = 0.5 * size
    falling = np.array([[-half, -half], [0, 0], [half, half]]) + rng.normal(0, 0.07 * size, (3, 2))
    rising = np.array([[half, -half], [0, 0], [-half, half]]) + rng.normal(0, 0.07 * size, (3, 2))
    return [_stroke(falling + (x, y)), _stroke(rising + (x, y))]


def circle(rng: Generator, box: Box, margin: float = 0.0) -> list[Stroke]:
    """A ring around a box, rarely closing where it began."""
    middle = np.array([box.left + box.width / 2, box.top + box.height / 2])
    radii = np.array([box.width, box.height]) * rng.uniform(0.54, 0.66, 2) + margin
    start = rng.uniform(0, 2 * math.pi)
    turn = rng.choice((-1, 1)) * rng.uniform(5.9, 7.6)
    angles = start + turn * np.linspace(0, 1, 20)
    drift = 1 + rng.normal(0, 0.06) * np.linspace(-1, 1, 20)
    wave = 1 + 0.04 * np.sin(2 * angles + rng.uniform(0, 6)) * rng.uniform(0, 1.4)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (drift * wave)[:, None]
    return [_stroke(middle + ring * radii)]


def line(
    rng: Generator, start: tuple[float, float], end: tuple[float, float], shake: float = 0.4
) -> list[Stroke]:
    """A line drawn by hand, slightly bowed; shake: pixels off the way."""
    start, end = np.array(start, float), np.array(end, float)
    length = float(np.hypot(*(end - start)))
    count = int(np.clip(length / 40, 3, 24))
    along = np.linspace(0, 1, count)
    across = np.array([start[1] - end[1], end[0] - start[0]]) / max(length, 1e-6)
    off = rng.normal(0, 0.012) * length * 4 * along * (1 - along) + rng.normal(0, shake, count)
    return [_stroke(start + along[:, None] * (end - start) + off[:, None] * across)]


def ruled(start: tuple[float, float], end: tuple[float, float]) -> list[Stroke]:
    """A line along a ruler."""
    return [Stroke(np.array([start, end], np.float32), smooth=False)]


def frame(rng: Generator, box: Box, margin: float = 0.0) -> list[Stroke]:
    """A box drawn around something, of straight strokes that hardly meet at its corners."""
    left, top = box.left - margin, box.top - margin
    right, bottom = box.right + margin, box.bottom + margin
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    wobble = 0.06 * (bottom - top)
    if rng.random() < 0.5:
        return [_polygon(rng, corners, wobble)]
    sides = zip(corners, corners[1:], strict=False)
    return [_polygon(rng, np.array(side), wobble) for side in sides]


def dashed(
    rng: Generator, start: tuple[float, float], end: tuple[float, float], dash: float
) -> list[Stroke]:
    """A line of dashes about `dash` pixels long."""
    start, end = np.array(start, float), np.array(end, float)
    length = float(np.hypot(*(end - start)))
    direction = (end - start) / max(length, 1e-6)
    strokes, at = [], 0.0
    while at < length:
        long = dash * rng.uniform(0.6, 1.3)
        wobble = rng.normal(0, 0.12 * dash, (2, 2))
        strokes.append(
            _stroke(
                [
                    start + at * direction + wobble[0],
                    start + min(at + long, length) * direction + wobble[1],
                ]
            )
        )
        at += long + dash * rng.uniform(0.35, 0.9)
    return strokes


def wavy(
    rng: Generator, start: tuple[float, float], end: tuple[float, float], height: float
) -> list[Stroke]:
    """A wavy line; height: of its waves from top to bottom."""
    start, end = np.array(start, float), np.array(end, float)
    length = float(np.hypot(*(end - start)))
    count = int(np.clip(2 * length / max(1.6 * height, 1), 4, 120))
    along = np.linspace(0, 1, count)
    up = np.where(np.arange(count) % 2, 0.75, -0.75) * height * rng.normal(1, 0.15, count)
    across = np.array([start[1] - end[1], end[0] - start[0]]) / max(length, 1e-6)
    along = along + rng.normal(0, 0.12 / count, count)
    return [_stroke(start + along[:, None] * (end - start) + up[:, None] * across)]


def strike_out(rng: Generator, box: Box) -> list[Stroke]:
    """One to three strokes through a word, or a cross over it."""
    middle = box.top + box.height * rng.uniform(0.4, 0.65)
    left, right = box.left - 0.1 * box.height, box.right + 0.1 * box.height
    style = rng.random()
    if style < 0.5:
        slope = rng.normal(0, 0.12) * box.height
        return line(rng, (left, middle - slope), (right, middle + slope))
    if style < 0.75:
        return [
            stroke
            for shift in (-0.13, 0.13)
            for stroke in line(
                rng,
                (left, middle + (shift + rng.normal(0, 0.04)) * box.height),
                (right, middle + (shift + rng.normal(0, 0.04)) * box.height),
            )
        ]
    if style < 0.9:
        return line(rng, (left, box.bottom), (right, box.top))
    return line(rng, (left, box.top), (right, box.bottom)) + line(
        rng, (left, box.bottom), (right, box.top)
    )


def scribble(rng: Generator, box: Box, density: float = 1.0) -> list[Stroke]:
    """Covers a box with the pen: zigzags, loops or both; density: 0.3 sparse to 3 nearly solid."""
    strokes = []
    style = rng.random()
    if style < 0.65:
        for _ in range(1 + (rng.random() < 0.4) + (density > 1.5) + (density > 2.5)):
            strokes.append(_zigzag(rng, box, density))
    if density > 2 and rng.random() < 0.5:  # across the first strokes, until nothing shows
        turn = Box(box.top, box.left, box.height, box.width)
        rows = _zigzag(rng, turn, density * box.width / box.height)
        strokes.append(Stroke(rows.points[:, ::-1]))
    if style > 0.45:
        strokes.append(_loops(rng, box, density))
    weight, density = rng.uniform(0.9, 1.3), rng.uniform(1.0, 1.4)
    return [Stroke(stroke.points, weight, density) for stroke in strokes]


def _zigzag(rng: Generator, box: Box, density: float) -> Stroke:
    step = 0.22 * box.height / density
    count = int(np.clip(box.width / step, 5, 140))
    x = np.linspace(box.left, box.right, count) + rng.normal(0, 0.3 * step, count)
    up = np.where(np.arange(count) % 2, 0.5, -0.5) * rng.uniform(0.6, 1.15, count)
    lean = rng.normal(0, 0.35) * box.height
    return _stroke(np.stack([x + up * lean, box.top + box.height * (0.5 + up)], axis=1))


def _loops(rng: Generator, box: Box, density: float) -> Stroke:
    rounds = float(np.clip(density * box.width / (0.35 * box.height), 3, 40))
    angles = np.linspace(0, 2 * math.pi * rounds, int(7 * rounds)) + rng.uniform(0, 6)
    along = np.linspace(0.1, 0.9, len(angles))
    radius = 0.45 * box.height * rng.uniform(0.75, 1.15, len(angles))
    x = box.left + along * box.width + radius * np.cos(angles)
    y = box.top + box.height / 2 + radius * np.sin(angles)
    return _stroke(np.stack([x, y], axis=1))


def arrow(
    rng: Generator, start: tuple[float, float], end: tuple[float, float], head: float
) -> list[Stroke]:
    """A bowed arrow; head: length of its barbs."""
    start, end = np.array(start, float), np.array(end, float)
    bow = (start + end) / 2 + rng.normal(0, 0.18) * np.array([start[1] - end[1], end[0] - start[0]])
    strokes = [_stroke([start, bow, end])]
    back = math.atan2(*(bow - end)[::-1])
    for side in (-1, 1):
        angle = back + side * rng.uniform(0.35, 0.7)
        barb = end + head * rng.uniform(0.7, 1.2) * np.array([math.cos(angle), math.sin(angle)])
        strokes.append(_stroke([end, barb]))
    return strokes


def bracket(rng: Generator, x: float, top: float, bottom: float, depth: float) -> list[Stroke]:
    """A bracket or a brace beside some lines; depth: how far it reaches, negative to the left."""
    middle = (top + bottom) / 2
    if rng.random() < 0.5:
        path = [
            (x, top),
            (x + depth, top),
            (x + depth, top),
            (x + depth, bottom),
            (x + depth, bottom),
            (x, bottom),
        ]
    else:
        bend = x + 0.5 * depth
        path = [
            (x, top),
            (bend, top),
            (bend, middle),
            (x + depth, middle),
            (x + depth, middle),
            (bend, middle),
            (bend, bottom),
            (x, bottom),
        ]
    return [_stroke(np.array(path) + rng.normal(0, 0.05 * abs(depth), (len(path), 2)))]


def caret(rng: Generator, x: float, y: float, size: float) -> list[Stroke]:
    """The sign under a gap where something is put in, its tip at (x, y)."""
    path = np.array([(-0.5, 1), (0, 0), (0, 0), (0.5, 1)]) + rng.normal(0, 0.08, (4, 2))
    path[2] = path[1]
    return [_stroke(path * size + (x, y))]


def star(rng: Generator, x: float, y: float, size: float) -> list[Stroke]:
    """A five-pointed star in one stroke."""
    angles = np.arange(6) * 0.8 * math.pi - math.pi / 2 + rng.normal(0, 0.1)
    tips = np.stack([np.cos(angles), np.sin(angles)], axis=1) + rng.normal(0, 0.07, (6, 2))
    return [Stroke((tips * 0.5 * size + (x, y)).astype(np.float32), smooth=False)]


def dots(rng: Generator, box: Box, count: int) -> list[Stroke]:
    """Emphasis dots under a run of characters, `box` being the print."""
    y = box.bottom + 0.14 * box.height
    xs = box.left + (np.arange(count) + 0.5) * box.width / count
    points = np.stack([xs, np.full(count, y)], axis=1)
    points += rng.normal(0, 0.05 * box.height, (count, 2))
    return [
        _stroke([point, point + rng.normal(0, 0.04 * box.height, 2) + 0.3], 1.5) for point in points
    ]


def doodle(rng: Generator, x: float, y: float, size: float) -> list[Stroke]:
    """Something drawn out of boredom, about `size` pixels wide, its middle at (x, y)."""
    kind = _DOODLES[rng.integers(len(_DOODLES))]
    return kind(rng, x, y, 0.5 * size)


def _spiral(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    rounds = rng.uniform(2, 6)
    angles = np.linspace(0, 2 * math.pi * rounds, int(9 * rounds))
    radii = radius * angles / angles[-1]
    return [_stroke(np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1))]


def _flower(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    petals = int(rng.integers(4, 8))
    angles = np.linspace(0, 2 * math.pi, 8 * petals)
    radii = radius * (0.65 + 0.35 * np.cos(petals * angles)) * rng.normal(1, 0.05, len(angles))
    ring = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)
    heart = Box(x - 0.2 * radius, y - 0.2 * radius, 0.4 * radius, 0.4 * radius)
    stem = [(x, y + radius), (x + rng.normal(0, 0.2) * radius, y + 2 * radius)]
    return [_stroke(ring), *circle(rng, heart), _stroke(stem)]


def _face(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    strokes = circle(rng, Box(x - radius, y - radius, 2 * radius, 2 * radius))
    for side in (-0.35, 0.35):
        eye = np.array([x + side * radius, y - 0.25 * radius])
        strokes.append(_stroke([eye, eye + (0, 0.15 * radius)], 1.3))
    mood = rng.choice((-0.25, 0.3)) * radius
    mouth = y + 0.4 * radius
    return [
        *strokes,
        _stroke([(x - 0.45 * radius, mouth), (x, mouth + mood), (x + 0.45 * radius, mouth)]),
    ]


def _cube(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    side, shift = 1.3 * radius, 0.6 * radius
    square = np.array([(0, 0), (side, 0), (side, side), (0, side), (0, 0)])
    front = square + (x - radius, y - radius)
    back = front + (shift, -shift)
    faces = [_polygon(rng, face, 0.04 * radius) for face in (front, back)]
    return faces + [_stroke([front[i], back[i]]) for i in range(4)]


def _sun(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    disc = Box(x - 0.5 * radius, y - 0.5 * radius, radius, radius)
    angles = np.linspace(0, 2 * math.pi, int(rng.integers(7, 13)), endpoint=False)
    rays = [
        _stroke(
            [
                (x + near * radius * math.cos(a), y + near * radius * math.sin(a))
                for near in (0.75, rng.uniform(1.0, 1.3))
            ]
        )
        for a in angles
    ]
    return circle(rng, disc) + rays


def _hatching(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    lean = rng.normal(0, 0.4) * radius
    return [
        stroke
        for at in np.linspace(-radius, radius, int(rng.integers(4, 12)))
        for stroke in line(rng, (x + at - lean, y - radius), (x + at + lean, y + radius))
    ]


def _heart(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    half = [(0, -0.4), (0.5, -1), (1.1, -0.5), (0.7, 0.3), (0, 1)]
    left = [(-a, b) for a, b in reversed(half)]
    path = np.array(half + left[1:]) + rng.normal(0, 0.05, (9, 2))
    return [_stroke(path * radius + (x, y))]


def _star(rng: Generator, x: float, y: float, radius: float) -> list[Stroke]:
    return star(rng, x, y, 2 * radius)


_DOODLES = (_spiral, _flower, _face, _cube, _sun, _hatching, _heart, _star)


def _polygon(rng: Generator, corners: np.ndarray, wobble: float) -> Stroke:
    points = corners + rng.normal(0, wobble, corners.shape)
    return Stroke(points.astype(np.float32), smooth=False)


def free(points: np.ndarray) -> Stroke:
    """A sweep along points (n, 2)."""
    return _stroke(points)


def _stroke(points, weight: float = 1.0) -> Stroke:
    return Stroke(np.asarray(points, np.float32), weight)
