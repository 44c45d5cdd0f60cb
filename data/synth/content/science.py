"""Sketches for physics, chemistry and biology, and the questions around them."""

import math

import numpy as np

from data.synth import words
from data.synth.content.column import Column
from data.synth.content.geometry import Diagram
from data.synth.content.pieces import Run, Space
from data.synth.content.questions import chemistry, label, sub_label, with_gaps, work_space
from data.synth.words import number, pick


def _resistor(d: Diagram, u: float, v: float, text: str) -> None:
    x, y = d.at(u, v)
    size = d.kind.size
    corners = [
        (x - size, y - 0.3 * size),
        (x + size, y - 0.3 * size),
        (x + size, y + 0.3 * size),
        (x - size, y + 0.3 * size),
    ]
    d.canvas.polygon(corners, (255, 255, 255))
    d.canvas.path(corners, d.colour, d.width, closed=True)
    d.canvas.text(x - 0.6 * size, y - 1.5 * size, text[0], d.kind)
    d.canvas.text(x, y - 0.9 * size, text[1:], d.kind.sized(0.6), record=False)


def _meter(d: Diagram, u: float, v: float, text: str) -> None:
    """A meter or a lamp: a letter or a cross in a ring."""
    x, y = d.at(u, v)
    size = 0.75 * d.kind.size
    d.canvas.disc(x, y, size, (255, 255, 255))
    d.canvas.ellipse(x, y, size, size, d.colour, d.width)
    if text != "X":
        d.canvas.centred(x, y, text, d.kind)
        return
    for turn in (0.25, 0.75):
        c, s = size * math.cos(turn * math.pi), size * math.sin(turn * math.pi)
        d.canvas.path([(x - c, y - s), (x + c, y + s)], d.colour, d.width)


def _cell(d: Diagram, u: float, v: float) -> None:
    x, y = d.at(u, v)
    size = d.kind.size
    gap = 0.22 * size
    d.canvas.polygon(
        [(x - gap, y - size), (x + gap, y - size), (x + gap, y + size), (x - gap, y + size)],
        (255, 255, 255),
    )
    for side, half, weight in ((-gap, 0.8, 1.0), (gap, 0.42, 2.2)):
        ends = [(x + side, y - half * size), (x + side, y + half * size)]
        d.canvas.path(ends, d.colour, d.width * weight)


def _switch(d: Diagram, u: float, v: float) -> None:
    x, y = d.at(u, v)
    size = d.kind.size
    d.canvas.polygon(
        [
            (x - size, y - 0.2 * size),
            (x + size, y - 0.2 * size),
            (x + size, y + 0.2 * size),
            (x - size, y + 0.2 * size),
        ],
        (255, 255, 255),
    )
    d.canvas.path([(x - size, y), (x + 0.8 * size, y - 0.7 * size)], d.colour, d.width)
    for side in (-size, size):
        d.canvas.disc(x + side, y, 0.13 * size, d.colour)
    d.canvas.centred(x, y + 0.8 * size, "S", d.kind)


def circuit(d: Diagram) -> None:
    """A loop with a cell, a switch, and resistors, lamps or meters, at times in parallel."""
    d.line((0.08, 0.2), (0.92, 0.2), (0.92, 0.86), (0.08, 0.86), closed=True)
    parallel = d.rng.random() < 0.6
    if parallel:
        d.line((0.08, 0.52), (0.92, 0.52))
        for u in (0.08, 0.92):
            d.dot(u, 0.52)
        _resistor(d, 0.5, 0.52, "R2")
    _resistor(d, 0.36 if parallel else 0.28, 0.2, "R1")
    part = pick(d.rng, ("A", "X", "V", "L"))
    _meter(d, 0.7, 0.2, part)
    _cell(d, 0.3, 0.86)
    _switch(d, 0.68, 0.86)
    if d.rng.random() < 0.5:
        _meter(d, 0.92, 0.36, pick(d.rng, ("A", "V", "X")))


