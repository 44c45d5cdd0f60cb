"""Cartoons on any page: strips with speech bubbles, rows of pictures, a mascot with a hint."""

import math
from dataclasses import replace

import numpy as np

from data.synth import words
from data.synth.content.canvas import WHITE, Colour, Point, Type
from data.synth.content.column import Column
from data.synth.content.photos import tint_area
from data.synth.content.pictures import PICTURES, cat, child, dog, draw_picture, rabbit, scene, tint
from data.synth.content.questions import label
from data.synth.sheet import Box
from data.synth.words import number, pick

_SPEAKERS = (child, child, cat, dog, rabbit)
_SKIES: tuple[Colour, ...] = ((228, 240, 248), (232, 232, 232), (250, 240, 222), (236, 246, 232))


def _said(column: Column) -> str:
    """Something short to say."""
    subject = "en" if column.style.subject == "en" else "zh"
    return pick(column.rng, words.by_subject("sayings", 1, subject))[0]


def bubble(column: Column, box: Box, tip: Point, text: str) -> None:
    """A speech bubble, round or oval, with its tail's end at `tip`; no text: one to write in."""
    rng, canvas, style = column.rng, column.canvas, column.style
    middle = np.array([box.left + box.width / 2, box.top + box.height / 2])
    along = np.array(tip) - middle
    across = along[::-1] * (-1, 1) / np.hypot(*along) * 0.14 * min(box.width, box.height)
    canvas.path([middle - across, tip, middle + across], style.colour, style.rule)
    if rng.random() < 0.5:
        canvas.rect(box, style.colour, style.rule, fill=WHITE, corner=0.45 * box.height)
    else:
        half = box.width / 2, box.height / 2
        canvas.ellipse(*middle, *half, style.colour, style.rule, WHITE)
    # The tail's mouth opens into the bubble.
    inset = 1 - 1.5 * style.rule / np.hypot(*across)
    mouth = [middle - inset * across, middle + 0.85 * along, middle + inset * across]
    canvas.polygon(mouth, WHITE)
    room = 0.74 * box.width
    if not text:
        high = min(1.2 * style.em, 0.7 * box.height)
        space = Box(middle[0] - room / 2, middle[1] - high / 2, room, high)
        column.slot("blank", space, script=style.script)
        return
    in_kai = rng.random() < 0.5
    for scale in (1.0, 0.85, 0.7, 0.6, 0.5):
        kind = (style.kai if in_kai else style.body).sized(scale)
        count = _lines(column, text, kind, room)
        if count * 1.3 * kind.size < 0.8 * box.height:
            break
    words_in = column.inset(middle[0] - room / 2 - column.left, room)
    words_in.y = middle[1] - 0.65 * kind.size * count
    small = replace(style, body=kind)
    words_in.flow([text], leading=1.3, align="centre", style=small)


def _lines(column: Column, text: str, kind: Type, width: float) -> int:
    """How many lines a text takes, nearly."""
    return max(1, math.ceil(column.canvas.measure(text, kind) / (0.95 * width)))


def strip(column: Column) -> None:
    """Two to four panels with speakers, bubbles and a ground."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    count = max(1, min(number(rng, 2, 4), int(column.width / (8 * em))))
    gap = 0.5 * em
    wide = (column.width - gap * (count - 1)) / count
    high = min(1.1 * wide, 13 * em)
    filled, sky = tint(rng), pick(rng, (None, None, *_SKIES))
    for i in range(count):
        panel = Box(column.left + i * (wide + gap), column.y, wide, high)
        if sky:
            tint_area(canvas, panel, rng, sky)
        size = 0.5 * high
        place = panel.left + rng.uniform(0.05, 0.95) * (wide - size)
        figure = Box(place, panel.bottom - 1.02 * size, size, size)
        draw_picture(canvas, figure, rng, style.colour, filled, pick(rng, _SPEAKERS))
        cloud = Box(panel.left + 0.08 * wide, panel.top + 0.06 * high, 0.84 * wide, 0.36 * high)
        text = "" if rng.random() < 0.2 else _said(column)
        bubble(column, cloud, (place + 0.5 * size, figure.top + 0.02 * size), text)
        canvas.rect(panel, style.colour, 1.6 * style.rule)
    column.y += high + 0.9 * em


def picture_row(column: Column) -> None:
    """A row of pictures to count, colour or order, each with a ring, box or bracket below."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    tasks = ("数一数，填一填。", "圈出你喜欢的图画。", "涂上颜色。", "按顺序排一排。")
    english = ("Look and count.", "Colour the pictures.")
    column.flow([*label(column), pick(rng, english if style.subject == "en" else tasks)])
    count = max(1, min(number(rng, 3, 7), int(column.width / (3.6 * em))))
    step = column.width / count
    size = min(0.8 * step, em * rng.uniform(2.6, 4.5))
    filled = tint(rng)
    same = pick(rng, PICTURES) if rng.random() < 0.3 else None
    for i in range(count):
        x = column.left + (i + 0.5) * step
        draw_picture(
            canvas, Box(x - size / 2, column.y, size, size), rng, style.colour, filled, same
        )
        spot = Box(x - 0.7 * em, column.y + size + 0.4 * em, 1.4 * em, 1.2 * em)
        if rng.random() < 0.5:
            middle = spot.left + 0.7 * em, spot.top + 0.6 * em
            canvas.ellipse(*middle, 0.65 * em, 0.65 * em, style.colour, style.rule)
        else:
            canvas.rect(spot, style.colour, style.rule)
        column.slot("number", spot, str(i + 1), "math")
    column.y += size + 2.2 * em


def mascot(column: Column) -> None:
    """A speaker at one side with a hint in a bubble, or a wide scene."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    filled = tint(rng)
    if rng.random() < 0.35:
        high = em * rng.uniform(4.5, 8)
        picture = Box(column.left, column.y, column.width, high)
        scene(canvas, picture, rng, style.colour, filled)
        column.y += high + 0.6 * em
        return
    size = em * rng.uniform(3.2, 5)
    on_left = rng.random() < 0.6
    x = column.left if on_left else column.right - size
    draw_picture(
        canvas, Box(x, column.y, size, size), rng, style.colour, filled, pick(rng, _SPEAKERS)
    )
    wide = column.width - size - 1.2 * em
    if wide > 4 * em:
        left = column.left + (size + 1.2 * em if on_left else 0)
        tip = x + (0.85 if on_left else 0.15) * size, column.y + 0.4 * size
        cloud = Box(left, column.y + 0.05 * size, min(wide, 14 * em), 0.8 * size)
        if not on_left:
            cloud = Box(left + wide - cloud.width, cloud.top, cloud.width, cloud.height)
        bubble(column, cloud, tip, _said(column))
    column.y += 1.15 * size
