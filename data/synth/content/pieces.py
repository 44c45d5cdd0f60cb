"""What a line of text is made of: runs, gaps to fill in, ringed numbers, fractions, roots."""

from dataclasses import dataclass, replace
from typing import Protocol

from data.synth.content.canvas import WHITE, Canvas, Type
from data.synth.content.style import Style
from data.synth.sheet import Box, Slot


class Piece(Protocol):
    """Something in a line of text; heights are measured from the line's em square, in pixels."""

    def width(self, canvas: Canvas, style: Style) -> float: ...

    def extent(self, style: Style) -> tuple[float, float]:
        """How far it reaches above and below the em square."""
        ...

    def draw(self, canvas: Canvas, style: Style, x: float, y: float) -> None:
        """Print it with the line's em square at (x, y)."""
        ...


@dataclass(frozen=True)
class Run:
    """Text in a type of its own, or marked.

    mark: '' or one of 'under', 'double', 'wave', 'dots' (one below each character), 'box'.
    lift: raises the baseline, in em; with `scale` it makes superscripts and subscripts.
    """

    text: str
    type: Type | None = None
    mark: str = ""
    lift: float = 0.0
    scale: float = 1.0

    def _type(self, style: Style) -> Type:
        kind = self.type or style.body
        return kind if self.scale == 1 else kind.sized(self.scale)

    def width(self, canvas: Canvas, style: Style) -> float:
        return canvas.measure(self.text, self._type(style))

    def extent(self, style: Style) -> tuple[float, float]:
        taller = self._type(style).size - style.em
        below = 0.3 * style.em if self.mark else 0.0
        return max(0.0, taller), below

    def draw(self, canvas: Canvas, style: Style, x: float, y: float) -> None:
        kind = self._type(style)
        # Types of different sizes share a baseline, not a top.
        top = y + (style.em - kind.size) * 0.86 - self.lift * style.em
        end = canvas.text(x, top, self.text, kind)
        colour, em = kind.colour, kind.size
        foot = top + 1.1 * em
        if self.mark in ("under", "double"):
            canvas.line(x, foot, end, foot, colour, style.rule)
        if self.mark == "double":
            canvas.line(x, foot + 3 * style.rule, end, foot + 3 * style.rule, colour, style.rule)
        if self.mark == "wave":
            canvas.wave(x, end, foot + 0.04 * em, em, colour, style.rule)
        if self.mark == "box":
            edge = Box(x - 0.06 * em, top - 0.06 * em, end - x + 0.12 * em, 1.14 * em)
            canvas.rect(edge, colour, style.rule)
        if self.mark == "dots":
            step = (end - x) / max(1, len(self.text))
            for i in range(len(self.text)):
                canvas.disc(x + (i + 0.5) * step, foot, max(0.8, 0.065 * em), colour)


@dataclass(frozen=True)
class Gap:
    """A place to fill in.

    form: 'line' (underlined), 'brackets', 'box', 'ring' (○) or 'open' (nothing printed).
    em: width of the gap.
    printed: type of an answer that is printed there, as in a worked example; then it is no slot.
    """

    answer: str = ""
    em: float = 4.0
    form: str = "line"
    kind: str = "blank"
    script: str = "zh"
    printed: Type | None = None

    def width(self, canvas: Canvas, style: Style) -> float:
        sides = 0.2 * style.em
        if self.form == "brackets":
            sides = sum(canvas.measure(b, style.body) for b in style.brackets)
        return self.em * style.em + sides

    def extent(self, style: Style) -> tuple[float, float]:
        return (0.15 * style.em, 0.2 * style.em) if self.form != "brackets" else (0.0, 0.0)

    def draw(self, canvas: Canvas, style: Style, x: float, y: float) -> None:
        em, inner = style.em, self.em * style.em
        if self.form == "brackets":
            x = canvas.text(x, y, style.brackets[0], style.body, record=False)
            canvas.text(x + inner, y, style.brackets[1], style.body, record=False)
        else:
            x += 0.1 * em
        if self.form == "line":
            canvas.line(x, y + 1.08 * em, x + inner, y + 1.08 * em, style.colour, style.rule)
        elif self.form == "ring":
            middle = x + inner / 2
            canvas.ellipse(middle, y + em / 2, 0.55 * em, 0.55 * em, style.colour, style.rule)
        elif self.form == "box":
            edge = Box(x, y - 0.1 * em, inner, 1.2 * em)
            canvas.rect(edge, style.colour, style.rule)
        if self.printed:
            canvas.centred(x + inner / 2, y + em / 2, self.answer, self.printed)
            return
        canvas.slots.append(Slot(self.kind, Box(x, y, inner, em), self.answer, self.script, em))