def flask(d: Diagram) -> None:
    """A conical flask with a funnel and a tube into a jar under water."""
    d.line((0.16, 0.3), (0.16, 0.45), (0.03, 0.86), (0.37, 0.86), (0.24, 0.45), (0.24, 0.3))
    d.line((0.06, 0.76), (0.34, 0.76))
    for u in np.arange(0.07, 0.34, 0.05):
        d.line((u, 0.8 + 0.03 * ((u * 20) % 2)), (u + 0.03, 0.8 + 0.03 * ((u * 20) % 2)))
    d.line((0.14, 0.24), (0.26, 0.24), (0.25, 0.34), (0.15, 0.34), closed=True)
    d.line((0.2, 0.42), (0.2, 0.12), (0.52, 0.12), (0.52, 0.9), (0.66, 0.9), (0.66, 0.8))
    d.line((0.45, 0.62), (0.45, 0.97), (0.97, 0.97), (0.97, 0.62))
    d.line((0.45, 0.7), (0.97, 0.7), dash=True)
    d.line((0.6, 0.84), (0.6, 0.36), (0.76, 0.36), (0.76, 0.84))
    for v in (0.56, 0.66, 0.74):
        d.circle(0.67 + d.rng.uniform(-0.04, 0.04), v, 0.02)
    d.line((0.31, 0.6), (0.4, 0.52))
    d.name(0.4, 0.52, pick(d.rng, "ABa①"), away=(0.2, 0.7))


def burner(d: Diagram) -> None:
    """A test tube held over a spirit lamp, on a stand."""
    d.line((0.04, 0.96), (0.5, 0.96))
    d.line((0.12, 0.96), (0.12, 0.04))
    d.line((0.12, 0.28), (0.4, 0.28))
    d.line((0.28, 0.2), (0.78, 0.36))
    d.line((0.26, 0.28), (0.76, 0.44))
    d.circle(0.27, 0.24, 0.045, start=90, end=270)
    for u in (0.34, 0.4, 0.46):
        d.dot(u, 0.29 + (u - 0.34) * 0.3)
    d.oval(0.5, 0.84, 0.13, 0.1)
    d.line((0.46, 0.75), (0.46, 0.68), (0.54, 0.68), (0.54, 0.75))
    flame = [(0.5, 0.66), (0.45, 0.58), (0.5, 0.46), (0.55, 0.58), (0.5, 0.66)]
    d.line(*flame)
    d.line((0.76, 0.4), (0.92, 0.46), (0.92, 0.9))
    d.line((0.62, 0.84), (0.8, 0.78))
    d.name(0.8, 0.78, "酒精灯", away=(0.5, 0.9))


def forces(d: Diagram) -> None:
    """A block on a slope or hung from a spring, with arrows."""
    if d.rng.random() < 0.5:
        d.line((0.04, 0.92), (0.96, 0.92), (0.96, 0.4), closed=True)
        d.line((0.46, 0.69), (0.62, 0.6), (0.58, 0.42), (0.42, 0.51), closed=True)
        d.arrow((0.52, 0.56), (0.52, 0.96))
        d.name(0.52, 0.96, "G", away=(0.52, 0.0))
        d.arrow((0.52, 0.56), (0.42, 0.2))
        d.name(0.42, 0.2, "F", away=(0.52, 0.8))
        return
    d.line((0.2, 0.06), (0.8, 0.06))
    for u in np.arange(0.22, 0.8, 0.07):
        d.line((u, 0.06), (u + 0.05, 0.0))
    coil = [(0.5, 0.06)] + [(0.5 + 0.06 * (-1) ** i, 0.12 + 0.045 * i) for i in range(8)]
    d.line(*coil, (0.5, 0.5))
    d.line((0.38, 0.5), (0.62, 0.5), (0.62, 0.72), (0.38, 0.72), closed=True)
    d.arrow((0.5, 0.61), (0.5, 0.96))
    d.name(0.5, 0.9, "G", away=(0.2, 0.9))


def lens(d: Diagram) -> None:
    """Rays through a lens, with its foci."""
    d.line((0.02, 0.5), (0.98, 0.5), dash=True)
    d.oval(0.5, 0.5, 0.05, 0.4)
    d.arrow((0.15, 0.5), (0.15, 0.2))
    d.line((0.15, 0.2), (0.5, 0.2), (0.95, 0.8))
    d.line((0.15, 0.2), (0.5, 0.5), (0.95, 0.88))
    for u in (0.28, 0.72):
        d.dot(u, 0.5)
        d.name(u, 0.5, "F", away=(u, 0.2))
    d.name(0.5, 0.5, "O", away=(0.6, 0.3))


def living_cell(d: Diagram) -> None:
    """A plant cell with parts to name."""
    d.oval(0.36, 0.5, 0.33, 0.44)
    d.oval(0.36, 0.5, 0.3, 0.4)
    d.oval(0.3, 0.42, 0.09, 0.12, fill=(205, 205, 205))
    d.oval(0.44, 0.62, 0.14, 0.16)
    for angle in range(0, 360, 45):
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        d.oval(0.36 + 0.24 * c, 0.5 + 0.32 * s, 0.03, 0.035)
    for i, (u, v) in enumerate(((0.66, 0.36), (0.34, 0.42), (0.5, 0.62))):
        end = (0.9, 0.25 + 0.24 * i)
        d.line((u, v), end)
        d.name(*end, f"({i + 1})" if d.rng.random() < 0.5 else "abc"[i], away=(0.5, end[1]))


