"""Number lines, clocks, rulers, spinners, thermometers, fraction strips: things to read off."""

import math

import numpy as np

from data.synth.content.canvas import Colour
from data.synth.content.column import Column
from data.synth.content.pieces import Gap
from data.synth.content.questions import label
from data.synth.sheet import Box
from data.synth.words import number, pick

_TINTS: tuple[Colour, ...] = (
    (250, 200, 120),
    (170, 215, 170),
    (160, 200, 235),
    (240, 170, 170),
    (210, 190, 230),
    (225, 225, 225),
    (180, 180, 180),
)


def number_line(column: Column) -> None:
    """A number line with ticks, figures, and some boxes in place of figures."""
    rng, em, style = column.rng, column.em, column.style
    count = max(3, min(number(rng, 6, 14), int(column.width / (1.6 * em))))
    start, step = number(rng, -5, 20), pick(rng, (1, 1, 2, 5, 10))
    y = column.y + 1.2 * em
    left, right = column.left + em, column.right - em
    column.canvas.arrow(left, y, right, y, style.colour, style.rule, 0.5 * em)
    pitch = (right - left - 1.5 * em) / count
    for i in range(count + 1):
        x = left + 0.5 * em + i * pitch
        column.line(x, y - 0.35 * em, x, y)
        if rng.random() < 0.3:
            box = Box(x - 0.6 * em, y + 0.3 * em, 1.2 * em, 1.2 * em)
            column.canvas.rect(box, style.colour, style.rule)
            column.slot("number", box, str(start + step * i), "math")
        else:
            column.canvas.centred(x, y + 0.8 * em, str(start + step * i), style.body.sized(0.8))
        if rng.random() < 0.15:
            column.canvas.disc(x, y, 0.16 * em, style.colour)
            column.canvas.centred(x, y - 0.9 * em, pick(rng, "ABCPQ"), style.body.sized(0.85))
    column.y = y + 2.3 * em


