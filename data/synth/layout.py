"""Print a clean sheet: choose its look and subject, its furniture, and the blocks that fill it."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace

import numpy as np

from data.characters import within
from data.synth.content import (
    algebra,
    arithmetic,
    book,
    cartoons,
    charts,
    chinese,
    english,
    form,
    furniture,
    geometry,
    maps,
    measures,
    music,
    notebook,
    puzzles,
    questions,
    science,
    slides,
)
from data.synth.content.canvas import Canvas
from data.synth.content.column import Column
from data.synth.content.style import Style, make_style
from data.synth.fonts import Faces
from data.synth.sheet import Box, Sheet, Slot, TextLine
from data.synth.words import SUBJECTS, pick

Block = Callable[[Column], None]
Menu = tuple[tuple[float, Block], ...]  # (weight, block)

WRITTEN_KINDS = ("exam", "worksheet", "book", "form", "notes", "slides")
KINDS = (*WRITTEN_KINDS, "clean")

# A Chinese character is this share of its em square.
_CHARACTER_HEIGHT = 0.92
# A sheet narrower or lower than this many em shows a part of a larger one.
_NARROWEST, _LOWEST = 24.0, 16.0
# Blocks are hardly ever taller than this many em.
_TALLEST = 26.0


def _science_figure(column: Column) -> None:
    geometry.figure_question(column, science.FIGURES)


def _science_row(column: Column) -> None:
    geometry.figure_row(column, science.FIGURES)


_COMMON: Menu = (
    (3.0, questions.fill_in),
    (2.5, questions.choice),
    (0.7, questions.combination),
    (1.2, questions.judge),
    (0.8, questions.open_question),
    (1.1, questions.matching),
    (0.3, questions.checklist),
    (0.3, furniture.self_check),
    (0.3, furniture.marker_box),
    (0.25, furniture.answer_card),
    (0.4, book.exercise_box),
    (0.3, charts.table),
    (0.6, cartoons.strip),
    (0.7, cartoons.picture_row),
    (0.6, cartoons.mascot),
    (0.35, measures.spinners),
    (0.35, geometry.figure_row),
    (0.5, book.bullets),
    (0.6, book.fine_print),
    (0.5, algebra.fractions),
    (0.5, algebra.formulas),
)

_SUBJECT_MENUS: dict[str, Menu] = {
    "math": (
        (2.0, arithmetic.mental_sums),
        (1.2, arithmetic.column_sums),
        (1.3, arithmetic.printed_columns),
        (0.7, arithmetic.long_division),
        (1.0, arithmetic.comparisons),
        (2.6, algebra.fractions),
        (2.0, algebra.formulas),
        (1.2, algebra.equations),
        (0.9, arithmetic.conversions),
        (0.8, arithmetic.patterns),
        (2.4, arithmetic.word_problem),
        (0.7, arithmetic.picture_sums),
        (0.7, measures.number_line),
        (0.6, measures.clocks),
        (1.5, measures.spinners),
        (0.5, measures.ruler),
        (0.7, measures.fraction_shapes),
        (0.3, measures.thermometers),
        (2.2, geometry.figure_question),
        (0.9, geometry.figure_row),
        (0.8, charts.table),
        (0.7, charts.chart_question),
        (0.4, puzzles.sudoku),
        (0.6, puzzles.number_grid),
        (0.4, puzzles.dot_grid),
        (0.25, puzzles.maze),
    ),
    "zh": (
        (2.8, chinese.pinyin_squares),
        (1.4, chinese.copybook),
        (1.7, chinese.essay_grid),
        (1.0, chinese.poem),
        (2.0, chinese.reading),
        (1.5, chinese.complete_words),
        (0.9, chinese.form_words),
        (1.5, chinese.sentences),
        (1.1, chinese.word_bank),
        (0.7, chinese.character_table),
        (1.2, chinese.single_characters),
        (0.25, puzzles.word_search),
    ),
    "en": (
        (1.4, english.four_lines),
        (1.8, english.reading),
        (1.4, english.cloze),
        (1.2, english.dialogue),
        (1.6, english.picture_words),
        (1.6, english.word_forms),
        (0.8, english.vocabulary),
        (1.0, english.writing),
        (0.6, puzzles.crossword),
        (0.4, puzzles.word_search),
        (0.3, measures.clocks),
    ),
    "science": (
        (3.0, _science_figure),
        (1.2, _science_row),
        (1.4, science.reactions),
        (1.4, science.experiment),
        (1.0, charts.table),
        (0.7, charts.chart_question),
        (0.6, measures.thermometers),
        (0.5, geometry.figure_question),
    ),
    "geography": (
        (2.6, maps.sketch_map),
        (0.8, maps.globe),
        (1.0, charts.chart_question),
        (0.9, charts.table),
        (0.7, book.paragraphs),
        (0.4, book.illustration),
    ),
    "music": (
        (3.0, music.staff),
        (1.5, music.numbered),
        (1.4, music.rhythm),
        (0.7, music.keyboard),
    ),
}

_BOOK: Menu = (
    (4.0, book.paragraphs),
    (1.2, book.written_piece),
    (1.3, book.headline),
    (1.2, book.bullets),
    (0.7, book.quotation),
    (0.5, book.footnotes),
    (0.8, book.fine_print),
    (0.6, book.listing),
    (0.35, book.catalogue),
    (1.2, book.illustration),
    (0.2, book.contents),
    (0.5, book.exercise_box),
    (0.4, book.verse_page),
    (0.3, charts.table),
    (0.2, music.staff),
    (0.3, cartoons.strip),
    (0.25, cartoons.mascot),
)

_FORM: Menu = (
    (2.5, form.cells),
    (1.6, form.lines),
    (1.4, form.tick_boxes),
    (0.9, form.character_boxes),
    (0.9, form.account),
    (1.0, form.signature),
    (0.5, form.cut_line),
    (0.6, form.remarks),
    (0.4, book.fine_print),
    (0.3, furniture.answer_card),
    (0.3, questions.judge),
)

_NOTES: Menu = (
    (3.0, notebook.ruled_page),
    (1.2, notebook.squared_page),
    (1.5, notebook.plain_page),
)

_SLIDES: Menu = ((1.0, slides.slide),)

_SUBJECT_SHARES = {
    "exam": (0.42, 0.2, 0.15, 0.13, 0.06, 0.04),
    "worksheet": (0.42, 0.22, 0.2, 0.07, 0.04, 0.05),
    "book": (0.08, 0.48, 0.26, 0.08, 0.06, 0.04),
    "form": (0.0, 0.72, 0.28, 0.0, 0.0, 0.0),
    "notes": (0.4, 0.3, 0.2, 0.1, 0.0, 0.0),
    "slides": (0.2, 0.4, 0.2, 0.1, 0.1, 0.0),
}


def make_sheet(
    rng: np.random.Generator,
    kind: str,
    width: int,
    height: int,
    print_height: float,
    faces: Faces,
    chars: bool = False,
) -> Sheet:
    """Print a sheet of width x height pixels.

    kind: one of `KINDS`; 'clean' is any of the others.
    print_height: height of the body's characters in pixels.
    chars: whether to list its words, character by character.
    Raises ValueError for an unknown kind, a size below 1 or a print height below 4.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of sheet {kind!r}; known: {', '.join(KINDS)}")
    if width < 1 or height < 1:
        raise ValueError(f"a sheet of {width}x{height} pixels has no room for print")
    if print_height < 4:
        raise ValueError(f"print {print_height} pixels high cannot be read: at least 4")
    if kind == "clean":
        kind = pick(rng, WRITTEN_KINDS)
    em = print_height / _CHARACTER_HEIGHT
    subject = str(rng.choice(SUBJECTS, p=_SUBJECT_SHARES[kind]))
    # A small sheet is a window on a larger one; one in five of the others begins below its head.
    wide, tall, left, top = width, height, 0, 0
    small = width < _NARROWEST * em or height < _LOWEST * em
    if small:
        wide = max(width, round(em * _NARROWEST * rng.uniform(1.0, 1.6)))
        tall = max(height, round(em * _LOWEST * rng.uniform(1.0, 1.6)))
    elif rng.random() < 0.2:
        top = round(em * rng.uniform(2, 20))
        tall += top
    canvas = Canvas(wide, tall, faces, chars)
    _fill(rng, canvas, make_style(rng, faces, em, subject, kind), kind)
    if small:
        left, top = _choose_window(rng, canvas, width, height)
    return _window(canvas, left, top, width, height, print_height, subject)


