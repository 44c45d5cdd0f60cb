"""Fractions, roots, powers and equations, built up as they are printed."""

from dataclasses import replace
from fractions import Fraction as Ratio

from data.synth.content.column import Column
from data.synth.content.pieces import Fraction, Gap, Piece, Root, Run
from data.synth.content.questions import label, sub_label, work_space
from data.synth.words import number, pick


def fractions(column: Column) -> None:
    """Sums, comparisons and conversions of built-up fractions."""
    rng = column.rng
    across = max(1, min(number(rng, 2, 4), int(column.width / (7.5 * column.em))))
    step = column.width / across
    start = column.y
    low = start
    for i in range(across * number(rng, 1, 3)):
        cell = column.inset(i % across * step, step)
        if i % across == 0:
            start = low
        cell.y = start
        cell.flow(_fraction_exercise(column))
        cell.skip(rng.uniform(0.2, 1.0))
        low = max(low, cell.y)
    column.y = low


def _fraction_exercise(column: Column) -> list[Piece]:
    rng = column.rng
    below, other = number(rng, 3, 12), number(rng, 3, 12)
    a, b = Ratio(number(rng, 1, below - 1), below), Ratio(number(rng, 1, other - 1), other)
    form = rng.random()
    if form < 0.45:
        sign = pick(rng, "+-×÷")
        value = {"+": a + b, "-": abs(a - b), "×": a * b, "÷": a / b}[sign]
        first, second = (b, a) if sign == "-" and a < b else (a, b)
        gap = Gap(str(value), 2.8, "brackets" if rng.random() < 0.2 else "open", "number", "math")
        return [_ratio(first), Run(f" {sign} "), _ratio(second), Run(" ="), gap]
    if form < 0.65:
        times = number(rng, 2, 6)
        gap = Gap(str(a.numerator * times), 1.8, "brackets", "number", "math")
        return [_ratio(a), Run(" ="), Fraction(gap, str(a.denominator * times))]
    if form < 0.82:
        sign = ">" if a > b else "<" if a < b else "="
        return [_ratio(a), Gap(sign, 1.3, "ring", "number", "math"), _ratio(b)]
    whole = number(rng, 1, 9)
    top = Gap(str(whole * a.denominator + a.numerator), 2.2, "brackets", "number", "math")
    bottom = Gap(str(a.denominator), 2.2, "brackets", "number", "math")
    return [Run(str(whole)), _ratio(a), Run(" ="), Fraction(top, bottom)]


def _ratio(value: Ratio) -> Fraction:
    return Fraction(str(value.numerator), str(value.denominator))


def equations(column: Column) -> None:
    """Equations, roots, powers and systems, each with room to work."""
    rng = column.rng
    prompt = pick(rng, ("解下列方程。", "计算：", "化简：", "解方程（组）：", "求下列各式的值："))
    column.flow([*label(column), prompt])
    across = 2 if column.width > 16 * column.em and rng.random() < 0.7 else 1
    step = column.width / across
    height = column.em * rng.uniform(3, 7)
    for row in range(number(rng, 1, 2)):
        low = column.y
        for j in range(across):
            cell = column.inset(j * step, 0.95 * step)
            mark = sub_label(column, row * across + j)
            cell.flow([*mark, *_expression(column)], indent=2)
            work_space(cell, height / column.em - 2)
            low = max(low, cell.y)
        column.y = low


def _expression(column: Column) -> list[Piece]:
    rng, body = column.rng, column.style.body
    italic = body if rng.random() < 0.3 else replace(body, slant=0.2)

    def square(text: str) -> list[Piece]:
        return [Run(text, italic), Run("2", lift=0.42, scale=0.62)]

    a, b, x = number(rng, 2, 9), number(rng, 1, 20), number(rng, 1, 12)
    form = number(rng, 0, 5)
    if form == 0:
        return [Run(str(a)), Run("x", italic), Run(f"+{b}={a * x + b}")]
    if form == 1:
        return [*square("x"), Run(f"-{x + a}"), Run("x", italic), Run(f"+{x * a}=0")]
    if form == 2:
        return [Root(str(a * a * b)), Run(f"-{a}"), Root(str(b)), Run("+"), Root("3", "3")]
    if form == 3:
        return [Fraction(f"x+{a}", str(b + 1)), Run("-"), Fraction("x", str(a)), Run(f"={x}")]
    if form == 4:
        return [Run("y=", italic), *square(f"{a}x"), Run(f"+{b}"), Run("x", italic), Run(f"-{x}")]
    cosine = Run(f"{a}cos60°+|-{b}|-")
    root, power = Root(str(number(rng, 2, 30))), Run("0", lift=0.42, scale=0.62)
    return [cosine, root, Run("+(π-3.14)"), power]
