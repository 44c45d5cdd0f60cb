"""Stationery: ruled, squared and dotted paper, with little or no print."""

import numpy as np

from data.synth import words
from data.synth.content.canvas import Colour
from data.synth.content.column import Column
from data.synth.content.questions import script_for
from data.synth.sheet import Box
from data.synth.words import number, pick

_TONES: tuple[Colour, ...] = (
    (150, 180, 215),
    (175, 175, 175),
    (120, 120, 120),
    (205, 150, 150),
    (150, 190, 160),
    (60, 60, 60),
)


def ruled_page(column: Column) -> None:
    """Lines to the foot of the column, with a margin line, a head line and holes' marks."""
    rng, em, canvas = column.rng, column.em, column.canvas
    tone = pick(rng, _TONES)
    pitch = em * rng.uniform(1.5, 2.3)
    width = max(1.0, column.style.rule * rng.uniform(0.7, 1.2))
    _head(column)
    dash = 0.25 * em if rng.random() < 0.15 else 0
    top = column.y
    while column.y + pitch < column.bottom:
        column.y += pitch
        if column.y - pitch > canvas.height:
            continue
        column.line(
            column.left, column.y, column.right, column.y, colour=tone, width=width, dash=dash
        )
        box = Box(column.left, column.y - pitch, column.width, pitch)
        column.slot("line", box, script=script_for(column), height=0.75 * pitch)
    if rng.random() < 0.4:
        red = pick(rng, ((225, 120, 120), tone))
        x = column.left + rng.uniform(0.06, 0.14) * column.width
        for shift in (0, pick(rng, (0, 3 * width))):
            column.line(x + shift, top, x + shift, column.y, colour=red, width=width)
    column.y = column.bottom


def squared_page(column: Column) -> None:
    """Squares or dots to the foot of the column, for working."""
    rng, em, canvas = column.rng, column.em, column.canvas
    tone = pick(rng, _TONES)
    pitch = em * rng.uniform(0.7, 1.5)
    _head(column)
    top, foot = column.y, min(column.bottom, canvas.height + pitch)
    foot = top + max(1, int((foot - top) / pitch)) * pitch
    right = column.left + max(1, int(column.width / pitch)) * pitch
    xs, ys = np.arange(column.left, right + 1, pitch), np.arange(top, foot + 1, pitch)
    if rng.random() < 0.35:
        radius = max(0.8, 0.05 * em)
        for y in ys:
            for x in xs:
                canvas.disc(x, y, radius, tone)
    else:
        for y in ys:
            column.line(column.left, y, right, y, colour=tone, width=1)
        for x in xs:
            column.line(x, top, x, foot, colour=tone, width=1)
    _working(column, top, foot)
    column.y = column.bottom


def plain_page(column: Column) -> None:
    """Bare paper, at times framed: a rough sheet or an answer sheet."""
    rng, em = column.rng, column.em
    _head(column)
    if rng.random() < 0.5:
        frame = Box(column.left, column.y, column.width, column.bottom - column.y)
        corner = pick(rng, (0, 0, 0.6)) * em
        column.canvas.rect(frame, column.style.accent, column.style.rule, corner=corner)
    _working(column, column.y, min(column.bottom, column.canvas.height))
    column.y = column.bottom


def _working(column: Column, top: float, foot: float) -> None:
    """Slots for working all over an empty stretch of page."""
    rng, em = column.rng, column.em
    while top < foot - 2 * em:
        height = min(foot - top, em * rng.uniform(4, 12))
        box = Box(column.left + em, top, max(em, column.width - 2 * em), height)
        column.slot("work", box, script=script_for(column), height=em * rng.uniform(0.9, 1.3))
        top += height


def _head(column: Column) -> None:
    """Date, number and subject lines at the head of a notebook page, or a printed motto."""
    rng, em, style = column.rng, column.em, column.style
    form = rng.random()
    if form < 0.4:
        names = pick(rng, (("Date:", "No."), ("日期：", "页码："), ("课题：", "日期：")))
        for i, name in enumerate(names):
            end = column.text(column.left + i * 0.6 * column.width, column.y, name, 0.85)
            foot = column.y + em
            column.line(end, foot, end + 4 * em, foot)
            column.slot("name", Box(end, column.y, 4 * em, em), script="math")
        column.skip(1.8)
    elif form < 0.65:
        text = pick(rng, words.lines("titles"))
        column.canvas.text(column.left, column.y, text, style.heading)
        column.skip(1.9)
    elif form < 0.8:
        column.text(column.left, column.y, words.en_sentence(rng)[:40], 0.7)
        column.skip(number(rng, 1, 2))
