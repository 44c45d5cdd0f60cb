"""Figures of geometry: triangles, circles, solids, angles, function graphs, with their labels."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.synth import words
from data.synth.content.canvas import Canvas, Colour, Point, Type
from data.synth.content.column import Column
from data.synth.content.questions import label, marked, work_space
from data.synth.sheet import Box, Slot
from data.synth.words import number, pick


@dataclass
class Diagram:
    """A pen for a diagram in a box; positions are shares of the box, (0, 0) its top left.

    kind: of the labels; width: of lines in pixels.
    """

    canvas: Canvas
    box: Box
    rng: np.random.Generator
    kind: Type
    width: float
    colour: Colour

    def at(self, u: float, v: float) -> Point:
        return self.box.left + u * self.box.width, self.box.top + v * self.box.height

    def line(self, *points: Point, dash: bool = False, closed: bool = False) -> None:
        ends = [self.at(*point) for point in points]
        if closed:
            ends.append(ends[0])
        if not dash:
            self.canvas.path(ends, self.colour, self.width)
            return
        for (x0, y0), (x1, y1) in zip(ends, ends[1:], strict=False):
            self.canvas.line(x0, y0, x1, y1, self.colour, self.width, 0.3 * self.kind.size)

    def circle(self, u: float, v: float, radius: float, **options) -> None:
        """A circle; its radius is a share of the box's height."""
        size = radius * self.box.height
        self.canvas.ellipse(*self.at(u, v), size, size, self.colour, self.width, **options)

    def oval(self, u: float, v: float, across: float, down: float, **options) -> None:
        across, down = across * self.box.width, down * self.box.height
        self.canvas.ellipse(*self.at(u, v), across, down, self.colour, self.width, **options)

    def dot(self, u: float, v: float) -> None:
        self.canvas.disc(*self.at(u, v), 0.11 * self.kind.size, self.colour)

    def arrow(self, start: Point, end: Point) -> None:
        ends = (*self.at(*start), *self.at(*end))
        self.canvas.arrow(*ends, self.colour, self.width, 0.45 * self.kind.size)

    def name(self, u: float, v: float, text: str, away: Point = (0.5, 0.5)) -> None:
        """Label the point (u, v), on its side that faces away from the point `away`."""
        du, dv = (u - away[0]) * self.box.width, (v - away[1]) * self.box.height
        length = math.hypot(du, dv) or 1.0
        reach = 0.65 * self.kind.size
        x, y = self.at(u, v)
        self.canvas.centred(x + reach * du / length, y + reach * dv / length, text, self.kind)

    def right_angle(self, corner: Point, one: Point, other: Point) -> None:
        """A small square at `corner` between the directions of two points."""
        (x, y), size = self.at(*corner), 0.35 * self.kind.size
        steps = []
        for u, v in (one, other):
            a, b = self.at(u, v)
            length = math.hypot(a - x, b - y) or 1.0
            steps.append(((a - x) * size / length, (b - y) * size / length))
        (ax, ay), (bx, by) = steps
        path = [(x + ax, y + ay), (x + ax + bx, y + ay + by), (x + bx, y + by)]
        self.canvas.path(path, self.colour, self.width)


def triangle(d: Diagram) -> None:
    apex = (d.rng.uniform(0.15, 0.85), 0.05)
    left, right = (0.05, 0.92), (0.95, 0.92)
    corners = (apex, left, right)
    d.line(*corners, closed=True)
    for point, letter in zip(corners, "ABC", strict=True):
        d.name(*point, letter, away=(0.5, 0.6))
    form = d.rng.random()
    foot = (apex[0], 0.92)
    if form < 0.3:
        d.line(apex, foot, dash=d.rng.random() < 0.6)
        d.right_angle(foot, apex, right)
        d.name(*foot, "D", away=apex)
    elif form < 0.6:
        share = d.rng.uniform(0.3, 0.7)
        on_left = (apex[0] + (left[0] - apex[0]) * share, apex[1] + 0.87 * share)
        on_right = (apex[0] + (right[0] - apex[0]) * share, apex[1] + 0.87 * share)
        d.line(on_left, on_right)
        d.name(*on_left, "D", away=on_right)
        d.name(*on_right, "E", away=on_left)
    elif form < 0.8:
        middle = ((left[0] + right[0]) / 2, 0.92)
        d.line(apex, middle)
        d.name(*middle, "M", away=apex)
    elif d.rng.random() < 0.6:
        d.name(0.5, 0.92, f"{number(d.rng, 3, 20)}cm", away=apex)


