"""Writes on a printed page: who was here, with which pens, and in which order.

Each pen leaves a layer of its own. The order of the layers is that in which they got onto the
paper: the writing, what covers it up, what is written over that, the teacher, and the dirt.
"""

from itertools import groupby

import numpy as np

from data.characters import Characters
from data.synth import marks, mess, pens
from data.synth.annotations import annotate, part_of
from data.synth.answers import made_up, note
from data.synth.fonts import Faces
from data.synth.lettering import place
from data.synth.pens import Pen
from data.synth.person import Person, Written
from data.synth.sheet import Box, InkLayer, Sheet
from data.synth.student import Student
from data.synth.teacher import Teacher
from data.synth.words import number, pick

_BOLD = 0.06  # of those who write: with a felt pen, broader than any other
_LARGE = 0.07  # of pages: somebody wrote large across them
_BOOKISH = 0.5  # share of slots in the margin that make a page one that is read, not done


def write_on(
    sheet: Sheet,
    rng: np.random.Generator,
    faces: Faces,
    stamps_kept: bool = True,
    dirt_kept: bool = False,
) -> list[InkLayer]:
    """Everything that people and accidents leave on a sheet, lowest layer first.

    stamps_kept, dirt_kept: whether stamps, and dirt and stains, belong to the page: they are
    drawn either way, and marked to be kept or not.
    """
    shape, em = sheet.ink.shape[:2], sheet.print_height
    layers: list[InkLayer | None] = []
    if rng.random() < 0.1 and faces.print_zh:
        layers.append(mess.stamp(rng, shape, em, pick(rng, faces.print_zh), stamps_kept))
        if sheet.words is not None:
            sheet.words += place(layers[-1].alpha)
    if rng.random() < 0.1:
        layers.append(_highlights(rng, sheet))

    if is_bookish(sheet):
        layers += _readers(rng, sheet, faces)
        written: list[Written] = []
    else:
        student = Person(rng, sheet, faces, _student_pen(rng, em))
        pupil = Student(rng, sheet, student)
        written = pupil.fill()
        annotate(rng, sheet, student, _few(rng, sheet, 7))
        _cross_out_blanks(rng, student, written)
        if not student.canvas:  # whoever left the page empty has at least scribbled on it
            annotate(rng, sheet, student, number(rng, 1, 6))
            _snippet(rng, sheet, student)
        if written and rng.random() < 0.08:
            layers.append(_rubbed_out(rng, sheet, faces, student, written))
        layers.append(student.layer())
        if written and rng.random() < 0.06:
            layers += _covered_up(rng, sheet, student, written)
        if rng.random() < 0.18:
            layers.append(_second_pen(rng, sheet, faces, student))
        if written and rng.random() < 0.55:
            layers.append(_marked(rng, sheet, faces, written, pupil.apart))

    large = rng.spawn(1)[0]  # of its own, as in `_student_pen`
    if large.random() < _LARGE:
        layers.append(_writ_large(large, sheet, faces))
    if rng.random() < 0.14:
        layers.append(mess.dirt(rng, shape, em, dirt_kept))
    if rng.random() < 0.05:
        layers.append(mess.stain(rng, shape, em, dirt_kept))
    return [layer for layer in layers if layer is not None and layer.alpha.any()]


def is_bookish(sheet: Sheet) -> bool:
    """True for pages that people read and comment rather than fill in."""
    places = [slot for slot in sheet.slots if slot.kind not in ("figure", "option")]
    margins = sum(slot.kind == "margin" for slot in places)
    return margins >= _BOOKISH * len(places)


def _few(rng: np.random.Generator, sheet: Sheet, usual: float) -> int:
    """A number of marks: on many pages none, on some a lot; `usual` for 40 runs of print."""
    return int(rng.poisson(usual * rng.gamma(0.7, 1.4) * min(2.0, len(sheet.lines) / 40)))


