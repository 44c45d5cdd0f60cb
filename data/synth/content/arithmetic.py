"""Arithmetic: sums with their answers worked out, in lines, columns, boxes and stories."""

import re

from data.synth import words
from data.synth.content.column import Column
from data.synth.content.pictures import SMALL, draw_picture, tint
from data.synth.content.pieces import Gap, Piece, Space
from data.synth.content.questions import label, work_space
from data.synth.sheet import Box
from data.synth.words import number, pick

_SUM = re.compile(r"([ab])([+\-×÷])([ab])")


def whole_sum(rng, largest: int) -> tuple[str, int]:
    """A sum of two whole numbers without its equals sign, and its result, never negative."""
    sign = pick(rng, "+-×÷")
    if sign in "+-":
        a, b = sorted((number(rng, 1, largest), number(rng, 1, largest)), reverse=True)
        return f"{a}{sign}{b}", a + b if sign == "+" else a - b
    a, b = number(rng, 2, max(9, largest // 10)), number(rng, 2, 9)
    return (f"{a}×{b}", a * b) if sign == "×" else (f"{a * b}÷{b}", a)


def mental_sum(rng) -> tuple[str, str]:
    """A sum to do in the head, and its answer as written."""
    form = rng.random()
    if form < 0.62:
        text, value = whole_sum(rng, pick(rng, (20, 100, 100, 1000)))
        return text, str(value)
    if form < 0.74:
        a, b, c = number(rng, 1, 9), number(rng, 2, 9), number(rng, 1, 20)
        return f"{a}×{b}+{c}", str(a * b + c)
    if form < 0.84:
        a, b, c = number(rng, 1, 20), number(rng, 1, 20), number(rng, 2, 9)
        return f"({a}+{b})×{c}", str((a + b) * c)
    if form < 0.93:
        a, b = number(rng, 1, 99), number(rng, 1, 99)
        return f"{a / 10:g}+{b / 10:g}", f"{(a + b) / 10:g}"
    a, factor = number(rng, 1, 99), pick(rng, (10, 100))
    return f"{a / 10:g}×{factor}", str(a * factor // 10)


def mental_sums(column: Column) -> None:
    """Rows of sums that end in an equals sign."""
    rng, em = column.rng, column.em
    sums = [mental_sum(rng) for _ in range(number(rng, 4, 30))]
    widest = max(column.canvas.measure(text + "=", column.style.body) for text, _ in sums)
    across = max(1, min(number(rng, 2, 6), int(column.width / (widest + 2.2 * em))))
    step = column.width / across
    pitch = em * rng.uniform(1.7, 3.0)
    framed, example = rng.random() < 0.2, rng.random() < 0.15
    # Box, bracket or bare: where the result goes.
    form = ("", "brackets", "line", "box")[int(rng.choice(4, p=(0.7, 0.12, 0.1, 0.08)))]
    for i, (text, answer) in enumerate(sums):
        x, y = column.left + i % across * step, column.y + i // across * pitch
        end = column.text(x + 0.3 * em, y, text + "=")
        room = x + step - end - 0.6 * em
        if form:
            gap = Gap(answer, min(room / em - 1, 3.2), form, "number", "math")
            gap.draw(column.canvas, column.style, end, y)
        elif i == 0 and example:
            column.text(end + 0.1 * em, y, answer)
        else:
            column.slot("number", Box(end + 0.1 * em, y, room, em), answer, "math")
        if framed:
            edge = Box(x, y - 0.25 * pitch, 0.96 * step, 0.85 * pitch)
            column.canvas.rect(edge, column.style.colour, column.style.rule, dash=0.3 * em)
    column.y += (1 + (len(sums) - 1) // across) * pitch


def column_sums(column: Column) -> None:
    """Sums with room to set them out in columns."""
    rng, em = column.rng, column.em
    across = max(1, min(number(rng, 2, 4), int(column.width / (7 * em))))
    step = column.width / across
    height = em * rng.uniform(4.5, 8)
    for j in range(across):
        text, value = whole_sum(rng, 900)
        x = column.left + j * step
        end = column.text(x, column.y, text + "=")
        column.slot("number", Box(end, column.y, 0.28 * step, em), str(value), "math")
        room = Box(x + 0.6 * em, column.y + 1.3 * em, 0.75 * step, height - 1.6 * em)
        column.slot("column", room, f"{text}={value}", "math", 0.9 * em)
    column.y += height


def printed_columns(column: Column) -> None:
    """Sums already set out in columns, with the result or some digits left out."""
    rng, em, canvas, kind = column.rng, column.em, column.canvas, column.style.body
    across = max(1, min(number(rng, 2, 5), int(column.width / (5.5 * em))))
    step = column.width / across
    pitch, top = 1.25 * em, column.y + 0.2 * em
    # A wider pitch than the figures' own leaves room for boxes around them.
    digit_step = em * rng.uniform(0.62, 1.0)
    for j in range(across):
        right = column.left + (j + 0.8) * step
        sign = pick(rng, "+-×")
        a, b = sorted((number(rng, 12, 999), number(rng, 3, 99)), reverse=True)
        result = a + b if sign == "+" else a - b if sign == "-" else a * b
        hidden = rng.random() < 0.7
        for row, figures in enumerate((str(a), str(b), str(result))):
            y = top + row * pitch + (0.2 * em if row == 2 else 0)
            for place, digit in enumerate(reversed(figures)):
                x = right - (place + 0.5) * digit_step
                boxed = row < 2 and len(figures) > 1 and rng.random() < 0.12
                box = Box(x - 0.42 * digit_step, y, 0.84 * digit_step, em)
                if boxed:
                    canvas.rect(box, column.style.colour, column.style.rule)
                if boxed or (row == 2 and hidden):
                    column.slot("number", box, digit, "math")
                else:
                    canvas.centred(x, y + em / 2, digit, kind, record=False)
        wide = max(len(str(a)), len(str(result)), len(str(b)) + 1) * digit_step
        left = right - wide - 0.3 * em
        canvas.centred(left, top + pitch + em / 2, sign, kind, record=False)
        column.line(left - 0.4 * em, top + 2 * pitch, right, top + 2 * pitch)
    column.y = top + 3.6 * pitch


def long_division(column: Column) -> None:
    """Divisions under the usual bracket, worked out in print or left to do."""
    rng, em, canvas, kind = column.rng, column.em, column.canvas, column.style.body
    across = max(1, min(number(rng, 1, 4), int(column.width / (7 * em))))
    step, digit, pitch = column.width / across, 0.7 * em, 1.2 * em
    for j in range(across):
        divisor, quotient = number(rng, 3, 9), number(rng, 12, 98)
        figures = str(divisor * quotient)
        left = column.left + j * step + 1.8 * em
        top = column.y + 1.4 * em
        canvas.text(left - 1.1 * em, top, str(divisor), kind)
        hook = [
            (left - 0.3 * em, top + 1.15 * em),
            (left - 0.05 * em, top + 0.7 * em),
            (left, top - 0.12 * em),
        ]
        column.path([*hook, (left + (len(figures) + 0.7) * digit, top - 0.12 * em)])
        for i, figure in enumerate(figures):
            canvas.centred(left + (i + 0.8) * digit, top + em / 2, figure, kind, record=False)
        if rng.random() < 0.5:
            above = Box(left, column.y + 0.1 * em, (len(figures) + 0.7) * digit, em)
            column.slot("number", above, str(quotient), "math")
            below = Box(left - em, top + pitch, (len(figures) + 2) * digit, 3 * pitch)
            column.slot("column", below, f"{figures}÷{divisor}={quotient}", "math", 0.9 * em)
        else:
            _worked(column, left, top, figures, divisor, quotient)
    column.y += 6.6 * pitch


def _worked(column: Column, left: float, top: float, figures: str, divisor: int, quotient: int):
    """The steps of a long division by one digit, for a quotient of two."""
    em, canvas, kind = column.em, column.canvas, column.style.body
    digit, pitch = 0.7 * em, 1.2 * em
    tens, ones = divmod(quotient, 10)

    def put(value: int, end: int, y: float) -> None:
        for place, figure in enumerate(reversed(str(value))):
            x = left + (end - place + 0.8) * digit
            canvas.centred(x, y + em / 2, figure, kind, record=False)

    last = len(figures) - 1
    put(quotient, last, top - 1.25 * em)
    put(divisor * tens, last - 1, top + pitch)
    column.line(left, top + 2 * pitch, left + (last + 1.4) * digit, top + 2 * pitch)
    put(int(figures) - divisor * tens * 10, last, top + 2.1 * pitch)
    put(divisor * ones, last, top + 3.1 * pitch)
    column.line(left, top + 4.1 * pitch, left + (last + 1.4) * digit, top + 4.1 * pitch)
    put(0, last, top + 4.2 * pitch)


def comparisons(column: Column) -> None:
    """Pairs to compare with >, < or = in a printed ring, and sums with a box to fill."""
    rng, em = column.rng, column.em
    column.flow([*label(column), "在○里填上“>”“<”或“=”，在□里填上合适的数。"], indent=1.2)
    across = max(1, min(number(rng, 2, 4), int(column.width / (7 * em))))
    for _ in range(number(rng, 1, 3)):
        for j in range(across):
            x, y = column.left + (j + 0.1) * column.width / across, column.y
            if rng.random() < 0.6:
                a, b = number(rng, 1, 99), number(rng, 1, 99)
                sign = ">" if a > b else "<" if a < b else "="
                pieces: list = [str(a), Gap(sign, 1.3, "ring", "number", "math"), str(b)]
            else:
                a, b = number(rng, 2, 30), number(rng, 2, 30)
                box = Gap(str(b), 1.5, "box", "number", "math")
                pieces = [f"{a}+", box, f"={a + b}"]
            cell = column.inset(x - column.left, column.width)
            cell.y = y
            cell.flow(pieces)
        column.skip(2.1)


def conversions(column: Column) -> None:
    """Units of length, weight, time and money to convert."""
    rng = column.rng
    units = (
        ("米", "厘米", 100),
        ("千米", "米", 1000),
        ("吨", "千克", 1000),
        ("元", "角", 10),
        ("小时", "分", 60),
        ("平方米", "平方分米", 100),
        ("升", "毫升", 1000),
        ("kg", "g", 1000),
    )
    pieces: list[Piece | str] = [*label(column)]
    for _ in range(number(rng, 2, 6)):
        large, small, factor = pick(rng, units)
        value = number(rng, 2, 90)
        form = pick(rng, ("brackets", "line"))
        if rng.random() < 0.6:
            gap = Gap(str(value * factor), 3.5, form, "number", "math")
            pieces += [f"{value}{large}=", gap, small, Space(1.5)]
        else:
            gap = Gap(str(value), 3, form, "number", "math")
            pieces += [f"{value * factor}{small}=", gap, large, Space(1.5)]
    column.flow(pieces, indent=1.2)


def patterns(column: Column) -> None:
    """Rows of numbers to continue, in gaps or in cells."""
    rng, em = column.rng, column.em
    start, step, count = number(rng, 1, 40), number(rng, 1, 12), number(rng, 6, 9)
    series = [start + step * i for i in range(count)]
    if rng.random() < 0.5:
        pieces: list = [*label(column), "找规律填数："]
        for value in series:
            hidden = rng.random() < 0.35
            pieces += [Gap(str(value), 2, "line", "number", "math") if hidden else str(value), "，"]
        column.flow(pieces[:-1] + ["。"], indent=1.2)
        return
    column.flow([*label(column), "按规律填一填。"])
    share = pick(rng, (0.0, 0.25))
    side = min(2.2 * em, column.width / (count * (1 + share)))
    gap = share * side
    for i, value in enumerate(series):
        box = Box(column.left + i * (side + gap), column.y, side, side)
        if gap and rng.random() < 0.5:
            middle = box.left + side / 2, box.top + side / 2
            column.canvas.ellipse(*middle, side / 2, side / 2, column.style.colour)
        else:
            column.canvas.rect(box, column.style.colour, column.style.rule)
        if rng.random() < 0.4:
            column.slot("number", box, str(value), "math")
        else:
            column.canvas.centred(
                box.left + side / 2, box.top + side / 2, str(value), column.style.body
            )
    column.y += side + 0.8 * em


def word_problem(column: Column) -> None:
    """A story with a sum in it, with its working left to do."""
    rng = column.rng
    template, sum_text, unit = column.fresh(lambda: pick(rng, words.rows("problems", 3)))
    first, sign, second = _SUM.fullmatch(sum_text).groups()
    b = number(rng, 2, 9) if sign in "×÷" else number(rng, 3, 90)
    a = number(rng, 3, 60) * b if sign == "÷" else number(rng, 3, 60) + (b if sign == "-" else 0)
    value = {"+": a + b, "-": a - b, "×": a * b, "÷": a // b}[sign]
    worked = f"{a if first == 'a' else b}{sign}{b if second == 'b' else a}={value}"
    column.flow([*label(column), template.format(a=a, b=b)], indent=1.2)
    if rng.random() < 0.3:
        size = min(5 * column.em, 0.3 * column.width)
        for i in range(number(rng, 1, 3)):
            box = Box(column.left + (i + 1) * 1.2 * size, column.y, size, size)
            draw_picture(column.canvas, box, rng, column.style.colour, tint(rng))
        column.y += 1.1 * size
    work_space(column, rng.uniform(2.5, 7))
    column.canvas.slots[-1].text = f"{worked}（{unit}）"
    if rng.random() < 0.4:
        end = column.text(column.left + column.em, column.y, "答：")
        wide = 0.6 * column.width
        foot = column.y + 1.1 * column.em
        column.line(end, foot, end + wide, foot)
        column.slot("blank", Box(end, column.y, wide, column.em), f"{value}{unit}")
        column.skip(1.6)


def picture_sums(column: Column) -> None:
    """Rows of small pictures to count, with a sum in boxes below."""
    rng, em, canvas = column.rng, column.em, column.canvas
    filled = tint(rng)
    picture = pick(rng, SMALL)
    a, b = number(rng, 1, 6), number(rng, 1, 4)
    size = min(2.6 * em, column.width / (a + b + 1.5))
    for i in range(a + b):
        shift = 0.7 * size if i >= a else 0.0
        box = Box(column.left + i * size + shift, column.y, 0.86 * size, 0.86 * size)
        draw_picture(canvas, box, rng, column.style.colour, filled, picture)
    groups = ((0.0, a * size), ((a + 0.7) * size, b * size))
    for left, wide in groups:
        edge = Box(column.left + left - 0.1 * size, column.y - 0.1 * size, wide, 1.1 * size)
        canvas.rect(edge, column.style.colour, column.style.rule, dash=0.3 * em, corner=0.0)
    column.y += 1.3 * size + 0.3 * em
    cells = ((str(a), "box"), ("+", "ring"), (str(b), "box"), ("", ""), (str(a + b), "box"))
    pieces: list = []
    for answer, form in cells:
        gap = Gap(answer, 1.7 if form == "box" else 1.2, form, "number", "math")
        pieces.append(gap if form else "=")
    column.flow(pieces, indent=2)
    column.skip(0.5)
