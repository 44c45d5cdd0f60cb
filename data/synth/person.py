"""Somebody with a pen: puts text into boxes, strikes out what went wrong, writes it anew."""

import math
from dataclasses import dataclass

import numpy as np

from data.synth import marks
from data.synth.fonts import Faces, is_hanzi
from data.synth.hand import Hand
from data.synth.lettering import words_of
from data.synth.pens import Pen, flow
from data.synth.sheet import Box, InkLayer, Sheet
from data.synth.strokes import InkCanvas, Mark, turned

_FINE_CANVAS = 9e6  # pixels of page above which lines are not supersampled
_CONTROL_WIDTH = 2.6  # nor where lines are this wide and the page is large
_LEAST_HANZI = 8.5  # height of writing in widths of its line
_LEAST_LETTERS = 5.5


@dataclass
class Written:
    """An answer on the page.

    box: what it covers; right: whether it is the right one; lines: of several, each one's box.
    """

    box: Box
    right: bool
    kind: str
    lines: tuple[Box, ...] = ()


def is_tall(box: Box, height: float) -> bool:
    """Whether writing of a usual height goes along the box from the bottom up."""
    return box.height > 2.2 * height and box.width < 0.7 * box.height


class Person:
    """A hand, a pen and the ink that has left it; one layer of the page."""

    def __init__(
        self,
        rng: np.random.Generator,
        sheet: Sheet,
        faces: Faces,
        pen: Pen,
        hand: Hand | None = None,
        noted: bool = True,
    ):
        """
        hand: of somebody who takes up another pen; None makes up a new one.
        noted: whether the sheet lists what is written, where it lists words.
        """
        self.rng, self.sheet, self.pen = rng, sheet, pen
        self.noted = noted and sheet.words is not None
        self.hand = hand or Hand(rng, faces, pen.touch.width)
        # Of writing beside the usual one; beside small print some write twice as large.
        self.size = float(rng.uniform(0.95, 1.4) if rng.random() < 0.85 else rng.uniform(1.4, 2.1))
        height, width = sheet.ink.shape[:2]
        coarse = height * width > _FINE_CANVAS and pen.touch.width > _CONTROL_WIDTH
        self.canvas = InkCanvas(height, width, pen.touch, supersampling=1 if coarse else 2)

    def draw(self, strokes: list[Mark]) -> None:
        self.canvas.add(strokes)

    def text(
        self,
        text: str,
        left: float,
        middle: float,
        height: float,
        rng: np.random.Generator | None = None,
    ) -> Box:
        """Writes a line starting at `left`; returns what it covers, in pixels.

        rng: of its own, where what is written after it shall not depend on it.
        """
        height = self.legible(text, height)
        letters = [] if self.noted else None
        written, right = self.hand.write(text, left, middle, height, rng or self.rng, letters)
        self.draw(written)
        if letters:
            self.sheet.words += words_of(letters, hand=True)
        return Box(left, middle - 0.5 * height, right - left, height)

    def legible(self, text: str, height: float) -> float:
        """The height, or more where this pen's line is too broad for such small writing."""
        least = _LEAST_HANZI if any(map(is_hanzi, text)) else _LEAST_LETTERS
        return max(height, least * self.pen.touch.width)

    def shortened(self, text: str, height: float, width: float) -> str:
        """The beginning of text that fits a width, broken between words where it has spaces."""
        long = self.hand.width(text, self.legible(text, height))
        if long <= width:
            return text
        end = max(1, int(len(text) * width / long))
        if " " in text[:end] and text.isascii():
            end = text[:end].rindex(" ") + 1
        return text[:end]

    def answer(self, text: str, box: Box, height: float) -> Box:
        """Writes text into a box, as large as it is usual and fits; returns what it covers.

        height: usual height of writing there, in pixels; this person's size goes on top.
        """
        rng = self.rng
        if len(text) > 1 and is_tall(box, height):
            return self._upwards(text, box, height)
        high = min(height * self.size * rng.uniform(0.92, 1.08), 1.7 * box.height)
        wide = self.hand.width(text, high)
        room = 1.1 * box.width
        if wide > room:
            high *= max(0.6, room / wide)
            if " " in text:  # a sentence that is still too long ends where its line does
                text = self.shortened(text, high, 1.01 * room)
            wide = self.hand.width(text, high)
        spare = max(0.0, box.width - wide)
        left = box.left + spare * float(np.clip(rng.normal(0.35, 0.2), 0.0, 1.0))
        middle = box.top + 0.5 * box.height + rng.normal(0.0, 0.08) * high
        return self.text(text, left, middle, high)

    def _upwards(self, text: str, box: Box, height: float) -> Box:
        """Writes along a tall box from the bottom up, as names are beside a sealing line."""
        high = min(height * self.size, 1.2 * box.width)
        middle = (box.left + box.width / 2, box.top + box.height / 2)
        letters = [] if self.noted else None
        left = box.left + (box.width - box.height) / 2 + 0.1 * box.height
        written, _ = self.hand.write(text, left, middle[1], high, self.rng, letters)
        self.draw(turned(written, middle, -math.pi / 2))
        if letters:
            x, y = middle
            turn = np.array([[0, 1, x - y], [-1, 0, x + y], [0, 0, 1.0]])
            self.sheet.words += [word.moved(turn) for word in words_of(letters, hand=True)]
        return box

    def correct(self, wrong: str, text: str, box: Box, height: float) -> Box:
        """Writes something wrong, crosses it out and puts the right text next to it or above."""
        rng = self.rng
        first = self.answer(wrong, box, height)
        if rng.random() < 0.5:
            self.draw(marks.strike_out(rng, first))
        else:
            self.draw(marks.scribble(rng, first, rng.uniform(0.5, 2.0)))
        width = self.hand.width(text, first.height)
        if first.right + width < box.right + 0.8 * first.height:
            return self.text(
                text,
                first.right + 0.15 * first.height,
                first.top + 0.5 * first.height,
                first.height,
            )
        above, high = first.top - rng.uniform(0.1, 0.4) * first.height, 0.85 * first.height
        if " " in text:
            text = self.shortened(text, high, box.right + 0.1 * box.width - first.left)
        return self.text(text, first.left + rng.uniform(-0.2, 0.5) * first.height, above, high)

    def layer(self) -> InkLayer | None:
        """What was written, or None if nothing was."""
        if not self.canvas:
            return None
        alpha = self.canvas.render(self.rng)
        alpha = flow(alpha, self.pen.medium, self.sheet.print_height, self.rng)
        return InkLayer(alpha, self.pen.colour, self.pen.strength, self.pen.medium)
