"""Setting type: a column with a cursor, down which text and blocks flow.

A line of text is a list of strings and pieces. `Column.flow` breaks them into lines and prints
them; the pieces record the slots they leave.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from data.synth.content.canvas import Canvas, Point, needs_air
from data.synth.content.pieces import Piece, Run
from data.synth.content.style import Style
from data.synth.sheet import Box, Slot

Drawn = TypeVar("Drawn")

# Characters that may not begin a line: they hang over its end instead.
_CLOSING = frozenset("，。、；：！？）》」』】”’,.;:!?)]}%℃°")
_OPENING = frozenset("（《「『【“‘([")


@dataclass
class Column:
    """Where the next block goes: a strip of the page with a cursor that moves down.

    left, width: pixels; y: the cursor; bottom: where the column ends. Blocks may print past the
    bottom (the page clips them), and move `y` below what they printed.
    question: the number of the last question; section: of the last section heading.
    recent: what this sheet has asked already, shared by its columns.
    """

    canvas: Canvas
    style: Style
    rng: np.random.Generator
    left: float
    width: float
    y: float
    bottom: float
    question: int = 0
    section: int = 0
    recent: list = field(default_factory=list)

    @property
    def em(self) -> float:
        return self.style.body.size

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def room(self) -> float:
        """Pixels left below the cursor."""
        return self.bottom - self.y

    def skip(self, em: float) -> None:
        self.y += em * self.em

    def fresh(self, draw: Callable[[], Drawn]) -> Drawn:
        """Something drawn at random that this sheet does not have yet, if a few tries find one."""
        for _ in range(6):
            drawn = draw()
            if drawn not in self.recent:
                break
        self.recent.append(drawn)
        return drawn

    def inset(self, left: float, width: float) -> "Column":
        """A part of this column from `left` (pixels from its own left), with its own cursor."""
        return replace(self, left=self.left + left, width=width)

    def slot(self, kind: str, box: Box, text: str = "", script: str = "zh", height: float = 0):
        """Record a place to write."""
        self.canvas.slots.append(Slot(kind, box, text, script, height or min(self.em, box.height)))

    def text(self, x: float, y: float, text: str, factor: float = 1.0, **changes) -> float:
        """Print body text at (x, y), resized; changes: fields of `Type`. Returns its end."""
        kind = self.style.body.sized(factor)
        return self.canvas.text(x, y, text, replace(kind, **changes) if changes else kind)

    def line(self, x0: float, y0: float, x1: float, y1: float, **options) -> None:
        """Draw a rule in the body's colour; options: of `Canvas.line`."""
        options.setdefault("colour", self.style.colour)
        options.setdefault("width", self.style.rule)
        self.canvas.line(x0, y0, x1, y1, **options)

    def path(self, points: Sequence[Point] | np.ndarray, **options) -> None:
        options.setdefault("colour", self.style.colour)
        options.setdefault("width", self.style.rule)
        self.canvas.path(points, **options)

    def flow(
        self,
        pieces: Sequence["str | Piece"],
        indent: float = 0.0,
        first: float = 0.0,
        leading: float = 0.0,
        align: str = "left",
        style: Style | None = None,
    ) -> None:
        """Set pieces in lines, print them, and move the cursor below.

        indent: of all lines but the first, first: of the first, both in em. leading: line
        distance in em, 0 for the style's. align: 'left', 'centre', or 'full', which spreads all
        lines but the last over the column.
        """
        style = style or self.style
        em = style.em
        distance = (leading or style.leading) * em
        start, used, line = first * em, 0.0, []
        for piece in _cut(pieces):
            wide = piece.width(self.canvas, style)
            if line and isinstance(piece, Run) and isinstance(line[-1][0], Run):
                meets = needs_air(line[-1][0].text[-1:], piece.text[:1])
                wide += style.body.air * style.em if meets else 0.0
            hangs = isinstance(piece, Run) and piece.text[:1] in _CLOSING
            if line and start + used + wide > self.width + 0.01 * em and not hangs:
                carried = [line.pop()] if len(line) > 1 and _opens(line[-1][0]) else []
                used -= sum(width for _, width in carried)
                self._set_line(line, start, used, distance, align, style)
                start, line = indent * em, carried
                used = sum(width for _, width in carried)
                if isinstance(piece, Run) and not piece.text.strip():
                    continue
            line.append((piece, wide))
            used += wide
        if line:
            last = "left" if align == "full" else align
            self._set_line(line, start, used, distance, last, style)

    def _set_line(
        self,
        line: list[tuple[Piece, float]],
        start: float,
        used: float,
        distance: float,
        align: str,
        style: Style,
    ) -> None:
        extents = [piece.extent(style) for piece, _ in line]
        above = max(extent[0] for extent in extents)
        below = max(extent[1] for extent in extents)
        # Leading already leaves room; only what needs more than half of it pushes lines apart.
        slack = 0.5 * (distance - style.em)
        y = self.y + max(0.0, above - slack)
        self.y = y + max(distance, style.em + below + 0.4 * slack)
        spare = self.width - start - used
        x = self.left + start + (spare / 2 if align == "centre" else 0.0)
        if y > self.canvas.height + style.em or self.y < -style.em:
            return
        joined = _join(line)
        if align == "full" and spare > 0:
            joined = _spread(joined, spare, style)
        for piece, wide in joined:
            if isinstance(piece, Run):
                wide = piece.width(self.canvas, style)
            piece.draw(self.canvas, style, x, y)
            x += wide


def _opens(piece: Piece) -> bool:
    """True for what may not end a line."""
    return isinstance(piece, Run) and piece.text in _OPENING


def _spread(line: list[tuple[Piece, float]], spare: float, style: Style):
    """The line with `spare` pixels shared out between its words or, if Chinese, characters."""
    text = "".join(piece.text for piece, _ in line if isinstance(piece, Run))
    count = text.rstrip().count(" ")
    where = "word" if count > 3 else "spacing"
    count = count if count > 3 else max(1, len(text))
    wider = []
    for piece, wide in line:
        if isinstance(piece, Run):
            kind = piece.type or style.body
            extra = getattr(kind, where) + min(0.3, spare / (count * kind.size))
            piece = replace(piece, type=replace(kind, **{where: extra}))
        wider.append((piece, wide))
    return wider


def _cut(pieces: Sequence["str | Piece"]) -> list[Piece]:
    """Pieces that no line break may divide: single Chinese characters, whole Latin words."""
    whole: list[Piece] = []
    for piece in pieces:
        run = Run(piece) if isinstance(piece, str) else piece
        if not isinstance(run, Run) or run.mark == "box":
            whole.append(run)
            continue
        word = ""
        for char in run.text:
            if "!" <= char < "\u2010":
                word += char
                continue
            if word:
                whole.append(replace(run, text=word))
                word = ""
            whole.append(replace(run, text=char))
        if word:
            whole.append(replace(run, text=word))
    return whole


def _join(line: list[tuple[Piece, float]]) -> list[tuple[Piece, float]]:
    """Runs of one type side by side become a single run, printed in one go."""
    joined: list[tuple[Piece, float]] = []
    for piece, wide in line:
        if joined and isinstance(piece, Run) and isinstance(joined[-1][0], Run):
            before, width = joined[-1]
            if replace(piece, text=before.text) == before:
                joined[-1] = (replace(piece, text=before.text + piece.text), width + wide)
                continue
        joined.append((piece, wide))
    return joined
