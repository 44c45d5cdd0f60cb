"""Maps: coasts, rivers, borders, railways, contours, grids, towns, legends, compass roses."""

import math
from collections.abc import Callable

import cv2
import numpy as np

from data.synth import words
from data.synth.content.canvas import Colour, Point, smooth
from data.synth.content.column import Column
from data.synth.content.questions import label, with_gaps
from data.synth.sheet import Box
from data.synth.words import number, pick


def _winding(
    rng: np.random.Generator, box: Box, start: Point, end: Point, wobble: float, count: int = 7
) -> np.ndarray:
    """A soft line from start to end inside a box that strays by `wobble` of its width, (n, 2)."""
    share = np.linspace(0, 1, count)[:, None]
    points = np.asarray(start) + share * (np.asarray(end) - np.asarray(start))
    points[1:-1] += rng.normal(0, wobble * box.width, (count - 2, 2))
    return smooth(np.clip(points, (box.left, box.top), (box.right, box.bottom)))


def _inside(rng: np.random.Generator, box: Box) -> Point:
    share = rng.uniform(0.1, 0.9, 2)
    return box.left + share[0] * box.width, box.top + share[1] * box.height


def _apart(draw: Callable[[], Point], taken: list[Point], distance: float) -> Point:
    """A spot drawn anew, a few times at most, while it is too near to one taken; takes it."""
    for _ in range(8):
        spot = draw()
        if all(math.dist(spot, other) >= distance for other in taken):
            break
    taken.append(spot)
    return spot


