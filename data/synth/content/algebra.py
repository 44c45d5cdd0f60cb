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
    a, b = _draw_ratio(rng), _draw_ratio(rng)
    form = rng.random()
    if form < 0.42:
        return _fraction_sum(rng, a, b)
    if form < 0.58:
        times = number(rng, 2, 6)
        gap = Gap(str(a.numerator * times), 1.8, "brackets", "number", "math")
        return [_ratio(a), Run(" ="), Fraction(gap, str(a.denominator * times))]
    if form < 0.68:  # equal ones in a row, each with a part left out
        first, second = sorted((number(rng, 2, 12), number(rng, 2, 12)))
        top, bottom = (
            Gap(str(part), 2.2, "brackets", "number", "math")
            for part in (a.numerator * first, a.denominator * second)
        )
        left = Fraction(top, str(a.denominator * first))
        right = Fraction(str(a.numerator * second), bottom)
        return [_ratio(a), Run(" = "), left, Run(" = "), right]
    if form < 0.84:
        sign = ">" if a > b else "<" if a < b else "="
        return [_ratio(a), Gap(sign, 1.3, "ring", "number", "math"), _ratio(b)]
    whole = number(rng, 1, 9)
    top = Gap(str(whole * a.denominator + a.numerator), 2.2, "brackets", "number", "math")
    bottom = Gap(str(a.denominator), 2.2, "brackets", "number", "math")
    return [*_mixed(whole, a), Run(" ="), Fraction(top, bottom)]


def _draw_ratio(rng) -> Ratio:
    """A proper fraction, most often of small numbers."""
    below = number(rng, 3, 12) if rng.random() < 0.8 else number(rng, 13, 100)
    return Ratio(number(rng, 1, below - 1), below)


def _fraction_sum(rng, a: Ratio, b: Ratio) -> list[Piece]:
    """A sum of two fractions, either of them with whole ones in front."""
    sign = pick(rng, "+-×÷")
    whole_a, whole_b = (number(rng, 1, 9) if rng.random() < 0.3 else 0 for _ in range(2))
    first, second = (whole_a, a), (whole_b, b)
    if sign == "-" and sum(first) < sum(second):
        first, second = second, first
    one, other = sum(first), sum(second)
    value = {"+": one + other, "-": one - other, "×": one * other, "÷": one / other}[sign]
    gap = Gap(str(value), 2.8, "brackets" if rng.random() < 0.2 else "open", "number", "math")
    return [*_mixed(*first), Run(f" {sign} "), *_mixed(*second), Run(" ="), gap]


def _ratio(value: Ratio) -> Fraction:
    return Fraction(str(value.numerator), str(value.denominator))


def _mixed(whole: int, value: Ratio) -> list[Piece]:
    """A fraction with whole ones in front, if there are any."""
    return [*([Run(str(whole))] if whole else []), _ratio(value)]


def formulas(column: Column) -> None:
    """Fractions, mixed numbers, roots, powers and brackets standing alone, far apart.

    Each in a face and a size of its own, some with a place for the answer behind.
    """
    rng, style = column.rng, column.style
    across = max(1, min(number(rng, 2, 5), int(column.width / (6 * column.em))))
    step = column.width / across
    for _ in range(number(rng, 1, 3)):
        low = column.y
        for i in range(across):
            latin = pick(rng, column.canvas.faces.print_latin)
            size = style.em * min(rng.uniform(0.7, 2.0), step / (4.5 * style.em))
            own = replace(style, body=replace(style.body, latin=latin, size=size))
            cell = column.inset(i * step, 0.96 * step)
            pieces = _standing_alone(rng)
            used = sum(piece.width(column.canvas, own) for piece in pieces)
            if rng.random() < 0.4 and used + 3 * size < cell.width:
                pieces += [Run(" ="), Gap(str(number(rng, 0, 99)), 1.8, "open", "number", "math")]
            first = rng.uniform(0, 0.4)
            room = cell.width - first * size
            if used > room:  # a typewriter's figures, say: they would be printed over the next
                own = replace(own, body=own.body.sized(room / used))
            cell.flow(pieces, first=first, style=own)
            low = max(low, cell.y)
        column.y = low + rng.uniform(0, 0.6) * column.em


def _standing_alone(rng) -> list[Piece]:
    """A number or a small expression."""
    a, b, small = _draw_ratio(rng), number(rng, 1, 99), number(rng, 2, 9)
    power = Run(str(small), lift=0.42, scale=0.62)
    forms: tuple[list[Piece], ...] = (
        [_ratio(a)],
        [_ratio(a)],
        _mixed(small, a),
        [Run("-"), _ratio(a)],
        [Root(str(b))],
        [Run(str(small)), Root(str(b))],
        [Run(pick(rng, (str(b), "x", "a", "10", f"({small}-{b})"))), power],
        [Run("("), _ratio(a), Run(")"), power],
        [Run(f"({b}+{small})")],
        [Run(f"[{b}-({small}+1)]")],
        [Run(f"|-{b}|")],
        [Run(str(b))],
        [Run(f"{b / 10:g}")],
        [Run(f"{b}%")],
        [Run(f"{small}:{b}")],
    )
    return list(pick(rng, forms))


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