def molecule(d: Diagram) -> None:
    """Atoms as discs of several sizes, or a ring of carbon."""
    if d.rng.random() < 0.5:
        angles = np.pi * np.arange(6) / 3 + np.pi / 6
        ratio = d.box.height / d.box.width
        ring = [(0.5 + 0.3 * ratio * math.cos(a), 0.5 + 0.3 * math.sin(a)) for a in angles]
        d.line(*ring, closed=True)
        d.circle(0.5, 0.5, 0.18)
        d.line(ring[5], (ring[5][0] + 0.14, ring[5][1] - 0.14))
        d.name(ring[5][0] + 0.14, ring[5][1] - 0.14, pick(d.rng, ("OH", "CH3", "NO2")), ring[2])
        return
    for u in (0.2, 0.5, 0.8):
        tone = (150, 150, 150) if d.rng.random() < 0.5 else None
        d.circle(u - 0.06, 0.4, 0.09)
        d.circle(u + 0.06, 0.4, 0.09)
        d.circle(u, 0.56, 0.15, fill=tone)


def food_chain(d: Diagram) -> None:
    """Names joined by arrows."""
    names = words.sample(d.rng, ("草", "兔", "狐", "鹰", "蛇", "蛙", "鼠", "虫", "鸟"), 5)
    spots = ((0.1, 0.5), (0.4, 0.2), (0.4, 0.8), (0.7, 0.5), (0.94, 0.2))
    for (u, v), name in zip(spots, names, strict=True):
        d.canvas.centred(*d.at(u, v), name, d.kind)
    for i, j in ((0, 1), (0, 2), (1, 3), (2, 3), (1, 4), (3, 4)):
        (a, b), (c, e) = spots[i], spots[j]
        d.arrow((a + 0.25 * (c - a), b + 0.25 * (e - b)), (a + 0.75 * (c - a), b + 0.75 * (e - b)))


FIGURES = (circuit, circuit, flask, burner, forces, lens, living_cell, molecule, food_chain)


def reactions(column: Column) -> None:
    """Chemical equations to complete, with arrows, conditions and small figures."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    equations = (
        ("2H2O", "通电", "2H2↑", "O2↑"),
        ("CaCO3", "高温", "CaO", "CO2↑"),
        ("2KClO3", "MnO2", "2KCl", "3O2↑"),
        ("4P+5O2", "点燃", "2P2O5", ""),
        ("Fe+CuSO4", "", "FeSO4", "Cu"),
        ("C+O2", "点燃", "CO2", ""),
    )
    for left, condition, right, more in words.sample(rng, equations, number(rng, 1, 3)):
        line = column.inset(0, column.width)
        pieces = [*label(column), *chemistry(left)]
        x = column.left + sum(p.width(canvas, style) for p in pieces) + 0.3 * em
        y = column.y + 0.3 * em
        line.y = y
        line.flow(pieces)
        for rise in (0.45, 0.6):
            column.line(x, y + rise * em, x + 2.6 * em, y + rise * em)
        if condition:
            canvas.centred(x + 1.3 * em, y + 0.1 * em, condition, style.body.sized(0.62))
        rest = column.inset(x - column.left + 3 * em, column.right - x - 3 * em)
        rest.y = y
        if more and rng.random() < 0.5:
            rest.flow(with_gaps(column, f"{right}+{{{more}}}"))
        else:
            rest.flow(chemistry(f"{right}+{more}" if more else right))
        column.y = max(line.y, rest.y)


def experiment(column: Column) -> None:
    """Steps of an experiment with gaps, bullets or ringed numbers."""
    rng = column.rng
    column.flow([*label(column), "某小组做了下面的实验，请补充完整："], indent=1.2)
    for i in range(number(rng, 2, 4)):
        text = column.fresh(lambda: words.fill(rng, column.style.subject)).text
        column.flow([Space(1), *sub_label(column, i), *with_gaps(column, text)], indent=2)
    if rng.random() < 0.5:
        column.flow([Space(1), Run("实验结论：", column.style.heading.sized(0.9))])
        work_space(column, rng.uniform(1.5, 4))