@dataclass(frozen=True)
class Ring:
    """A number or letter in a printed ring, as in ①; solid: white on a disc."""

    text: str
    solid: bool = False

    def width(self, canvas: Canvas, style: Style) -> float:
        return 1.15 * style.em

    def extent(self, style: Style) -> tuple[float, float]:
        return 0.08 * style.em, 0.08 * style.em

    def draw(self, canvas: Canvas, style: Style, x: float, y: float) -> None:
        em = style.em
        middle_x, middle_y, radius = x + 0.55 * em, y + 0.5 * em, 0.5 * em
        if self.solid:
            canvas.disc(middle_x, middle_y, radius, style.accent)
        else:
            canvas.ellipse(middle_x, middle_y, radius, radius, style.colour, style.rule)
        kind = style.body.sized(0.72 if len(self.text) < 2 else 0.58)
        kind = kind.tinted(WHITE) if self.solid else kind
        canvas.centred(middle_x, middle_y, self.text, kind)


@dataclass(frozen=True)
class Fraction:
    """A built-up fraction; either part may be a gap. scale: 0 for the style's."""

    top: "str | Gap"
    bottom: "str | Gap"
    scale: float = 0.0

    def _scale(self, style: Style) -> float:
        return self.scale or style.fraction

    def _inner(self, style: Style) -> Style:
        return replace(style, body=style.body.sized(self._scale(style)))

    def _part(self, part: "str | Gap") -> Piece:
        return Run(part) if isinstance(part, str) else part

    def width(self, canvas: Canvas, style: Style) -> float:
        inner = self._inner(style)
        parts = (self._part(self.top), self._part(self.bottom))
        return max(part.width(canvas, inner) for part in parts) + 0.35 * style.em

    def extent(self, style: Style) -> tuple[float, float]:
        scale = self._scale(style)
        return max(0.0, scale - 0.42) * style.em, max(0.0, scale - 0.38) * style.em

    def draw(self, canvas: Canvas, style: Style, x: float, y: float) -> None:
        inner, em = self._inner(style), style.em
        wide = self.width(canvas, style)
        bar = y + 0.52 * em
        canvas.line(x + 0.08 * em, bar, x + wide - 0.08 * em, bar, style.colour, style.rule)
        height = self._scale(style) * em
        for part, top in ((self.top, bar - 1.04 * height), (self.bottom, bar + 0.08 * height)):
            piece = self._part(part)
            left = x + (wide - piece.width(canvas, inner)) / 2
            piece.draw(canvas, inner, left, top)


@dataclass(frozen=True)
class Root:
    """A square root, or with `degree` another one."""

    body: str
    degree: str = ""

    def width(self, canvas: Canvas, style: Style) -> float:
        return canvas.measure(self.body, style.body) + 0.85 * style.em

    def extent(self, style: Style) -> tuple[float, float]:
        return 0.15 * style.em, 0.1 * style.em

    def draw(self, canvas: Canvas, style: Style, x: float, y: float) -> None:
        em, colour = style.em, style.colour
        end = x + self.width(canvas, style)
        hook = [(x + 0.1 * em, y + 0.62 * em), (x + 0.24 * em, y + 0.52 * em)]
        hook += [(x + 0.42 * em, y + em), (x + 0.62 * em, y - 0.06 * em)]
        canvas.path(hook[:2], colour, style.rule)
        canvas.path(hook[1:3], colour, 1.8 * style.rule)
        canvas.path([*hook[2:], (end - 0.05 * em, y - 0.06 * em)], colour, style.rule)
        canvas.text(x + 0.68 * em, y, self.body, style.body)
        if self.degree:
            canvas.text(x, y - 0.05 * em, self.degree, style.body.sized(0.5), record=False)


@dataclass(frozen=True)
class Space:
    """An empty stretch of so many em."""

    em: float

    def width(self, canvas: Canvas, style: Style) -> float:
        return self.em * style.em

    def extent(self, style: Style) -> tuple[float, float]:
        return 0.0, 0.0

    def draw(self, canvas: Canvas, style: Style, x: float, y: float) -> None:
        """Nothing to print."""
