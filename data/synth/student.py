"""Filling in a page: what goes into each kind of slot, and how it is set down there."""

import itertools
import re
from collections.abc import Callable

import numpy as np

from data.synth import answers, marks
from data.synth.person import Person, Written, is_tall
from data.synth.sheet import Box, Sheet, Slot

# How much of a page's slots get filled: barely begun, half done, with gaps, all.
_DILIGENCE = ((0.12, 0.4), (0.4, 0.75), (0.75, 0.97), (1.0, 1.0))
_DILIGENCE_ODDS = (0.1, 0.15, 0.3, 0.45)
_RATIO = re.compile(r"(\d+)/(\d+)")
_NOT_FIRST = "，。、；：！？ "  # in a line of running text


class Student:
    """Does the homework on one sheet, slot by slot."""

    def __init__(self, rng: np.random.Generator, sheet: Sheet, person: Person):
        self.rng, self.sheet, self.person = rng, sheet, person
        least, most = _DILIGENCE[int(rng.choice(4, p=_DILIGENCE_ODDS))]
        self.diligence = float(rng.uniform(least, most))
        self.skill = float(rng.uniform(0.5, 1.0))  # share of right answers
        self.hesitation = float(rng.choice([0.0, 0.03, 0.15]))  # crosses out what was first there
        self.option_style = str(
            rng.choice(
                ["none", "ring", "tick", "underline", "sift", "fill"],
                p=[0.42, 0.18, 0.1, 0.08, 0.12, 0.1],
            )
        )
        # Of its own: what is drawn after it does not depend on it.
        self.apart = rng.spawn(1)[0]
        self.rings_text = self.apart.random() < 0.45  # of options, not their letters alone
        self.answers_known = any(slot.text for slot in sheet.slots if slot.kind == "option")
        self.ticks_as_letters = rng.random() < 0.15
        self._before: Slot | None = None
        self._text = {"zh": "", "latin": ""}  # of running texts, what is still to be written

    def fill(self) -> list[Written]:
        """Fills the slots this pupil gets to; returns the answers that can be marked."""
        written = []
        for number, slot in enumerate(self.sheet.slots):
            if slot.kind in ("grid", "line"):
                # An essay is written from its beginning and stops somewhere.
                done = self.diligence > 0.9 or number < self.diligence * len(self.sheet.slots)
            else:
                done = self.rng.random() < self.diligence
            fill = _FILLERS.get(slot.kind)
            if done and fill is not None and self._visible(slot.box):
                answer = fill(self, slot)
                if answer is not None:
                    written.append(answer)
            self._before = slot
        return written

    def _visible(self, box: Box) -> bool:
        height, width = self.sheet.ink.shape[:2]
        return box.right > 0 and box.bottom > 0 and box.left < width and box.top < height

    def _height(self, slot: Slot) -> float:
        usual = slot.height or min(slot.box.height, 1.1 * self.sheet.print_height)
        return usual * (0.88 if slot.script == "zh" else 1.0)

    def _answer(self, slot: Slot) -> Written:
        text = slot.text or answers.made_up(self.rng, slot.kind, slot.script)
        right = self.rng.random() < self.skill or not slot.text
        if not right:
            text = answers.spoiled(self.rng, slot.kind, text)
        person, height = self.person, self._height(slot)
        hesitates = self.rng.random() < self.hesitation
        if hesitates and not is_tall(slot.box, height):  # nobody corrects what goes upwards
            first = answers.spoiled(self.rng, slot.kind, text)
            box = person.correct(first, text, slot.box, height)
        elif _RATIO.fullmatch(text) and self.rng.random() < 0.7:
            box = self._fraction(text, slot.box, height)
        else:
            box = person.answer(text, slot.box, height)
        return Written(box, right, slot.kind)

    def _fraction(self, text: str, box: Box, height: float) -> Box:
        """A fraction with its bar lying."""
        over, _, under = text.partition("/")
        hand = self.person.hand
        size = min(0.8 * height * self.person.size, 0.85 * box.height)
        spare = box.width - max(hand.width(part, size) for part in (over, under)) - 0.2 * size
        left = box.left + 0.3 * max(0.0, spare)
        return self._built_up(over, under, left, box.top + box.height / 2, size)

    def _built_up(self, over: str, under: str, left: float, middle: float, size: float) -> Box:
        """Writes one number over the other, figures `size` high, a bar at `middle` between."""
        person = self.person
        wide = max(person.hand.width(part, size) for part in (over, under)) + 0.2 * size
        for part, y in ((over, middle - 0.58 * size), (under, middle + 0.58 * size)):
            inset = (wide - person.hand.width(part, size)) / 2
            person.text(part, left + inset, y, size)
        person.draw(marks.line(self.rng, (left, middle), (left + wide, middle)))
        return Box(left, middle - 1.1 * size, wide, 2.2 * size)

    def _with_fractions(self, text: str, left: float, middle: float, height: float) -> Box:
        """Writes a line of working, its fractions built up; returns what the line covers."""
        x, parts = left, _RATIO.split(text)
        for plain, over, under in itertools.zip_longest(*(parts[i::3] for i in range(3))):
            if plain:
                x = self.person.text(plain, x, middle, height).right
            if over:
                x = self._built_up(over, under, x + 0.1 * height, middle, 0.75 * height).right
        return Box(left, middle - 0.5 * height, x - left, height)

    def _judge(self, slot: Slot) -> Written:
        right = self.rng.random() < self.skill
        text = slot.text or answers.made_up(self.rng, "judge", slot.script)
        if not right:
            text = answers.spoiled(self.rng, "judge", text)
        box, rng = slot.box, self.rng
        height = self._height(slot) * self.person.size
        if self.ticks_as_letters:
            return Written(self.person.answer(text, box, self._height(slot)), right, slot.kind)
        x = box.left + box.width * rng.uniform(0.35, 0.6)
        y = box.top + 0.5 * box.height
        if text == "T":
            self.person.draw(marks.tick(rng, x, y + 0.3 * height, 0.8 * height))
        else:
            self.person.draw(marks.cross(rng, x, y, 0.7 * height))
        return Written(box, right, slot.kind)

    def _line(self, slot: Slot) -> Written:
        """Goes on with a text from line to line; its last line is rarely full."""
        if slot.text:
            return self._answer(slot)
        person, box = self.person, slot.box
        height = self._height(slot) * min(person.size, 1.15)
        share = 1.0 if self.rng.random() < 0.7 else self.rng.uniform(0.2, 0.9)
        text = self._take(slot.script, share * box.width, height)
        indent = height * (self.rng.uniform(0, 2) if self.rng.random() < 0.2 else 0.2)
        middle = box.top + box.height / 2
        written = person.text(text, box.left + indent, middle, height)
        if self.apart.random() < self.hesitation:
            self._revise(written, slot.script)
        return Written(written, True, slot.kind)

    def _revise(self, line: Box, script: str) -> None:
        """Crosses out a part of a written line; at times something short stands above it then."""
        rng, person, high = self.apart, self.person, line.height
        wide = min(line.width, high * rng.uniform(1, 4))
        part = Box(line.left + rng.random() * (line.width - wide), line.top, wide, high)
        if rng.random() < 0.5:
            person.draw(marks.strike_out(rng, part))
        else:
            person.draw(marks.scribble(rng, part, rng.uniform(0.5, 2.0)))
        if rng.random() < 0.5:
            text = answers.made_up(rng, "blank", script)[:6]
            above = line.top - rng.uniform(0.0, 0.3) * high
            person.text(text, part.left, above, 0.7 * high, rng)

    def _take(self, script: str, width: float, height: float) -> str:
        """The next part of a running text that is about `width` pixels long."""
        one = self.person.hand.width("n" if script == "latin" else "国", height)
        room = max(2, int(width / one))
        script, text = self._running_text(script, room + 12, room + 40)
        text = text.lstrip(_NOT_FIRST)
        end = room
        if script == "latin" and " " in text[:room]:
            end = text[:room].rindex(" ") + 1
        self._text[script] = text[end:]
        return text[:end].strip()

    def _next_character(self, script: str) -> str:
        """The next character of a running text, for one cell."""
        script, text = self._running_text(script, 1, 40)
        self._text[script] = text[1:].lstrip()
        return text[0]

    def _running_text(self, script: str, least: int, more: int) -> tuple[str, str]:
        """The script of words, and what is left of a text in it; less than `least` gets `more`."""
        script = "zh" if script == "math" else script
        if len(self._text[script]) < least:
            self._text[script] += answers.running_text(self.rng, script, more)
        return script, self._text[script]

    def _grid(self, slot: Slot) -> Written:
        box, rng = slot.box, self.rng
        text = slot.text or self._next_character(slot.script)
        right = rng.random() < self.skill or not slot.text
        if not right:
            text = answers.made_up(rng, "grid", slot.script)
        size = min(box.height, box.width) * rng.uniform(0.66, 0.84)
        written = self.person.text(
            text[0],
            box.left + 0.5 * box.width - 0.45 * size + rng.normal(0, 0.05) * size,
            box.top + box.height * (0.5 + rng.normal(0, 0.04)),
            size,
        )
        return Written(written, right, slot.kind)

    def _work(self, slot: Slot) -> Written | None:
        """Several lines, loosely set, that may not use up the place."""
        box, rng, person = slot.box, self.rng, self.person
        height = person.legible("字", self._height(slot) * person.size)
        pitch = height * rng.uniform(1.15, 1.6)
        room = max(1, int(box.height / pitch))
        lines = answers.working(
            rng,
            slot.script,
            self.sheet.subject,
            max(1, int(np.ceil(room * rng.uniform(0.4, 1.05)))),
        )
        # Lying bars, and room for them, or slashes.
        fractions = any(map(_RATIO.search, lines)) and rng.random() < 0.7
        pitch *= 1.45 if fractions else 1.0
        columns = 2 if box.width > 22 * height and len(lines) > 3 and rng.random() < 0.4 else 1
        wide = box.width / columns
        indent = rng.uniform(0, 0.12) * box.width
        per_column = -(-len(lines) // columns)
        covered: list[Box] = []
        for i, text in enumerate(lines):
            column, row = divmod(i, per_column)
            left = box.left + column * wide + indent + rng.normal(0, 0.25) * height
            if text.startswith("="):
                left += rng.uniform(0.5, 1.5) * height
            middle = box.top + (row + 0.55) * pitch + rng.normal(0, 0.06) * height
            fitting = person.shortened(text, height, wide - indent)
            write = self._with_fractions if fractions else person.text
            written = write(fitting, left, middle, height)
            if rng.random() < 0.6 * self.hesitation:
                person.draw(marks.scribble(rng, written, rng.uniform(0.5, 2.5)))
            covered.append(written)
        if not covered:
            return None
        if columns == 2 and rng.random() < 0.5:  # a bar between the columns
            x, foot = box.left + wide, covered[per_column - 1].bottom
            end = (x + rng.normal(0, 0.2) * height, foot + rng.uniform(0, 0.6) * height)
            person.draw(marks.line(rng, (x, box.top), end))
        if len(covered) > 1 and rng.random() < 0.08:  # an equation system's brace
            first, last = covered[0], covered[min(1, per_column - 1)]
            x = first.left - 0.1 * height
            person.draw(marks.bracket(rng, x, first.top, last.bottom, -0.4 * height))
        right = max(part.right for part in covered)
        whole = Box(covered[0].left, box.top, right - covered[0].left, covered[-1].bottom - box.top)
        return Written(whole, rng.random() < self.skill, slot.kind, tuple(covered))

    def _column(self, slot: Slot) -> Written | None:
        """A sum in columns; what is not one is worked out freely."""
        rows = answers.in_columns(slot.text)
        if rows is None:
            return self._work(slot)
        box, rng, person = slot.box, self.rng, self.person
        if self._bracket_printed(slot):
            return self._division_steps(slot, rows[2:])
        usual = self._height(slot) * person.size
        size = min(usual, box.height / (0.95 * len(rows)), 1.6 * usual)
        digit = 0.62 * size
        widest = max(len(row.text) - row.right for row in rows)
        right = box.left + min(
            box.width, max(widest * digit * 1.1, rng.uniform(0.35, 0.75) * box.width)
        )
        y = box.top + 0.6 * size
        left = right - (widest + 0.5) * digit
        divided = any(")" in row.text for row in rows)
        for number, row in enumerate(rows):
            self._figures(row.text, right + row.right * digit, y, size, digit)
            if row.ruled or (divided and number == 0):
                foot = y + 0.55 * size
                person.draw(
                    marks.line(
                        rng, (left, foot), (right + 0.3 * digit, foot + rng.normal(0, 0.05) * size)
                    )
                )
            y += size * rng.uniform(0.95, 1.1)
        return Written(Box(left, box.top, right - left, y - box.top), True, slot.kind)

    def _figures(self, text: str, right: float, middle: float, size: float, digit: float) -> None:
        """Figures set one below the other: `digit` pixels apart, the last one ending at `right`."""
        for place, character in enumerate(reversed(text)):
            left = right - (place + 1 + self.rng.normal(0, 0.05)) * digit
            if not character.isspace():
                self.person.text(character, left, middle, size)

    def _bracket_printed(self, slot: Slot) -> bool:
        """True where the place for the quotient is above a printed bracket with the dividend."""
        before = self._before
        if before is None or before.kind != "number" or "÷" not in slot.text:
            return False
        gap = slot.box.top - before.box.bottom
        return slot.text.endswith("=" + before.text) and gap > 0.8 * self._height(slot)

    def _division_steps(self, slot: Slot, rows: list[answers.Figures]) -> Written:
        """What is taken away step by step, under the figures of a printed division."""
        box, quotient = slot.box, self._before.box
        digits = len(slot.text.partition("÷")[0])
        digit = quotient.width / (digits + 0.7)  # as far apart as the printed ones
        right = quotient.left + (digits + 0.3) * digit
        pitch = min(1.6 * digit, box.height / len(rows) * 1.1)
        size = 0.95 * pitch
        for number, row in enumerate(rows):
            middle = box.top + (number + 0.5) * pitch
            self._figures(row.text, right + row.right * digit, middle, size, digit)
            if row.ruled:
                foot = middle + 0.5 * pitch
                self.person.draw(marks.line(self.rng, (quotient.left, foot), (right, foot)))
        return Written(box, True, slot.kind)

    def _match(self, slot: Slot) -> Written:
        box, rng = slot.box, self.rng
        count = max(1, len(slot.text))
        step = slot.height or box.height / count
        first = box.top + (box.height - step * (count - 1)) / 2
        targets = [int(c) for c in slot.text]
        right = rng.random() < self.skill
        if not right:
            targets = [int(i) for i in rng.permutation(count)]
        shake = 0.25 * self.sheet.print_height
        along_ruler = rng.random() < 0.3
        for i, target in enumerate(targets):
            start = (box.left + rng.normal(0, shake), first + i * step + rng.normal(0, 0.5 * shake))
            end = (
                box.right + rng.normal(0, shake),
                first + target * step + rng.normal(0, 0.5 * shake),
            )
            self.person.draw(
                marks.ruled(start, end) if along_ruler else marks.line(rng, start, end)
            )
        return Written(box, right, slot.kind)

    def _option(self, slot: Slot) -> None:
        box, rng, style = slot.box, self.rng, self.option_style
        known = self.answers_known and rng.random() < self.skill
        chosen = bool(slot.text) if known else rng.random() < 0.25
        if style == "sift":
            if not chosen and rng.random() < 0.4:
                size = 0.7 * box.height
                self.person.draw(
                    marks.cross(rng, box.left + 0.5 * box.width, box.top + 0.5 * box.height, size)
                )
            elif chosen and rng.random() < 0.3:
                self.person.draw(marks.tick(rng, box.left, box.bottom, 0.9 * box.height))
        elif chosen and style == "ring":
            ringed = self._printed_at(box) if self.rings_text else box
            self.person.draw(marks.circle(rng, ringed, 0.12 * box.height))
        elif chosen and style == "fill":
            self.person.draw(marks.scribble(rng, box, 2.5))
        elif chosen and style == "tick":
            self.person.draw(
                marks.tick(
                    rng, box.left + 0.4 * box.width, box.bottom, box.height * rng.uniform(0.8, 1.4)
                )
            )
        elif chosen and style == "underline":
            self.person.draw(
                marks.line(
                    rng,
                    (box.left, box.bottom + 0.1 * box.height),
                    (box.right + box.width, box.bottom + 0.1 * box.height),
                )
            )

    def _printed_at(self, letter: Box) -> Box:
        """The first line of an option whose letter is printed there, or the letter alone."""
        lines = (line.box for line in self.sheet.lines)
        near = 0.3 * letter.height
        return next(
            (
                box
                for box in lines
                if abs(box.left - letter.left) < near and abs(box.top - letter.top) < near
            ),
            letter,
        )

    def _margin(self, slot: Slot) -> None:
        """A note broken into lines as wide as the margin."""
        box, rng, person = slot.box, self.rng, self.person
        if rng.random() < 0.35:
            return
        script = slot.script if rng.random() < 0.6 else "zh"
        height = (slot.height or self.sheet.print_height) * rng.uniform(0.75, 1.2)
        text = answers.note(rng, script)
        y = box.top + height * rng.uniform(0.5, 1.5)
        while text and y < box.bottom:
            part = person.shortened(text, height, box.width)
            person.text(part, box.left + rng.uniform(0, 0.2) * height, y, height)
            text, y = text[len(part) :].lstrip(), y + 1.25 * height

    def _figure(self, slot: Slot) -> None:
        """Lines added to a drawing, lengths and letters beside it, parts shaded."""
        box, rng, person = slot.box, self.rng, self.person
        size = 0.85 * self.sheet.print_height * person.size

        def inside() -> tuple[float, float]:
            return (
                box.left + rng.uniform(0.05, 0.95) * box.width,
                box.top + rng.uniform(0.05, 0.95) * box.height,
            )

        for _ in range(int(rng.integers(0, 4))):
            luck, at = rng.random(), inside()
            if luck < 0.35:
                person.draw(
                    marks.ruled(at, inside())
                    if rng.random() < 0.5
                    else marks.line(rng, at, inside())
                )
            elif luck < 0.5:
                person.draw(marks.dashed(rng, at, inside(), 0.4 * size))
            elif luck < 0.85:
                label = (
                    str(rng.integers(1, 99)) if rng.random() < 0.6 else "ABCDEFxy"[rng.integers(8)]
                )
                person.text(label, *at, 0.8 * size)
            else:
                part = Box(*at, 0.25 * box.width, 0.25 * box.height)
                person.draw(marks.scribble(rng, part, rng.uniform(0.3, 0.8)))


_FILLERS: dict[str, Callable[[Student, Slot], Written | None]] = {
    "blank": Student._answer,
    "choice": Student._answer,
    "number": Student._answer,
    "name": Student._answer,
    "judge": Student._judge,
    "line": Student._line,
    "grid": Student._grid,
    "work": Student._work,
    "column": Student._column,
    "match": Student._match,
    "option": Student._option,
    "margin": Student._margin,
    "figure": Student._figure,
}