def _choose_window(
    rng: np.random.Generator, canvas: Canvas, width: int, height: int
) -> tuple[int, int]:
    """Left and top of a window of the given size, with print in it if a few tries find some."""
    for _ in range(12):
        left = int(rng.integers(0, canvas.width - width + 1))
        top = int(rng.integers(0, canvas.height - height + 1))
        spot = canvas.pixels[top : top + height : 3, left : left + width : 3]
        if (spot < 128).any(axis=2).mean() > 0.02:
            break
    return left, top


def _fill(rng: np.random.Generator, canvas: Canvas, style: Style, kind: str) -> None:
    """Furniture first, then blocks down each column."""
    area = _furnish(rng, canvas, style, kind)
    columns = _column_count(rng, area.width / style.em, kind)
    gutter = style.em * rng.uniform(1.4, 3)
    wide = (area.width - gutter * (columns - 1)) / columns
    ruled = columns > 1 and rng.random() < 0.5
    tidy = rng.random() < 0.6
    column = Column(canvas, style, rng, area.left, wide, area.top, area.bottom)
    for i in range(columns):
        column = replace(column, left=area.left + i * (wide + gutter), y=area.top)
        if i == 0:
            _open(column, kind)
        elif rng.random() < 0.5:
            column.y -= rng.uniform(0, 2) * style.em
        _run(column, kind, tidy)
        if ruled and i:
            x = column.left - gutter / 2
            dash = pick(rng, (0, 0, 0.5)) * style.em
            canvas.line(x, area.top, x, area.bottom, style.colour, style.rule, dash)
    if rng.random() < {"book": 0.75, "form": 0.15, "notes": 0.15}.get(kind, 0.55):
        furniture.page_number(canvas, style, rng, area)
    if kind in ("book", "slides"):
        _margin_slots(canvas, area, style)