def right_triangle(d: Diagram) -> None:
    corner, top, side = (0.08, 0.9), (0.08, 0.08), (0.94, 0.9)
    d.line(top, corner, side, closed=True)
    d.right_angle(corner, top, side)
    for point, letter in zip((top, corner, side), pick(d.rng, ("ACB", "ABC", "PQR")), strict=True):
        d.name(*point, letter, away=(0.35, 0.6))
    if d.rng.random() < 0.6:
        d.name(0.08, 0.5, str(number(d.rng, 3, 12)), away=(0.9, 0.5))
        d.name(0.5, 0.9, str(number(d.rng, 3, 12)), away=(0.5, 0.1))


def circle(d: Diagram) -> None:
    ratio = d.box.height / d.box.width
    radius = 0.44
    d.circle(0.5, 0.5, radius)
    d.dot(0.5, 0.5)
    d.name(0.5, 0.5, "O", away=(0.6, 0.3))
    count = number(d.rng, 2, 4)
    steps = 0.7 + d.rng.random(count)  # no two points so close that their letters touch
    angles = d.rng.uniform(0, 2 * math.pi) + 2 * math.pi * steps.cumsum() / steps.sum()
    on_rim = [(0.5 + radius * ratio * math.cos(a), 0.5 + radius * math.sin(a)) for a in angles]
    d.line(*on_rim, closed=len(on_rim) > 2)
    for point, letter in zip(on_rim, "ABCD", strict=False):
        d.name(*point, letter)
        if d.rng.random() < 0.4:
            d.line((0.5, 0.5), point)


def quadrilateral(d: Diagram) -> None:
    lean = d.rng.uniform(0, 0.28)
    narrow = pick(d.rng, (0.0, 0.0, d.rng.uniform(0.05, 0.2)))
    corners = ((lean, 0.12), (0.95 - narrow, 0.12), (0.95 - lean + narrow, 0.9), (0.05, 0.9))
    d.line(*corners, closed=True)
    for point, letter in zip(corners, "ADCB", strict=True):
        d.name(*point, letter)
    if d.rng.random() < 0.5:
        d.line(corners[0], corners[2])
        d.line(corners[1], corners[3])
    elif d.rng.random() < 0.5:
        d.line(corners[0], (lean, 0.9), dash=True)
        d.right_angle((lean, 0.9), corners[0], corners[2])


def angle(d: Diagram) -> None:
    vertex, turn = (0.15, 0.85), math.radians(d.rng.uniform(20, 80))
    ratio = d.box.height / d.box.width
    end = (0.15 + 0.8 * ratio * math.cos(turn), 0.85 - 0.8 * math.sin(turn))
    d.line(vertex, (0.95, 0.85))
    d.line(vertex, end)
    d.circle(*vertex, 0.18, start=-math.degrees(turn), end=0)
    d.name(*vertex, "O", away=(0.9, 0.5))
    d.name(0.95, 0.85, "B", away=vertex)
    d.name(*end, "A", away=vertex)
    d.name(0.3, 0.74, str(number(d.rng, 1, 3)), away=(0.1, 0.8))


def parallels(d: Diagram) -> None:
    d.line((0.05, 0.3), (0.95, 0.3))
    d.line((0.05, 0.72), (0.95, 0.72))
    top, low = d.rng.uniform(0.4, 0.7), d.rng.uniform(0.2, 0.5)
    d.line((top + 0.1, 0.05), (low - 0.08, 0.97))
    for u, v, letter in ((0.05, 0.3, "A"), (0.95, 0.3, "B"), (0.05, 0.72, "C"), (0.95, 0.72, "D")):
        d.name(u, v, letter, away=(0.5, v))
    for u, v, figure in ((top + 0.1, 0.38, "1"), (low + 0.12, 0.64, "2"), (low - 0.06, 0.8, "3")):
        d.canvas.centred(*d.at(u, v), figure, d.kind.sized(0.85))


