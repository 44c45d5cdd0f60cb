"""Music: staves with notes, numbered notation, rhythm exercises, piano keys."""

import numpy as np

from data.synth import words
from data.synth.content.canvas import Canvas, Colour, smooth
from data.synth.content.column import Column
from data.synth.content.pieces import Gap, Run, Space
from data.synth.content.questions import label
from data.synth.sheet import Box
from data.synth.words import number, pick


def _clef(canvas: Canvas, x: float, top: float, space: float, colour: Colour, weight: float):
    """A treble clef on a staff whose lines are `space` apart, its first line at `top`."""
    curl = [
        (0.9, 3.1),
        (0.3, 2.6),
        (0.6, 2.1),
        (1.5, 2.3),
        (1.7, 3.2),
        (0.9, 4.0),
        (-0.1, 3.4),
        (0.0, 2.2),
        (1.0, 1.1),
        (1.5, 0.2),
        (1.3, -0.9),
        (0.8, -0.6),
        (0.7, 0.6),
        (1.1, 3.0),
        (1.3, 4.9),
        (0.9, 5.5),
        (0.5, 5.1),
    ]
    path = smooth(np.array(curl) * space + (x, top))
    canvas.path(path, colour, max(1.0, weight))
    canvas.disc(x + 0.6 * space, top + 5.1 * space, 0.3 * space, colour)


def _bass_clef(canvas: Canvas, x: float, top: float, space: float, colour: Colour, weight: float):
    curl = [(0.2, 1.2), (0.3, 0.4), (1.1, 0.1), (1.8, 0.8), (1.6, 2.0), (0.2, 3.2)]
    canvas.path(smooth(np.array(curl) * space + (x, top)), colour, max(1.0, 1.4 * weight))
    canvas.disc(x + 0.4 * space, top + 1.1 * space, 0.32 * space, colour)
    for y in (0.6, 1.5):
        canvas.disc(x + 2.3 * space, top + y * space, 0.16 * space, colour)


def _note(column: Column, x: float, top: float, step: int, space: float, length: int) -> None:
    """A note; step: half spaces above the lowest line; length: 1, 2, 4 or 8 (parts of a whole)."""
    canvas, colour, rule = column.canvas, column.style.colour, column.style.rule
    y = top + 4 * space - step * space / 2
    filled = colour if length >= 4 else None
    canvas.ellipse(x, y, 0.62 * space, 0.44 * space, colour, 1.4 * rule, filled, turn=-20)
    for ledger in range(-2, step - 1 if step < 0 else -2, -2):
        rise = top + 4 * space - ledger * space / 2
        column.line(x - space, rise, x + space, rise)
    for ledger in range(10, step + 1, 2):
        rise = top + 4 * space - ledger * space / 2
        column.line(x - space, rise, x + space, rise)
    if length == 1:
        return
    up = step < 4
    side = 0.56 * space if up else -0.56 * space
    end = y - 3.2 * space if up else y + 3.2 * space
    column.line(x + side, y, x + side, end)
    if length == 8:
        fall = 1.0 if up else -1.0
        flag = [
            (x + side, end),
            (x + side + 0.3 * space, end + fall * 0.8 * space),
            (x + side + space, end + fall * 1.3 * space),
            (x + side + 0.7 * space, end + fall * 2.3 * space),
        ]
        canvas.path(smooth(flag), colour, 1.5 * rule)