def _furnish(rng: np.random.Generator, canvas: Canvas, style: Style, kind: str) -> Box:
    """Print what stands around the text; returns the area left for it."""
    em = style.em
    margin = min(em * rng.uniform(0.8, 3.5), 0.12 * canvas.width)
    left = right = margin
    top, foot = em * rng.uniform(0.8, 3.2), em * rng.uniform(1.5, 3.0)
    if kind in ("exam", "worksheet") and rng.random() < (0.4 if kind == "exam" else 0.12):
        on_right = rng.random() < 0.15
        taken = furniture.sealing_line(canvas, style, rng, on_right)
        left, right = (left, right + taken) if on_right else (left + taken, right)
    if kind == "book" and rng.random() < 0.45 and canvas.width > 22 * em:
        wide = em * rng.uniform(4, 7)  # a margin wide enough for notes
        left, right = (left + wide, right) if rng.random() < 0.4 else (left, right + wide)
    area = Box(left, top, canvas.width - left - right, max(em, canvas.height - top - foot))
    if rng.random() < {"book": 0.6, "worksheet": 0.4, "exam": 0.15}.get(kind, 0.05):
        taken = furniture.running_head(canvas, style, rng, area)
        area = Box(area.left, top + taken, area.width, max(em, area.height - taken))
    if rng.random() < 0.22:
        furniture.frame(canvas, style, rng, area)
    if rng.random() < 0.1:
        furniture.registration(canvas, style, rng)
    if kind in ("book", "worksheet") and rng.random() < 0.15:
        on_right = rng.random() < 0.7
        furniture.thumb_index(canvas, style, rng, on_right, right if on_right else left)
    return area


def _margin_slots(canvas: Canvas, area: Box, style: Style) -> None:
    """Places for notes beside, above and below a book's text, wherever a margin is wide enough."""
    boxes, em = [], style.em
    for left, right in ((0.0, area.left), (area.right, canvas.width)):
        high = 5 * em
        for top in np.arange(area.top, area.bottom - high, 6 * em):
            boxes.append(Box(left + 0.3 * em, top, right - left - 0.6 * em, high))
    for top, bottom in ((0.0, area.top), (area.bottom, canvas.height)):
        wide = min(area.width, 10 * em)
        for left in np.arange(area.left, area.right - wide + 1, 11 * em):
            boxes.append(Box(left, top + 0.2 * em, wide, bottom - top - 0.4 * em))
    canvas.slots += [
        Slot("margin", box, "", style.script, 0.9 * em)
        for box in boxes
        if box.width > 2 * em and box.height > em and not _printed(canvas, box)
    ]


