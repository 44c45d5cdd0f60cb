"""What readers leave on print: underlines, rings, numbers, notes between lines, doodles."""

from collections.abc import Callable

import numpy as np

from data.synth import answers, marks
from data.synth.person import Person
from data.synth.sheet import Box, Sheet, TextLine
from data.synth.words import pick

_LONG_RINGS = 0.4  # of the rings around print


def annotate(
    rng: np.random.Generator,
    sheet: Sheet,
    person: Person,
    count: int,
    only: tuple[str, ...] = (),
    lines: list[TextLine] | None = None,
) -> None:
    """Puts `count` marks on the print of a page, a reader's habit or two coming up most often.

    only: names of the kinds of marks to choose from; () means all.
    lines: to mark instead of the printed ones.
    """
    lines = sheet.lines if lines is None else lines
    if not lines:
        return
    names = list(only or _ANNOTATIONS)
    odds = np.array([_ANNOTATIONS[name][0] for name in names])
    odds = odds / odds.sum() + 0.5 * rng.dirichlet(np.full(len(names), 0.15))
    odds /= odds.sum()
    for _ in range(count):
        line = pick(rng, lines)
        draw = _ANNOTATIONS[names[int(rng.choice(len(names), p=odds))]][1]
        draw(rng, sheet, person, line)


def part_of(rng: np.random.Generator, line: TextLine, least: int, most: int) -> tuple[Box, str]:
    """A run of `least` to `most` characters of a printed line: where it is, and its text."""
    length = max(1, len(line.text))
    count = min(length, int(rng.integers(least, most + 1)))
    first = int(rng.integers(0, length - count + 1))
    box, step = line.box, line.box.width / length
    part = Box(box.left + first * step, box.top, count * step, box.height)
    return part, line.text[first : first + count]