def _student_pen(rng: np.random.Generator, print_height: float) -> Pen:
    usual = pens.print_like_pen if rng.random() < 0.28 else pens.student_pen
    pen = usual(rng, print_height)
    # Of its own generator: what is drawn after it does not depend on it.
    apart = rng.spawn(1)[0]
    if apart.random() < _BOLD:
        return pens.marker(apart, 0.7 * print_height)
    return pen


def _writ_large(rng: np.random.Generator, sheet: Sheet, faces: Faces) -> InkLayer | None:
    """A name, a word or a figure several lines high, with a brush or a felt pen."""
    height, width = sheet.ink.shape[:2]
    size = sheet.print_height * rng.uniform(3, 8)
    person = Person(rng, sheet, faces, pens.marker(rng, 0.55 * size))
    for _ in range(number(rng, 1, 2)):
        script = pick(rng, ("zh", "zh", "latin" if sheet.subject == "en" else "math"))
        text = made_up(rng, pick(rng, ("name", "blank")), script)[: number(rng, 1, 4)]
        left, middle = rng.uniform((-0.05, 0.05), (0.75, 0.95)) * (width, height)
        person.text(text, left, middle, size)
    return person.layer()


def _readers(rng: np.random.Generator, sheet: Sheet, faces: Faces) -> list[InkLayer | None]:
    """One reader with notes in the margin, or several who left snippets all over the page."""
    em = sheet.print_height
    if rng.random() < 0.65:
        reader = Person(rng, sheet, faces, _student_pen(rng, em))
        Student(rng, sheet, reader).fill()
        annotate(rng, sheet, reader, 3 + _few(rng, sheet, 25))
        layers = [reader.layer()]
        if rng.random() < 0.25:
            other = Person(rng, sheet, faces, pens.teacher_pen(rng, em), reader.hand)
            annotate(rng, sheet, other, 1 + _few(rng, sheet, 10))
            layers.append(other.layer())
        return layers
    layers = []
    for _ in range(number(rng, 2, 4)):
        pen = pens.marker(rng, em) if rng.random() < 0.3 else _student_pen(rng, em)
        reader = Person(rng, sheet, faces, pen)
        for _ in range(number(rng, 2, 10)):
            _snippet(rng, sheet, reader)
        layers.append(reader.layer())
    return layers


def _snippet(rng: np.random.Generator, sheet: Sheet, person: Person) -> None:
    """Some words anywhere, over print as well."""
    height, width = sheet.ink.shape[:2]
    script = "latin" if sheet.subject == "en" and rng.random() < 0.5 else "zh"
    text = note(rng, script)[: number(rng, 2, 16)]
    size = sheet.print_height * rng.uniform(0.9, 2.0)
    person.text(text, rng.uniform(-0.05, 0.85) * width, rng.uniform(0.0, 1.0) * height, size)


def _cross_out_blanks(rng: np.random.Generator, student: Person, written: list[Written]) -> None:
    """Now and then whole answers vanish under many strokes, pressed harder than the writing."""
    places = [answer.box for answer in written if answer.kind in ("blank", "number", "work")]
    if not places or rng.random() > 0.16:
        return
    em = student.sheet.print_height
    for _ in range(number(rng, 1, 4)):
        box = pick(rng, places)
        part = Box(box.left, box.top, min(box.width, 8 * em), min(box.height, 2.5 * em))
        for _ in range(number(rng, 1, 3)):
            student.draw(marks.scribble(rng, part, rng.uniform(0.8, 3.6)))