def staff(column: Column) -> None:
    """Staves with clef, time, bars of notes and, at times, a line of words below."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    space = em * rng.uniform(0.36, 0.5)
    sung = rng.random() < 0.5
    lyrics = pick(rng, words.lines("songs"))
    for _ in range(number(rng, 1, 4)):
        top = column.y + 2.2 * space
        for i in range(5):
            y = top + i * space
            column.line(column.left, y, column.right, y, width=max(1.0, 0.8 * style.rule))
        draw = _clef if rng.random() < 0.8 else _bass_clef
        draw(canvas, column.left + 0.7 * space, top, space, style.colour, style.rule)
        figures = style.heading.sized(2.1 * space / style.heading.size)
        x = column.left + 4.4 * space
        beats = pick(rng, (2, 3, 4))
        canvas.centred(x, top + space, str(beats), figures, record=False)
        canvas.centred(x, top + 3 * space, "4", figures, record=False)
        if rng.random() < 0.4:
            sign = [(x + 1.6 * space, top), (x + 1.6 * space, top + 1.6 * space)]
            column.path(sign)
            canvas.ellipse(
                x + 1.9 * space,
                top + 1.3 * space,
                0.35 * space,
                0.3 * space,
                style.colour,
                style.rule,
            )
        x += 3.6 * space
        step, count, empty = number(rng, 0, 8), 0, rng.random() < 0.15
        pitch = space * rng.uniform(2.6, 4.0)
        while x < column.right - 1.5 * pitch:
            if not empty:
                step = int(np.clip(step + number(rng, -3, 3), -2, 10))
                _note(column, x, top, step, space, pick(rng, (2, 4, 4, 4, 8)))
                if sung:
                    char = lyrics[count % len(lyrics)]
                    canvas.centred(x, top + 6.6 * space, char, style.body.sized(0.85))
            count += 1
            x += pitch
            if count % beats == 0:
                column.line(x, top, x, top + 4 * space)
                x += 0.7 * pitch
        column.line(column.right, top, column.right, top + 4 * space, width=2 * style.rule)
        box = Box(column.left, top, column.width, 4 * space)
        canvas.figures.append(box)
        if empty:
            column.slot("figure", box, script="latin")
        column.y = top + (8.2 if sung else 6.4) * space


def numbered(column: Column) -> None:
    """Numbered notation (简谱): figures with dots and underlines, bars, and words below."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    tempo = pick(rng, ("中速", "稍快", "优美地"))
    column.flow([Run(f"1=C  {pick(rng, (2, 3, 4))}/4"), Space(3), tempo])
    lyrics = pick(rng, words.lines("songs"))
    for _ in range(number(rng, 1, 4)):
        x, y, count = column.left, column.y + 0.4 * em, 0
        while x < column.right - 2 * em:
            figure = pick(rng, "1123556670-")
            end = column.text(x, y, figure)
            middle = (x + end) / 2
            if figure not in "0-" and rng.random() < 0.2:
                rise = pick(rng, (-0.02, 1.3))
                canvas.disc(middle, y + rise * em, 0.08 * em, style.colour)
            if rng.random() < 0.3:
                column.line(x - 0.1 * em, y + 1.1 * em, end + 0.1 * em, y + 1.1 * em)
            if figure not in "0-":
                char = lyrics[count % len(lyrics)]
                canvas.centred(middle, y + 2.1 * em, char, style.body.sized(0.9))
            count += 1
            x = end + em * rng.uniform(0.7, 1.0)
            if count % 4 == 0:
                column.line(x, y, x, y + em)
                x += 0.6 * em
        column.y = y + 3.2 * em


def rhythm(column: Column) -> None:
    """Rhythms to clap, complete or divide into bars."""
    rng, em = column.rng, column.em
    task = pick(rng, ("给下列节奏划分小节线。", "补充下面的节奏。", "听辨节奏。"))
    column.flow([*label(column), task])
    y = column.y + 1.5 * em
    x = column.left + em
    while x < column.right - 3 * em:
        pair = rng.random() < 0.4
        for i in range(2 if pair else 1):
            column.canvas.ellipse(
                x + i * em,
                y,
                0.3 * em,
                0.2 * em,
                column.style.colour,
                1,
                column.style.colour,
                turn=-20,
            )
            column.line(x + (i + 0.26) * em, y, x + (i + 0.26) * em, y - 1.3 * em)
        if pair:
            beam = (x + 0.26 * em, y - 1.3 * em, x + 1.26 * em, y - 1.3 * em)
            column.line(*beam, width=3 * column.style.rule)
        x += (2.4 if pair else 1.5) * em
    column.canvas.figures.append(Box(column.left, y - 1.5 * em, column.width, 2 * em))
    column.y = y + 1.2 * em


def keyboard(column: Column) -> None:
    """Piano keys, some with a letter or a box to name them."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    count = max(3, min(number(rng, 7, 15), int(column.width / (1.5 * em))))
    wide, high = 1.5 * em, em * rng.uniform(4, 6)
    for i in range(count):
        key = Box(column.left + i * wide, column.y, wide, high)
        canvas.rect(key, style.colour, style.rule)
        if rng.random() < 0.3:
            letter = "CDEFGAB"[i % 7]
            canvas.centred(key.left + wide / 2, key.bottom - 0.8 * em, letter, style.body)
        elif rng.random() < 0.2:
            gap = Box(key.left + 0.2 * em, key.bottom - 1.3 * em, 1.1 * em, 1.1 * em)
            canvas.rect(gap, style.colour, style.rule)
            column.slot("choice", gap, "CDEFGAB"[i % 7], "latin")
    for i in range(count - 1):
        if i % 7 not in (2, 6):
            left = column.left + (i + 0.7) * wide
            canvas.rect(Box(left, column.y, 0.6 * wide, 0.6 * high), width=0, fill=style.colour)
    canvas.figures.append(Box(column.left, column.y, count * wide, high))
    column.y += high + em
    answer = pick(rng, ("五", "四"))
    column.flow([*label(column), "五线谱有", Gap(answer, 3, "brackets"), "条线。"])
