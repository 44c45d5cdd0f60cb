"""Pupils at work: what they write is ink, what is printed beside it is not."""

import cv2
import numpy as np
import pytest

from data.synth import pens
from data.synth.annotations import annotate
from data.synth.capture import Capture
from data.synth.content import algebra, questions
from data.synth.content.canvas import Canvas
from data.synth.content.column import Column
from data.synth.content.style import make_style
from data.synth.fonts import Faces
from data.synth.person import Person, Written
from data.synth.sheet import Box, Sheet, Slot, TextLine
from data.synth.student import Student
from data.synth.teacher import Teacher

FACES = Faces.load()
EM = 20


def done(block, seed):
    """A sheet with one block on it, every place filled, and its pair without tilt or light."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(640, 520, FACES)
    style = make_style(rng, FACES, EM, "math", "exam")
    block(Column(canvas, style, rng, 40, 560, 40, 500))
    sheet = Sheet(canvas.pixels, canvas.slots, canvas.lines, canvas.figures, EM, "math")
    person = pupil(sheet, rng)
    student = Student(rng, sheet, person)
    student.diligence = student.skill = 1.0
    student.hesitation = 0.0
    student.fill()
    capture = Capture(sheet, [person.layer()], rng, "screen-copy")
    return sheet, capture.page(jpeg=False)


def pupil(sheet, rng):
    return Person(rng, sheet, FACES, pens.print_like_pen(rng, EM))


def within(picture, box):
    rows = slice(max(0, int(box.top)), int(box.bottom) + 1)
    return picture[rows, max(0, int(box.left)) : int(box.right) + 1]


def test_printed_fractions_are_no_ink_and_answers_beside_them_are():
    covered, answered = [], []
    for seed in range(8):
        sheet, pair = done(algebra.fractions, seed)
        figures = [line.box for line in sheet.lines if line.text.strip().isdecimal()]
        assert figures
        for box in figures:
            if box.bottom < 520:
                assert within(pair.gt, box).min() < 150
                covered.append((within(pair.ink, box) > 60).mean())
        answered += [within(pair.ink, slot.box).any() for slot in sheet.slots]
    assert np.mean(covered) < 0.06
    assert np.mean(answered) > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_lines_between_two_columns_are_ink(seed):
    sheet, pair = done(questions.matching, seed)
    (slot,) = (slot for slot in sheet.slots if slot.kind == "match")
    near = cv2.dilate(pair.ink, np.ones((25, 25), np.uint8)) > 60
    for row, place in enumerate(slot.text):
        tops = [slot.box.top + EM / 2 + slot.height * at for at in (row, int(place))]
        along = np.linspace(0.05, 0.95, 40)
        x = slot.box.left + along * slot.box.width
        y = tops[0] + along * (tops[1] - tops[0])
        inside = y < 510
        assert near[y[inside].astype(int), x[inside].astype(int)].mean() > 0.9


def test_working_has_fractions_with_lying_bars():
    sheet = Sheet(np.full((200, 400, 3), 255, np.uint8), print_height=EM)
    heights = {}
    for text in ("12/35=1", "12-35=1"):
        rng = np.random.default_rng(3)
        person = pupil(sheet, rng)
        box = Student(rng, sheet, person)._with_fractions(text, 40, 100, 30)
        rows, columns = np.nonzero(person.layer().alpha > 60)
        heights[text] = np.ptp(rows)
        assert columns.min() > 35 and columns.max() < box.right + 10
    assert heights["12/35=1"] > 1.4 * heights["12-35=1"]


@pytest.mark.parametrize("name", ["boxed", "join", "over", "strokes"])
def test_readers_leave_ink_among_the_print(name):
    corners = ((60, 80), (60, 200), (340, 80), (340, 200))
    lines = [TextLine(Box(left, top, 90, EM), "春暖花开") for left, top in corners]
    sheet = Sheet(np.full((320, 500, 3), 255, np.uint8), lines=lines, print_height=EM)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        person = pupil(sheet, rng)
        annotate(rng, sheet, person, 4, (name,))
        assert (person.layer().alpha > 100).sum() > 40


def rings_of(person):
    """Width and height of every stroke that comes around to where it began."""
    found = []
    for stroke in person.canvas._strokes:
        (left, top), (right, bottom) = stroke.points.min(axis=0), stroke.points.max(axis=0)
        found.append((right - left, bottom - top))
    return np.array(found)


def test_some_rings_are_long_and_narrow():
    line = TextLine(Box(40, 200, 500, EM), "春天来了小河里的冰融化了我们去公园看花开了吗")
    sheet = Sheet(np.full((400, 600, 3), 255, np.uint8), [], [line], [], EM, "zh")
    rng = np.random.default_rng(0)
    person = pupil(sheet, rng)
    annotate(rng, sheet, person, 60, ("ring",))
    wide, high = rings_of(person).T
    assert high.max() < 2.5 * EM and wide.max() < 700
    assert 8 < (wide > 8 * EM).sum() < 40 and (wide < 6 * EM).sum() > 20


def test_options_are_ringed_with_their_text_or_without():
    widths = {True: [], False: []}
    for seed in range(12):
        rng = np.random.default_rng(seed)
        canvas = Canvas(640, 900, FACES)
        style = make_style(rng, FACES, EM, "zh", "exam")
        questions.choice(Column(canvas, style, rng, 40, 560, 40, 880))
        sheet = Sheet(canvas.pixels, canvas.slots, canvas.lines, [], EM, "zh")
        person = pupil(sheet, rng)
        student = Student(rng, sheet, person)
        student.diligence, student.skill, student.option_style = 1.0, 1.0, "ring"
        sheet.slots = [slot for slot in sheet.slots if slot.kind == "option"]
        student.fill()
        widths[student.rings_text] += list(rings_of(person)[:, 0])
    assert np.median(widths[True]) > 2 * np.median(widths[False]) > 0


def test_what_goes_upwards_is_not_corrected_across_the_page():
    box = Box(40, 60, 40, 300)
    for seed in range(6):
        sheet = Sheet(np.full((500, 600, 3), 255, np.uint8), print_height=EM)
        sheet.slots = [Slot("name", box, "20231234", "math", EM)]
        rng = np.random.default_rng(seed)
        person = pupil(sheet, rng)
        student = Student(rng, sheet, person)
        student.diligence = student.hesitation = 1.0
        student.fill()
        assert not (person.layer().alpha[:, 140:] > 60).any()


@pytest.mark.parametrize("hesitation", [0.0, 1.0])
def test_a_sentence_ends_where_its_line_does(hesitation):
    sentence = "Where there is a will, there is a way, and the way is long and winding."
    for seed in range(8):
        sheet = Sheet(np.full((200, 1400, 3), 255, np.uint8), print_height=EM)
        sheet.slots = [Slot("line", Box(40, 80, 300, 30), sentence, "latin", EM)]
        rng = np.random.default_rng(seed)
        person = pupil(sheet, rng)
        student = Student(rng, sheet, person)
        student.diligence, student.hesitation = 1.0, hesitation
        student.fill()
        columns = np.flatnonzero((person.layer().alpha > 60).any(axis=0))
        assert 150 < columns.max() < 460


def test_no_line_of_running_text_begins_with_a_stop():
    rng = np.random.default_rng(0)
    sheet = Sheet(np.full((200, 400, 3), 255, np.uint8), print_height=EM)
    student = Student(rng, sheet, pupil(sheet, rng))
    lines = [student._take("zh", rng.uniform(100, 300), EM) for _ in range(200)]
    assert all(line and line[0] not in "，。、；：！？ " for line in lines)


def test_a_part_of_a_line_is_crossed_out_and_the_rest_stays_as_it_is():
    changed = 0
    for seed in range(10):
        strokes = []
        for hesitation in (0.0, 1.0):
            sheet = Sheet(np.full((200, 700, 3), 255, np.uint8), print_height=EM)
            sheet.slots = [Slot("line", Box(40, y, 600, 30), height=EM) for y in (40, 90, 140)]
            rng = np.random.default_rng(seed)
            person = pupil(sheet, rng)
            student = Student(rng, sheet, person)
            student.diligence, student.hesitation = 1.0, hesitation
            student.fill()
            canvas = person.canvas
            strokes.append({s.points.tobytes() for s in canvas._strokes})
        assert strokes[0] < strokes[1]
        changed += len(strokes[1] - strokes[0]) > 3  # more than crossed out: written anew
    assert changed > 2


def test_a_teacher_marks_what_is_written_in_lines():
    line, work = Box(40, 40, 500, EM), Box(40, 100, 500, 80)
    parts = (Box(40, 100, 300, EM), Box(40, 140, 500, EM))
    written = [
        Written(line, True, "line"),
        Written(work, True, "work", parts),
        Written(Box(40, 240, 500, EM), True, "blank"),
    ]
    marked = 0
    for seed in range(40):
        sheet = Sheet(np.full((300, 640, 3), 255, np.uint8), print_height=EM)
        rng = np.random.default_rng(seed)
        person = pupil(sheet, rng)
        Teacher(rng, sheet, person).read(written, rng)
        if (layer := person.layer()) is not None:
            marked += 1
            assert not (layer.alpha[215:] > 60).any()
    assert 8 < marked < 28