def clocks(column: Column) -> None:
    """Clock faces with hands, and a place for the time below."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    column.flow([*label(column), "What time is it?" if style.subject == "en" else "写出时刻。"])
    count = max(1, min(number(rng, 2, 5), int(column.width / (5.5 * em))))
    step = column.width / count
    radius = min(0.4 * step, em * rng.uniform(2.2, 3.4))
    for i in range(count):
        x, y = column.left + (i + 0.5) * step, column.y + radius
        hour, minute = number(rng, 1, 12), 5 * number(rng, 0, 11)
        canvas.ellipse(x, y, radius, radius, style.colour, 2 * style.rule)
        if rng.random() < 0.4:
            canvas.ellipse(x, y, 1.1 * radius, 1.1 * radius, style.colour, style.rule)
        for tick in range(60):
            angle = math.pi * tick / 30
            inner = 0.9 if tick % 5 == 0 else 0.95
            c, s = math.cos(angle), math.sin(angle)
            if tick % 5 == 0 or radius > 40:
                ends = [(x + inner * radius * c, y + inner * radius * s)]
                ends.append((x + 0.99 * radius * c, y + 0.99 * radius * s))
                canvas.path(ends, style.colour, style.rule)
        for figure in range(1, 13):
            angle = math.pi * (figure / 6 - 0.5)
            at = x + 0.75 * radius * math.cos(angle), y + 0.75 * radius * math.sin(angle)
            canvas.centred(*at, str(figure), style.body.sized(radius / em * 0.24), record=False)
        hands = ((hour + minute / 60) / 6, 0.45, 3.0), (minute / 30, 0.66, 1.6)
        for turn, length, weight in hands:
            angle = math.pi * (turn - 0.5)
            end = x + length * radius * math.cos(angle), y + length * radius * math.sin(angle)
            canvas.path([(x, y), end], style.colour, weight * style.rule)
        canvas.disc(x, y, 0.05 * radius + 1, style.colour)
        foot = y + 1.25 * radius + 1.2 * em
        column.line(x - 1.8 * em, foot, x + 1.8 * em, foot)
        box = Box(x - 1.8 * em, foot - 1.1 * em, 3.6 * em, em)
        column.slot("number", box, f"{hour}:{minute:02d}", "math")
        canvas.figures.append(Box(x - radius, y - radius, 2 * radius, 2 * radius))
    column.y += 2.3 * radius + 2 * em


def spinners(column: Column) -> None:
    """Pie spinners: discs in coloured, hatched or lettered sectors, with a pointer."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    count = max(1, min(number(rng, 1, 4), int(column.width / (6 * em))))
    step = column.width / count
    radius = min(0.4 * step, em * rng.uniform(2.2, 4))
    for i in range(count):
        x, y = column.left + (i + 0.5) * step, column.y + radius
        sectors = pick(rng, (2, 3, 4, 5, 6, 8, 8, 10))
        pointer = rng.random() < 0.7
        names = pick(rng, ("", "ABCDEFGHIJ", "1234567890", "红黄蓝绿白黑紫"))
        for part in range(sectors):
            start, end = 360 * part / sectors - 90, 360 * (part + 1) / sectors - 90
            middle = math.radians((start + end) / 2)
            c, s = math.cos(middle), math.sin(middle)
            fill = pick(rng, _TINTS) if rng.random() < 0.5 else None
            canvas.ellipse(
                x, y, radius, radius, style.colour, style.rule, fill, start=start, end=end
            )
            a = math.radians(start)
            rim = x + radius * math.cos(a), y + radius * math.sin(a)
            canvas.path([(x, y), rim], style.colour, style.rule)
            if fill is None and rng.random() < 0.25:
                _hatch_sector(column, x, y, radius, math.radians(start), math.radians(end))
            elif names:
                at = x + 0.62 * radius * c, y + 0.62 * radius * s
                canvas.centred(*at, names[part % len(names)], style.body.sized(0.8))
        canvas.ellipse(x, y, radius, radius, style.colour, 1.5 * style.rule)
        if pointer:
            angle = rng.uniform(0, 2 * math.pi)
            tip = x + 0.7 * radius * math.cos(angle), y + 0.7 * radius * math.sin(angle)
            canvas.arrow(x, y, *tip, style.colour, 2 * style.rule, 0.22 * radius)
            canvas.disc(x, y, 0.08 * radius, style.colour)
        canvas.figures.append(Box(x - radius, y - radius, 2 * radius, 2 * radius))
        gap = Gap(f"1/{sectors}", 2.4, "brackets", "number", "math")
        gap.draw(canvas, style, x - gap.width(canvas, style) / 2, y + 1.15 * radius)
    column.y += 2.2 * radius + 1.8 * em


def _hatch_sector(column: Column, x: float, y: float, radius: float, start: float, end: float):
    """Fill a sector with parallel lines."""
    outer = [x, y, radius]
    for share in np.arange(0.12, 0.98, 0.14):
        a = outer[0] + share * radius * math.cos(start), outer[1] + share * radius * math.sin(start)
        b = outer[0] + share * radius * math.cos(end), outer[1] + share * radius * math.sin(end)
        column.path([a, b], width=0.7 * column.style.rule)