def _underline(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    part = line.box if rng.random() < 0.15 else part_of(rng, line, 2, 24)[0]
    y = part.bottom + rng.uniform(0.02, 0.25) * part.height
    if rng.random() < 0.35:
        slope = rng.normal(0, 0.005) * part.width + rng.normal(0, 0.03) * part.height
        person.draw(marks.ruled((part.left, y - slope), (part.right, y + slope)))
        return
    for _ in range(1 if rng.random() < 0.85 else 2):
        slope = rng.normal(0, 0.08) * part.height
        person.draw(marks.line(rng, (part.left, y - slope), (part.right, y + slope)))
        y += rng.uniform(0.12, 0.22) * part.height


def _wave(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    part, _ = part_of(rng, line, 3, 20)
    y = part.bottom + 0.16 * part.height
    person.draw(marks.wavy(rng, (part.left, y), (part.right, y), 0.2 * part.height))


def _ring(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """Around a character or a few, or long and narrow around words or all that is printed there."""
    part, _ = part_of(rng, line, 1, 4)
    apart = rng.spawn(1)[0]  # of its own: what is drawn after it does not depend on it
    if apart.random() < _LONG_RINGS:
        part = line.box if apart.random() < 0.25 else part_of(apart, line, 5, 16)[0]
    person.draw(marks.circle(rng, part, 0.08 * line.box.height))


def _strike(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    person.draw(marks.strike_out(rng, part_of(rng, line, 1, 8)[0]))


def _blacken(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    person.draw(marks.scribble(rng, part_of(rng, line, 1, 4)[0], rng.uniform(0.5, 3.5)))


def _dots(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    part, text = part_of(rng, line, 2, 6)
    person.draw(marks.dots(rng, part, len(text)))


def _note(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """Something small between the lines, or right over the print."""
    part, text = part_of(rng, line, 1, 5)
    height = part.height * rng.uniform(0.55, 1.1)
    if rng.random() < 0.3:
        script = "latin" if text.isascii() else "zh"
        words = answers.note(rng, script)
    else:
        words = answers.made_up(rng, "number", "math")
    up = rng.uniform(-0.9, -0.4) if rng.random() < 0.7 else rng.uniform(-0.2, 1.2)
    person.text(words[:14], part.left, part.top + (0.5 + up) * part.height, height)


def _over(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """Writing as large as the print or larger, right on top of it."""
    part, text = part_of(rng, line, 1, 3)
    script = "latin" if text.isascii() and rng.random() < 0.7 else "zh"
    kind = "margin" if rng.random() < 0.3 else "blank"
    words = answers.made_up(rng, kind, script)[: int(rng.integers(1, 9))]
    middle = part.top + (0.5 + rng.normal(0, 0.25)) * part.height
    person.text(words, part.left, middle, part.height * rng.uniform(0.9, 1.8))


def _number(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """A large paragraph number at the beginning of a line, partly over it."""
    box, size = line.box, line.box.height * rng.uniform(1.0, 2.3)
    left = box.left - size * rng.uniform(-0.1, 0.9)
    place = Box(left, box.top + 0.5 * (box.height - size), 0.6 * size, size)
    paragraph = 1 + min(12, int(rng.exponential(2.5)))
    person.text(str(paragraph), place.left, place.top + 0.5 * size, size)
    if rng.random() < 0.3:
        person.draw(marks.circle(rng, place, 0.15 * size))


def _caret(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    part, text = part_of(rng, line, 1, 1)
    size = 0.5 * part.height
    person.draw(marks.caret(rng, part.right, part.bottom - 0.3 * part.height, size))
    script = "latin" if text.isascii() else "zh"
    word = answers.made_up(rng, "blank", script)[:6]
    person.text(word, part.right - 0.5 * size, part.top - 0.3 * part.height, 0.8 * part.height)


def _divide(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """A stroke between two characters, through this line and perhaps its neighbours."""
    part, _ = part_of(rng, line, 1, 1)
    lines = 1 if rng.random() < 0.6 else int(rng.integers(2, 7))
    top = part.top - rng.uniform(0.0, 0.4) * part.height
    bottom = part.bottom + (lines - 1) * 1.7 * part.height + rng.uniform(0, 0.4) * part.height
    lean = rng.normal(0, 0.12) * (bottom - top)
    start, end = (part.right + lean, top), (part.right - lean, bottom)
    person.draw(
        marks.dashed(rng, start, end, 0.25 * part.height)
        if rng.random() < 0.4
        else marks.line(rng, start, end)
    )


def _bracket(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    part, _ = part_of(rng, line, 3, 10)
    depth = 0.2 * part.height
    person.draw(marks.bracket(rng, part.left + depth, part.top, part.bottom, -depth))
    if rng.random() < 0.8:
        person.draw(marks.bracket(rng, part.right - depth, part.top, part.bottom, depth))


def _brace(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """Some lines bracketed together at their side."""
    box, em = line.box, line.box.height
    bottom = box.bottom + rng.integers(1, 5) * 1.7 * em
    if rng.random() < 0.5:
        person.draw(marks.bracket(rng, box.right + 0.4 * em, box.top, bottom, 0.6 * em))
    else:
        person.draw(marks.bracket(rng, box.left - 0.4 * em, box.top, bottom, -0.6 * em))


def _arrow(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    em = line.box.height
    part, _ = part_of(rng, line, 1, 1)
    start = (part.right, part.top + 0.5 * em)
    end = (start[0] + rng.normal(0, 6) * em, start[1] + rng.normal(0, 3) * em)
    person.draw(marks.arrow(rng, start, end, 0.5 * em))


def _star(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    em, box = line.box.height, line.box
    x, y = box.left - rng.uniform(0.2, 1.2) * em, box.top + 0.5 * em
    luck = rng.random()
    if luck < 0.5:
        person.draw(marks.star(rng, x, y, em * rng.uniform(0.7, 1.4)))
    elif luck < 0.8:
        person.draw(marks.tick(rng, x, y + 0.3 * em, em * rng.uniform(0.7, 1.2)))
    else:
        person.text("?" if rng.random() < 0.7 else "!", x, y, em * rng.uniform(1.0, 1.8))


def _through(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """A long sweep over several lines of print: the pen slipped, or a part is called off."""
    em, box = line.box.height, line.box
    x = box.left + rng.uniform(0, 1) * box.width
    if rng.random() < 0.4:
        wide, tall = em * rng.uniform(4, 14), em * rng.uniform(3, 9)
        person.draw(marks.line(rng, (x, box.top), (x + wide, box.top + tall)))
        if rng.random() < 0.5:
            person.draw(marks.line(rng, (x + wide, box.top), (x, box.top + tall)))
        return
    hops = np.cumsum(rng.normal(0, 2.5 * em, (int(rng.integers(3, 6)), 2)), axis=0)
    person.draw([marks.free(hops + (x, box.top))])


def _fence(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """A long line down or across the page, by hand or ruler, as if it were a table's."""
    em, box = line.box.height, line.box
    x, y = box.left + rng.uniform(-0.1, 1.1) * box.width, box.top
    long, lean = em * rng.uniform(4, 25), rng.normal(0, 0.02)
    end = (x + lean * long, y + long) if rng.random() < 0.7 else (x + long, y + lean * long)
    person.draw(marks.ruled((x, y), end) if rng.random() < 0.4 else marks.line(rng, (x, y), end))


def _boxed(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """A box around some characters."""
    part, _ = part_of(rng, line, 1, 8)
    person.draw(marks.frame(rng, part, rng.uniform(0.02, 0.3) * part.height))


def _join(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """A straight line from one piece of print to another, as if they were to be matched."""
    em, others = line.box.height, [pick(rng, sheet.lines).box for _ in range(8)]
    start = (line.box.right + rng.uniform(0.1, 0.6) * em, line.box.top + 0.5 * em)
    ends = [
        (box.left - rng.uniform(0.1, 0.6) * em, box.top + 0.5 * box.height)
        for box in others
        if box.left > start[0] + 2 * em and abs(box.top - line.box.top) < 14 * em
    ]
    far = (start[0] + em * rng.uniform(3, 15), start[1] + em * rng.normal(0, 5))
    end = ends[0] if ends else far
    person.draw(marks.ruled(start, end) if rng.random() < 0.4 else marks.line(rng, start, end))


def _strokes(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """Straight strokes beside the print, alone or in a row: tallies, slashes, bars, brackets."""
    em, box = line.box.height, line.box
    x, y = box.left + rng.uniform(-0.05, 1.05) * box.width, box.top + rng.uniform(-0.3, 1.3) * em
    lean = rng.normal(0, 0.12) if rng.random() < 0.7 else rng.uniform(-1.5, 1.5)
    high, step = em * rng.uniform(0.5, 2.2), em * rng.uniform(0.25, 1.2)
    level = rng.random() < 0.35
    for _ in range(int(rng.choice((1, 1, 1, 2, 3, 5)))):
        along = np.array([lean, 1.0]) * high * rng.uniform(0.8, 1.2)
        along = along[::-1] if level else along
        person.draw(marks.line(rng, (x, y), (x + along[0], y + along[1]), 0.02 * em))
        x, y = (x, y + step) if level else (x + step, y)


def _draft(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    """Some lines of working wherever the paper seemed free enough."""
    height, width = sheet.ink.shape[:2]
    size = sheet.print_height * rng.uniform(0.8, 1.3)
    left, top = rng.uniform(0.0, 0.85) * width, rng.uniform(0.0, 0.95) * height
    for i, text in enumerate(answers.working(rng, "math", sheet.subject, int(rng.integers(1, 4)))):
        person.text(text, left + rng.normal(0, 0.4) * size, top + 1.3 * i * size, size)


def _doodle(rng: np.random.Generator, sheet: Sheet, person: Person, line: TextLine) -> None:
    height, width = sheet.ink.shape[:2]
    size = sheet.print_height * rng.uniform(1.2, 3.5)
    person.draw(marks.doodle(rng, rng.uniform(0, width), rng.uniform(0, height), size))


_Annotation = Callable[[np.random.Generator, Sheet, Person, TextLine], None]
_ANNOTATIONS: dict[str, tuple[float, _Annotation]] = {
    "underline": (0.22, _underline),
    "wave": (0.06, _wave),
    "ring": (0.14, _ring),
    "strike": (0.07, _strike),
    "blacken": (0.05, _blacken),
    "dots": (0.03, _dots),
    "note": (0.2, _note),
    "over": (0.16, _over),
    "number": (0.12, _number),
    "caret": (0.02, _caret),
    "divide": (0.08, _divide),
    "bracket": (0.05, _bracket),
    "brace": (0.03, _brace),
    "arrow": (0.02, _arrow),
    "star": (0.05, _star),
    "through": (0.05, _through),
    "fence": (0.06, _fence),
    "boxed": (0.05, _boxed),
    "join": (0.04, _join),
    "strokes": (0.1, _strokes),
    "draft": (0.04, _draft),
    "doodle": (0.02, _doodle),
}
