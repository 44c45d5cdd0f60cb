"""Marking homework: ticks and crosses beside the answers, corrections, scores, remarks."""

import numpy as np

from data.synth import answers, marks
from data.synth.annotations import annotate
from data.synth.person import Person, Written
from data.synth.sheet import Box, Sheet, TextLine
from data.synth.words import number, pick

_ON_WRITING = ("wave", "underline", "ring", "bracket")
_ON_PRINT = ("underline", "wave", "ring", "strike", "star", "bracket", "brace", "divide", "through")


class Teacher:
    """Marks what a pupil has written on one sheet."""

    def __init__(self, rng: np.random.Generator, sheet: Sheet, person: Person):
        self.rng, self.sheet, self.person = rng, sheet, person
        self.em = sheet.print_height
        self.zeal = float(rng.choice([0.15, 0.5, 0.95]))  # share of the answers marked
        self.side = str(rng.choice(["over", "right", "left"], p=[0.45, 0.4, 0.15]))
        self.tick_size = float(rng.uniform(1.1, 3.2)) * self.em

    def mark(self, written: list[Written]) -> None:
        """Goes over the answers, then over the page as a whole."""
        for answer in written:
            if answer.kind not in ("name", "grid") and self.rng.random() < self.zeal:
                self._judge(answer)
        grid = [answer for answer in written if answer.kind == "grid" and not answer.right]
        for answer in grid:
            if self.rng.random() < self.zeal:
                self.person.draw(marks.circle(self.rng, answer.box))
        if self.rng.random() < 0.45:
            self._total()
        if self.rng.random() < 0.4:
            self._remark()
        annotate(self.rng, self.sheet, self.person, number(self.rng, 0, 3), _ON_PRINT)

    def read(self, written: list[Written], rng: np.random.Generator) -> None:
        """Now and then marks passages of what is written in lines. rng: of its own."""
        boxes = [
            box
            for answer in written
            if answer.kind in ("line", "work")
            for box in answer.lines or (answer.box,)
        ]
        if rng.random() < 0.4:
            lines = [TextLine(box, "字" * round(box.width / box.height)) for box in boxes]
            annotate(rng, self.sheet, self.person, number(rng, 1, 6), _ON_WRITING, lines)

    def _judge(self, answer: Written) -> None:
        rng, box, em = self.rng, answer.box, self.em
        x, y = self._place(box)
        if answer.right:
            size = self.tick_size * rng.uniform(0.8, 1.2)
            if rng.random() < 0.06:
                self.person.draw(marks.half_tick(rng, x, y, size))
            else:
                self.person.draw(marks.tick(rng, x, y, size))
            return
        luck = rng.random()
        if luck < 0.4:
            self.person.draw(marks.cross(rng, x, y, 0.6 * self.tick_size))
        elif luck < 0.72:
            self.person.draw(marks.circle(rng, box, 0.1 * em))
        else:
            # A stroke through it, from the upper right.
            self.person.draw(
                marks.line(
                    rng,
                    (box.right, box.top - 0.2 * em),
                    (box.right - 1.3 * em, box.bottom + 0.3 * em),
                )
            )
        if rng.random() < 0.3:
            self.person.text(
                f"-{number(rng, 1, 6)}", box.right + 0.4 * em, box.top, em * rng.uniform(1.0, 1.6)
            )
        if rng.random() < 0.2 and answer.kind in ("choice", "number", "blank"):
            correction = answers.made_up(rng, answer.kind, "math")
            self.person.text(correction, box.left + 0.3 * em, box.top - 0.3 * em, 1.1 * em)

    def _place(self, box: Box) -> tuple[float, float]:
        """Where the corner of a tick goes for an answer."""
        rng, em = self.rng, self.em
        y = box.top + box.height * rng.uniform(0.4, 0.9)
        if self.side == "over":
            return box.left + box.width * rng.uniform(0.3, 0.8), y
        if self.side == "right":
            return box.right + em * rng.uniform(0.0, 1.5), y
        return box.left - em * rng.uniform(0.3, 1.5), y

    def _total(self) -> None:
        """The score, large, at the head of the page or where one is asked for, underlined."""
        rng, em = self.rng, self.em
        places = [slot.box for slot in self.sheet.slots if slot.kind == "score"]
        letters = ("A", "A+", "B", "优")
        text = str(number(rng, 40, 100)) if rng.random() < 0.7 else pick(rng, letters)
        size = em * rng.uniform(1.6, 4.0)
        if places:
            box = pick(rng, places)
            left, middle = box.left + 0.2 * em, box.top + 0.4 * box.height
            size = min(size, 1.8 * box.height)
        else:
            height, width = self.sheet.ink.shape[:2]
            left = width * rng.uniform(0.05, 0.85)
            middle = min(height, 12 * em) * rng.uniform(0.15, 0.6)
        written = self.person.text(text, left, middle, size)
        foot = written.bottom + 0.05 * size
        for _ in range(number(rng, 0, 2)):
            slope = rng.normal(-0.05, 0.04) * written.width
            self.person.draw(
                marks.line(
                    rng,
                    (written.left - 0.2 * size, foot - slope),
                    (written.right + 0.2 * size, foot + slope),
                )
            )
            foot += 0.15 * size

    def _remark(self) -> None:
        rng, em = self.rng, self.em
        height, width = self.sheet.ink.shape[:2]
        if rng.random() < 0.5:
            left, middle = rng.uniform(0.05, 0.75) * width, height * rng.uniform(0.85, 0.98)
        else:
            left, middle = rng.uniform(0.0, 0.8) * width, rng.uniform(0.05, 0.95) * height
        self.person.text(answers.remark(rng), left, middle, em * rng.uniform(1.1, 2.4))