def ruler(column: Column) -> None:
    """A ruler under an object to measure."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    length = number(rng, 6, 14)
    pitch = min((column.width - 2 * em) / length, 2.4 * em)
    left, top = column.left + em, column.y + 1.2 * em
    canvas.rect(
        Box(left - 0.4 * em, top, pitch * length + 0.8 * em, 1.9 * em),
        style.colour,
        style.rule,
        corner=pick(rng, (0, 0.2 * em)),
    )
    parts = 10 if pitch > 20 else 5
    for i in range(length * parts + 1):
        x = left + i * pitch / parts
        high = 0.8 if i % parts == 0 else 0.6 if 2 * i % parts == 0 else 0.4
        column.line(x, top, x, top + high * em, width=0.8 * style.rule)
        if i % parts == 0:
            figure = str(i // parts)
            canvas.centred(x, top + 1.3 * em, figure, style.body.sized(0.6), record=False)
    first = number(rng, 0, 2)
    last = number(rng, first + 2, length)
    thing = Box(left + first * pitch, top - 0.9 * em, (last - first) * pitch, 0.7 * em)
    canvas.rect(thing, style.colour, style.rule, fill=pick(rng, (*_TINTS, None)))
    end = column.text(column.left + em, top + 2.3 * em, pick(rng, ("长（", "这条线段长（")))
    column.slot("number", Box(end, top + 2.3 * em, 3 * em, em), str(last - first), "math")
    column.text(end + 3 * em, top + 2.3 * em, "）厘米")
    canvas.figures.append(Box(left, thing.top, pitch * length, 3 * em))
    column.y = top + 4 * em


def fraction_shapes(column: Column) -> None:
    """Shapes cut into equal parts, some of them filled, with a fraction to write."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    column.flow([*label(column), "用分数表示下面各图中的涂色部分。"])
    count = max(1, min(number(rng, 2, 5), int(column.width / (5 * em))))
    step, size = column.width / count, em * 3
    for i in range(count):
        x, y = column.left + (i + 0.5) * step - size / 2, column.y
        parts = pick(rng, (2, 3, 4, 5, 6, 8))
        shaded = number(rng, 1, parts - 1)
        fill = pick(rng, _TINTS)
        if rng.random() < 0.5:
            middle = x + size / 2, y + size / 2
            for part in range(parts):
                start, end = 360 * part / parts, 360 * (part + 1) / parts
                canvas.ellipse(
                    *middle,
                    size / 2,
                    size / 2,
                    style.colour,
                    style.rule,
                    fill if part < shaded else None,
                    start=start,
                    end=end,
                )
                a = math.radians(start)
                rim = middle[0] + size / 2 * math.cos(a), middle[1] + size / 2 * math.sin(a)
                canvas.path([middle, rim], style.colour, style.rule)
        else:
            for part in range(parts):
                cell = Box(x + part * size / parts, y + 0.2 * size, size / parts, 0.6 * size)
                canvas.rect(cell, style.colour, style.rule, fill if part < shaded else None)
        middle, bar = x + size / 2, y + size + 1.5 * em
        column.line(middle - em, bar, middle + em, bar)
        over, under = (
            Box(middle - em, bar - 1.2 * em, 2 * em, 1.1 * em),
            Box(middle - em, bar + 0.1 * em, 2 * em, 1.1 * em),
        )
        column.slot("number", over, str(shaded), "math")
        column.slot("number", under, str(parts), "math")
        canvas.figures.append(Box(x, y, size, size))
    column.y += size + 3.2 * em


def thermometers(column: Column) -> None:
    """Thermometers or measuring glasses to read."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    count = max(1, min(number(rng, 2, 5), int(column.width / (4 * em))))
    step, height = column.width / count, em * rng.uniform(5, 8)
    mercury = pick(rng, ((210, 60, 60), (120, 120, 120), (120, 170, 220)))
    for i in range(count):
        x, top = column.left + (i + 0.5) * step, column.y
        level = rng.uniform(0.2, 0.9)
        half = 0.25 * em
        canvas.disc(x, top + height, 0.55 * em, mercury)
        filled = Box(x - half, top + height * (1 - level), 2 * half, height * level)
        canvas.rect(filled, width=0, fill=mercury)
        canvas.rect(Box(x - half, top, 2 * half, height), style.colour, style.rule, corner=half)
        for tick in range(11):
            y = top + height * (0.95 - 0.09 * tick)
            column.line(x + half, y, x + half + (0.5 if tick % 5 == 0 else 0.28) * em, y)
            if tick % 5 == 0:
                kind = style.body.sized(0.6)
                canvas.text(x + 0.9 * em, y - 0.3 * em, str(10 * tick - 20), kind, record=False)
        foot = top + height + 1.9 * em
        column.line(x - 1.4 * em, foot, x + 1.2 * em, foot)
        degrees = str(round(10 * (level - 0.05) / 0.09 - 20))
        column.slot("number", Box(x - 1.4 * em, foot - em, 2.6 * em, em), degrees, "math")
        column.text(x + 1.2 * em, foot - em, "℃", 0.9)
        canvas.figures.append(Box(x - em, top, 2 * em, height + em))
    column.y += height + 2.8 * em