def _printed(canvas: Canvas, box: Box) -> bool:
    """True where a box is taken by print already."""
    rows = slice(max(0, int(box.top)), max(0, int(box.bottom)))
    columns = slice(max(0, int(box.left)), max(0, int(box.right)))
    spot = canvas.pixels[rows, columns]
    return spot.size > 0 and (spot < 160).mean() > 0.03


def _column_count(rng: np.random.Generator, em_wide: float, kind: str) -> int:
    """Columns for an area so many em wide: neither too narrow nor too wide to read."""
    if kind in ("form", "notes"):
        return max(1, round(em_wide / 60))
    wanted = rng.uniform(20, 46)
    return max(1, round(em_wide / wanted))


def _open(column: Column, kind: str) -> None:
    """What a sheet begins with."""
    rng = column.rng
    if kind == "exam" or (kind == "worksheet" and rng.random() < 0.5):
        furniture.exam_title(column)
    elif kind == "worksheet" and rng.random() < 0.4:
        furniture.info_line(column)
    elif kind == "form":
        form.title(column)
    elif kind == "book" and rng.random() < 0.3:
        book.headline(column)


def _run(column: Column, kind: str, tidy: bool) -> None:
    """Print blocks until the column is full.

    tidy: no block runs over the column's foot; else the last one may, as where a page is cut.
    """
    rng = column.rng
    subject_menu = _COMMON + _SUBJECT_MENUS[column.style.subject]
    if kind == "notes":  # a handout's first half, or paper alone
        if rng.random() < 0.5:
            printed = _BOOK if rng.random() < 0.3 else subject_menu
            for _ in range(int(rng.integers(1, 4))):
                _print(column, printed, tidy)
        _print(column, _NOTES, tidy=False)
        return
    menu = {"book": _BOOK, "form": _FORM, "slides": _SLIDES}.get(kind, subject_menu)
    # A sheet has some kinds of blocks rather than all of them.
    menu = tuple((weight * rng.gamma(0.9), block) for weight, block in menu)
    while column.y < min(column.bottom, column.canvas.height):
        if kind in ("exam", "worksheet") and rng.random() < 0.3:
            questions.heading(column)
        if not _print(column, menu, tidy):
            return
        column.skip(rng.uniform(0, 0.8))


def _print(column: Column, menu: Menu, tidy: bool) -> bool:
    """Print a block from the menu; where `tidy`, one that fits, or False if none was found."""
    weights = np.array([weight for weight, _ in menu])
    # At its head a sheet takes whatever comes: an empty one would be worse.
    tidy = tidy and column.room < min(_TALLEST * column.em, 0.7 * column.canvas.height)
    for _ in range(4 if tidy else 1):
        block = menu[int(column.rng.choice(len(menu), p=weights / weights.sum()))][1]
        undo = _bookmark(column) if tidy else None
        block(column)
        if undo is None or column.y <= column.bottom + 0.5 * column.em:
            return True
        undo()
    return False


def _bookmark(column: Column) -> Callable[[], None]:
    """Remember the sheet as it is; the function returned takes back what is printed after."""
    canvas, before = column.canvas, copy(column)
    top = max(0, int(column.y - 2 * column.em))
    pixels = canvas.pixels[top:].copy()
    records = [canvas.slots, canvas.lines, canvas.figures, column.recent]
    if canvas.words is not None:
        records.append(canvas.words)
    counts = [len(record) for record in records]

    def undo() -> None:
        canvas.pixels[top:] = pixels
        for record, count in zip(records, counts, strict=True):
            del record[count:]
        column.y, column.question, column.section = before.y, before.question, before.section

    return undo


def _window(
    canvas: Canvas,
    left: int,
    top: int,
    width: int,
    height: int,
    print_height: float,
    subject: str,
) -> Sheet:
    """The part of the canvas that the sheet shows, with what lies on it."""
    window = Box(left, top, width, height)

    def moved(box: Box) -> Box:
        return Box(box.left - left, box.top - top, box.width, box.height)

    words = canvas.words
    if words is not None:
        words = within([word.shifted(-left, -top) for word in words], width, height)
    return Sheet(
        ink=np.ascontiguousarray(canvas.pixels[top : top + height, left : left + width]),
        slots=[replace(s, box=moved(s.box)) for s in canvas.slots if s.box.overlaps(window)],
        lines=[TextLine(moved(t.box), t.text) for t in canvas.lines if t.box.overlaps(window)],
        figures=[moved(box) for box in canvas.figures if box.overlaps(window)],
        print_height=print_height,
        subject=subject,
        words=words,
    )