def cuboid(d: Diagram) -> None:
    depth, rise = 0.24, 0.26
    front = ((0.04, rise), (0.72, rise), (0.72, 0.94), (0.04, 0.94))
    back = [(u + depth, v - rise + 0.04) for u, v in front]
    d.line(*front, closed=True)
    d.line(front[0], back[0], back[1], front[1])
    d.line(back[1], back[2], front[2])
    if d.rng.random() < 0.75:
        for point in (back[0], back[2], front[3]):
            d.line(back[3], point, dash=True)
    if d.rng.random() < 0.5:
        d.name(0.38, 0.94, f"{number(d.rng, 3, 20)}cm", away=(0.38, 0.0))
        d.name(0.84, 0.86, f"{number(d.rng, 2, 9)}cm", away=(0.3, 0.5))


def round_solid(d: Diagram) -> None:
    """A cylinder or a cone."""
    d.oval(0.5, 0.86, 0.36, 0.1, start=0, end=180)
    if d.rng.random() < 0.5:
        d.oval(0.5, 0.14, 0.36, 0.1)
        d.line((0.14, 0.14), (0.14, 0.86))
        d.line((0.86, 0.14), (0.86, 0.86))
    else:
        d.line((0.14, 0.86), (0.5, 0.04), (0.86, 0.86))
        d.line((0.5, 0.04), (0.5, 0.86), dash=True)
    steps = np.radians(np.linspace(180, 360, 13))
    rim = [(0.5 + 0.36 * math.cos(a), 0.86 + 0.1 * math.sin(a)) for a in steps]
    for start in range(0, 12, 2):  # the hidden half of the base
        d.line(rim[start], rim[start + 1])
    d.dot(0.5, 0.86)
    d.line((0.5, 0.86), (0.86, 0.86))
    d.name(0.68, 0.86, pick(d.rng, ("r", "3", "5cm")), away=(0.68, 0.0))


def axes(d: Diagram) -> None:
    """Coordinate axes with a straight line, a parabola, a hyperbola or a wave."""
    u0, v0 = d.rng.uniform(0.3, 0.55), d.rng.uniform(0.5, 0.7)
    if d.rng.random() < 0.35:
        pale = (205, 205, 205)
        for share in np.linspace(0.05, 0.95, 11):
            d.canvas.line(*d.at(share, 0.05), *d.at(share, 0.95), pale, 1)
            d.canvas.line(*d.at(0.05, share), *d.at(0.95, share), pale, 1)
    d.arrow((0.0, v0), (1.0, v0))
    d.arrow((u0, 1.0), (u0, 0.0))
    d.name(0.97, v0, "x", away=(0.97, 0.0))
    d.name(u0, 0.04, "y", away=(1.0, 0.04))
    d.name(u0, v0, "O", away=(u0 + 0.1, v0 - 0.1))
    for share in np.arange(-3, 5):
        u = u0 + 0.11 * share
        if share and 0.02 < u < 0.93:
            d.line((u, v0), (u, v0 - 0.025))
            if d.rng.random() < 0.6 and share != -1:  # where the O is
                x, y = d.at(u, v0)
                d.canvas.centred(x, y + 0.45 * d.kind.size, str(share), d.kind.sized(0.62), False)
    u = np.linspace(0.04, 0.95, 60)
    x = (u - u0) * 9
    slope, lift = d.rng.uniform(-1.4, 1.4), d.rng.uniform(-2, 3)
    curves = (
        slope * x + lift,
        0.4 * np.sign(slope) * (x - slope) ** 2 - lift,
        3 / np.where(np.abs(x) < 0.3, np.nan, x),
        1.6 * np.sin(1.3 * x + lift),
    )
    v = v0 - pick(d.rng, curves) / 9
    shown = (v > 0.03) & (v < 0.97)
    for part in np.split(np.arange(60), np.flatnonzero(~shown)):
        part = part[shown[part]]
        if len(part) > 1:
            d.line(*zip(u[part], v[part], strict=True))