def _contours(column: Column, box: Box) -> None:
    """Height lines of two or three random hills, with some heights."""
    rng = column.rng
    columns, rows = 60, max(8, round(60 * box.height / box.width))
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    height = np.zeros((rows, columns), np.float32)
    for _ in range(number(rng, 2, 3)):
        dx = (x - rng.uniform(0.2, 0.8) * columns) / (columns * rng.uniform(0.12, 0.26))
        dy = (y - rng.uniform(0.2, 0.8) * rows) / (rows * rng.uniform(0.15, 0.32))
        height += rng.uniform(0.5, 1.0) * np.exp(-(dx * dx + dy * dy))
    scale = np.array([box.width / (columns - 1), box.height / (rows - 1)])
    for i, level in enumerate(np.linspace(0.15, 0.85, number(rng, 4, 7))):
        shapes, _ = cv2.findContours(
            (height > level).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        for shape in shapes:
            if len(shape) < 8:
                continue
            line = smooth(shape[::3, 0] * scale + (box.left, box.top), closed=True)
            tone = (150, 110, 70) if column.style.accent != column.style.colour else (70, 70, 70)
            column.canvas.path(line, tone, 0.9 * column.style.rule, closed=True)
            if rng.random() < 0.5:
                kind = column.style.body.sized(0.55)
                column.canvas.centred(*line[0], str(100 * (i + 1)), kind, record=False)


def _coast(column: Column, box: Box, tinted: bool) -> None:
    """Land that ends within the map, with strokes or a tint for the sea."""
    rng, canvas, style = column.rng, column.canvas, column.style
    top = (box.left + rng.uniform(0.5, 0.8) * box.width, box.top)
    foot = (box.left + rng.uniform(0.4, 0.9) * box.width, box.bottom)
    shore = _winding(rng, box, top, foot, 0.06, 9)
    sea = np.vstack([shore, (box.right, box.bottom), (box.right, box.top)])
    if tinted:
        canvas.polygon(sea, pick(rng, ((205, 228, 242), (225, 225, 225))))
    canvas.path(shore, style.colour, 1.4 * style.rule)
    if not tinted:
        for y in np.arange(box.top + 0.05 * box.height, box.bottom, 0.06 * box.height):
            x = rng.uniform(0.86, 0.97) * box.width + box.left
            column.line(x, y, x + 0.03 * box.width, y, width=0.7 * style.rule)


def _railway(column: Column, line: np.ndarray) -> None:
    """A black line with white gaps."""
    weight = max(2.0, 0.16 * column.em)
    column.canvas.path(line, column.style.colour, weight)
    for i in range(0, len(line) - 2, 4):
        column.canvas.path(line[i : i + 2], (255, 255, 255), max(1.0, 0.55 * weight))


def _compass(column: Column, x: float, y: float) -> None:
    em, canvas, colour = column.em, column.canvas, column.style.colour
    canvas.polygon([(x, y - em), (x + 0.3 * em, y + 0.6 * em), (x, y + 0.3 * em)], colour)
    shape = [(x, y - em), (x - 0.3 * em, y + 0.6 * em), (x, y + 0.3 * em)]
    canvas.path(shape, colour, column.style.rule, closed=True)
    canvas.centred(x, y - 1.6 * em, pick(column.rng, ("N", "北")), column.style.body.sized(0.8))


def _legend(column: Column, box: Box) -> None:
    em, canvas, style = column.em, column.canvas, column.style
    kind = style.body.sized(0.62)
    high = 3.6 * em
    frame = Box(box.left, box.bottom - high, 5.2 * em, high)
    canvas.rect(frame, style.colour, style.rule, fill=(255, 255, 255))
    entries = ("河流", "铁路", "城市", "国界")
    for i, text in enumerate(entries):
        x, y = frame.left + 0.4 * em, frame.top + (i + 0.5) * high / 4
        if text == "城市":
            canvas.ellipse(x + 0.9 * em, y, 0.2 * em, 0.2 * em, style.colour, style.rule)
        else:
            dash = 0.3 * em if text == "国界" else 0
            weight = style.rule * (2.5 if text == "铁路" else 1)
            column.line(x, y, x + 1.8 * em, y, width=weight, dash=dash)
        canvas.text(x + 2.3 * em, y - 0.31 * em, text, kind)


def sketch_map(column: Column) -> None:
    """A map with a question about it."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    column.flow([*label(column), pick(rng, ("读图，完成下列各题。", "读某地区示意图，回答问题。"))])
    wide = column.width * rng.uniform(0.6, 1.0)
    high = min(wide * rng.uniform(0.5, 0.8), 22 * em)
    box = Box(column.left + (column.width - wide) / 2, column.y + 0.2 * em, wide, high)
    if rng.random() < 0.55:
        _coast(column, box, rng.random() < 0.6)
    if rng.random() < 0.5:
        _contours(column, box)
    if rng.random() < 0.4:
        for share in np.arange(1, 5) / 5:
            x, y = box.left + share * wide, box.top + share * high
            column.line(x, box.top, x, box.bottom, colour=(150, 150, 150), width=1)
            column.line(box.left, y, box.right, y, colour=(150, 150, 150), width=1)
            degrees = f"{number(rng, 5, 150)}°" + pick(rng, ("E", "N"))
            canvas.centred(x, box.top - 0.5 * em, degrees, style.body.sized(0.55), record=False)
    blue: Colour = (70, 130, 190)
    water = blue if style.accent != style.colour else style.colour
    for _ in range(number(rng, 1, 3)):
        mouth = (box.right, _inside(rng, box)[1])
        river = _winding(rng, box, _inside(rng, box), mouth, 0.04)
        canvas.path(river, water, 1.5 * style.rule)
    if rng.random() < 0.6:
        _railway(column, _winding(rng, box, _inside(rng, box), _inside(rng, box), 0.05))
    if rng.random() < 0.5:
        west, south = (box.left, _inside(rng, box)[1]), (_inside(rng, box)[0], box.bottom)
        border = _winding(rng, box, west, south, 0.05)
        for i in range(0, len(border) - 2, 3):
            canvas.path(border[i : i + 2], style.colour, 1.5 * style.rule)
    taken: list[Point] = []
    for i in range(number(rng, 3, 8)):
        x, y = _apart(lambda: _inside(rng, box), taken, 2.5 * em)
        canvas.ellipse(
            x, y, 0.2 * em, 0.2 * em, style.colour, style.rule, fill=pick(rng, (None, style.colour))
        )
        name = pick(rng, words.lines("places")) if rng.random() < 0.6 else "ABCDEFGH"[i]
        canvas.text(x + 0.35 * em, y - 0.4 * em, name, style.body.sized(0.75))
    _compass(column, box.right - 1.2 * em, box.top + 2.4 * em)
    if rng.random() < 0.6 and wide > 11 * em:
        _legend(column, box)
    canvas.rect(box, style.colour, 1.5 * style.rule)
    canvas.figures.append(box)
    column.slot("figure", box)
    column.y = box.bottom + 0.8 * em
    for _ in range(number(rng, 1, 3)):
        question = column.fresh(lambda: words.fill(rng, "geography"))
        column.flow([*label(column), *with_gaps(column, question.text)], indent=1)


def globe(column: Column) -> None:
    """The globe's circles, with named points."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    radius = em * rng.uniform(3, 5)
    x, y = column.left + column.width * rng.uniform(0.35, 0.65), column.y + radius + em
    canvas.ellipse(x, y, radius, radius, style.colour, 1.4 * style.rule)
    for share in (0.3, 0.65):
        canvas.ellipse(x, y, share * radius, radius, style.colour, style.rule)
    for share in (-0.6, -0.3, 0.0, 0.3, 0.6):
        half = radius * np.sqrt(1 - share * share)
        column.line(x - half, y + share * radius, x + half, y + share * radius)
        degrees = f"{abs(round(100 * share))}°"
        canvas.text(
            x + half + 0.3 * em,
            y + share * radius - 0.4 * em,
            degrees,
            style.body.sized(0.7),
            record=False,
        )
    column.line(x, y - 1.2 * radius, x, y + 1.2 * radius, dash=0.3 * em)

    def spot_on_it() -> Point:
        angle = rng.uniform(0, 2 * np.pi)
        return x + 0.7 * radius * np.cos(angle), y + 0.7 * radius * np.sin(angle)

    taken: list[Point] = []
    for letter in "ABC":
        spot = _apart(spot_on_it, taken, 2.5 * em)
        canvas.disc(*spot, 0.13 * em, style.colour)
        canvas.text(spot[0] + 0.2 * em, spot[1] - 0.9 * em, letter, style.body.sized(0.85))
    canvas.figures.append(Box(x - radius, y - radius, 2 * radius, 2 * radius))
    column.y = y + 1.35 * radius