def _covered_up(
    rng: np.random.Generator, sheet: Sheet, student: Person, written: list[Written]
) -> list[InkLayer | None]:
    """Tape or fluid over some answers, and most of these written anew on top of it."""
    places = [answer for answer in written if answer.kind in ("blank", "number", "line", "work")]
    if not places:
        return []
    chosen = [pick(rng, places) for _ in range(number(rng, 1, 4))]
    em = sheet.print_height
    boxes = [
        Box(
            answer.box.left,
            answer.box.top,
            min(answer.box.width, 10 * em),
            min(answer.box.height, 1.6 * em),
        )
        for answer in chosen
    ]
    cover = mess.tape if rng.random() < 0.7 else mess.fluid
    if sheet.words is not None:
        sheet.words[:] = [part for word in sheet.words for part in _left_bare(word, boxes)]
    again = Person(rng, sheet, Faces((), (), (), ()), student.pen, student.hand)
    for box in boxes:
        if rng.random() < 0.75:
            again.answer(str(number(rng, 1, 999)), box, min(em, box.height))
    return [cover(rng, sheet.ink.shape[:2], boxes), again.layer()]


def _left_bare(word: Characters, boxes: list[Box]) -> list[Characters]:
    """What is left of a word without its characters whose middles are in one of the boxes.

    A place whose text nobody knows stays where none of it is.
    """
    bare = [
        not any(box.left < x < box.right and box.top < y < box.bottom for box in boxes)
        for x, y in word.quads.mean(axis=1)
    ]
    if all(bare):
        return [word]
    runs = [list(run) for seen, run in groupby(range(len(bare)), bare.__getitem__) if seen]
    return [
        word._replace(text=word.text[run[0] : run[-1] + 1], quads=word.quads[run]) for run in runs
    ]


def _rubbed_out(
    rng: np.random.Generator,
    sheet: Sheet,
    faces: Faces,
    student: Person,
    written: list[Written],
) -> InkLayer | None:
    """Ghosts of first tries with a pencil, below what stands there now or beside it."""
    em = sheet.print_height
    before = Person(rng, sheet, faces, pens.rubbed_out(rng, em), student.hand, noted=False)
    for _ in range(number(rng, 1, 8)):
        answer = pick(rng, written)
        box = answer.box
        part = Box(box.left + rng.normal(0, 0.5) * em, box.top, max(box.width, em), box.height)
        text = made_up(rng, answer.kind, "math" if rng.random() < 0.6 else "zh")
        before.answer(text[:12], part, min(1.2 * em, box.height))
    return before.layer()


def _second_pen(
    rng: np.random.Generator, sheet: Sheet, faces: Faces, student: Person
) -> InkLayer | None:
    """The same person with another pen: sketches, later notes, coloured underlines."""
    em, luck = sheet.print_height, rng.random()
    if luck < 0.45:
        pen = pens.pencil(rng, em)
    elif luck < 0.75:
        pen = pens.student_pen(rng, em)
    else:
        pen = pens.crayon(rng, em)
    other = Person(rng, sheet, faces, pen, student.hand)
    annotate(rng, sheet, other, 1 + _few(rng, sheet, 7))
    height, width = sheet.ink.shape[:2]
    for _ in range(number(rng, 0, 2)):
        other.draw(
            marks.doodle(
                rng, rng.uniform(0, width), rng.uniform(0, height), em * rng.uniform(1.5, 5)
            )
        )
    return other.layer()


def _marked(
    rng: np.random.Generator,
    sheet: Sheet,
    faces: Faces,
    written: list[Written],
    apart: np.random.Generator,
) -> InkLayer | None:
    person = Person(rng, sheet, faces, pens.teacher_pen(rng, sheet.print_height))
    teacher = Teacher(rng, sheet, person)
    teacher.mark(written)
    teacher.read(written, apart)
    return person.layer()


def _highlights(rng: np.random.Generator, sheet: Sheet) -> InkLayer | None:
    """A marker over some of the print."""
    if not sheet.lines:
        return None
    pen = pens.highlighter(rng, sheet.print_height)
    reader = Person(rng, sheet, Faces((), (), (), ()), pen)
    for _ in range(number(rng, 1, 9)):
        part, _ = part_of(rng, pick(rng, sheet.lines), 2, 20)
        y = part.top + part.height * rng.uniform(0.4, 0.65)
        slope = rng.normal(0, 0.06) * part.height
        reader.draw(marks.line(rng, (part.left, y - slope), (part.right, y + slope)))
    return reader.layer()