def overlapping(d: Diagram) -> None:
    """Two figures of which a part is hatched, to find its area."""
    d.line((0.04, 0.1), (0.7, 0.1), (0.7, 0.92), (0.04, 0.92), closed=True)
    d.circle(0.7, 0.5, 0.38)
    for share in np.arange(0.06, 1.3, 0.08):
        d.line(
            (0.04 + max(0.0, share - 0.82) * 0.8, min(0.92, 0.1 + share)),
            (min(0.7, 0.04 + share * 0.8), 0.1 + max(0.0, share - 0.82)),
        )
    d.name(0.37, 0.92, f"{number(d.rng, 4, 12)}dm", away=(0.37, 0.0))


FIGURES: tuple[Callable[[Diagram], None], ...] = (
    triangle,
    triangle,
    right_triangle,
    circle,
    circle,
    quadrilateral,
    angle,
    parallels,
    cuboid,
    round_solid,
    axes,
    axes,
    overlapping,
)


def draw_figure(column: Column, box: Box, figure: Callable[[Diagram], None]) -> None:
    """Draw a diagram into a box and record it."""
    style = column.style
    size = min(style.em, max(7.0, 0.17 * box.height))
    kind = style.body.sized(size / style.em)
    diagram = Diagram(column.canvas, box, column.rng, kind, style.rule, style.colour)
    figure(diagram)
    column.canvas.figures.append(box)


def figure_question(column: Column, figures=FIGURES) -> None:
    """A question with a diagram beside or below it."""
    rng, em, style = column.rng, column.em, column.style
    height = em * rng.uniform(4.5, 8.5)
    wide = min(height * rng.uniform(1.0, 1.5), 0.85 * column.width)
    text = column.fresh(lambda: pick(rng, words.by_subject("open", 1, style.subject))[0])
    beside = column.width > wide + 14 * em and rng.random() < 0.65
    top = column.y
    words_width = column.width - wide - 2 * em if beside else column.width
    part = column.inset(0, words_width)
    text = text if text.startswith("如图") else "如图，" + text
    part.flow([*label(column), *marked(column, text)], indent=1.2)
    if beside:
        left = column.right - wide - em
        box = Box(left, top + em, wide, height)
        work_space(part, max(2.0, (height - (part.y - top)) / em))
    else:
        left = column.left + rng.uniform(0.05, 0.95) * (column.width - wide)
        box = Box(left, part.y + 0.8 * em, wide, height)
    draw_figure(column, box, pick(rng, figures))
    column.canvas.slots.append(Slot("figure", box, script="math"))
    if rng.random() < 0.5:
        caption = pick(rng, ("图{}", "(第{}题图)", "题{}图", "（图{}）")).format(column.question)
        kind = style.body.sized(0.8)
        middle = box.left + wide / 2
        column.canvas.centred(middle, box.bottom + 1.3 * em, caption, kind)
    column.y = max(part.y, box.bottom + 2 * em)


def figure_row(column: Column, figures=FIGURES) -> None:
    """A row of diagrams with captions, as options or to compare."""
    rng, em = column.rng, column.em
    count = max(1, min(number(rng, 2, 4), int(column.width / (6 * em))))
    step = column.width / count
    height = min(em * rng.uniform(4, 6), 0.8 * step)
    column.flow([*label(column), pick(rng, ("看图回答。", "下面各图中，哪一个符合要求？"))])
    column.skip(0.6)
    form = pick(rng, ("{}", "({})", "图{}", "{}."))
    letters = "ABCD" if rng.random() < 0.6 else "1234"
    for i in range(count):
        box = Box(column.left + (i + 0.14) * step, column.y, 0.72 * step, height)
        draw_figure(column, box, pick(rng, figures))
        caption = form.format(letters[i])
        middle, below = box.left + 0.5 * box.width, box.bottom + 1.5 * em
        column.canvas.centred(middle, below, caption, column.style.body)
        option = Box(middle - 0.5 * em, below - 0.5 * em, em, em)
        column.slot("option", option, script="latin")
    column.y += height + 2.6 * em
