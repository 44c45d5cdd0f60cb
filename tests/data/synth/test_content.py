"""Blocks of content: each prints something, moves on, and its answers are right."""

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from data.synth import layout, words
from data.synth.content import (
    algebra,
    arithmetic,
    charts,
    chinese,
    english,
    form,
    furniture,
    geometry,
    maps,
    measures,
    pictures,
    puzzles,
    questions,
    slides,
)
from data.synth.content.canvas import Canvas, Type
from data.synth.content.column import Column
from data.synth.content.pieces import Gap, Run
from data.synth.content.style import make_style
from data.synth.fonts import Faces
from data.synth.sheet import Box

FACES = Faces.load()


def a_column(seed: int = 0, subject: str = "math", width: int = 700, em: float = 20) -> Column:
    rng = np.random.default_rng(seed)
    canvas = Canvas(width + 80, 1600, FACES)
    style = make_style(rng, FACES, em, subject, "exam")
    return Column(canvas, style, rng, 40, width, 40, 1600)


def every_block() -> list[tuple[str, layout.Block]]:
    menus = {"form": layout._FORM, "book": layout._BOOK, "slides": layout._SLIDES}
    menus["math"] = layout._COMMON
    menus |= {subject: menu for subject, menu in layout._SUBJECT_MENUS.items() if subject != "math"}
    menus["math"] += layout._SUBJECT_MENUS["math"]
    named = {}
    for subject, menu in menus.items():
        for _, block in menu:
            named.setdefault(
                f"{block.__module__.rpartition('.')[2]}.{block.__name__}",
                (subject if subject in layout.SUBJECTS else "zh", block),
            )
    return [(subject, block) for _, (subject, block) in sorted(named.items())]


@pytest.mark.parametrize(("subject", "block"), every_block())
def test_a_block_prints_and_moves_on(subject, block):
    for seed, width in ((1, 700), (2, 700), (3, 150)):
        column = a_column(seed, subject, width)
        block(column)
        assert column.y > 40
        assert (column.canvas.pixels < 200).any()


@pytest.mark.parametrize(("subject", "block"), every_block())
def test_a_block_stays_in_its_column(subject, block):
    column = a_column(4, subject, 640)
    column.left, column.width = 60, 600
    block(column)
    ink = (column.canvas.pixels < 128).any(axis=(0, 2))
    # Ornaments, hanging punctuation and row counts may stand a little out.
    assert not ink[:20].any() and not ink[700:].any()


def test_bars_fill_their_boxes_and_nothing_else():
    for seed in range(60):
        column = a_column(seed)
        slides.bar(column, Box(100, 200, 400, 12), (30, 60, 160))
        ink = (column.canvas.pixels < 250).any(axis=2)
        box = ink[200:213, 100:501]
        assert box[:2].any() and box[-3:].any() and box.any(axis=0).mean() > 0.6
        assert ink.sum() == box.sum(), seed


def test_a_tree_has_all_its_parts_behind_its_braces():
    column = a_column(3, "zh")
    column.style = replace(column.style, accent=(200, 30, 30))
    slides._tree(column)
    lines = column.canvas.lines
    roots = [line for line in lines if line.box.left == min(each.box.left for each in lines)]
    assert len(roots) == 1 < len(lines)
    assert all(line.box.left > roots[0].box.right for line in lines if line is not roots[0])
    assert column.y >= max(line.box.bottom for line in lines)


@pytest.mark.parametrize(
    ("subject", "block", "seed", "width"),
    [("math", algebra.formulas, 2, 700), ("en", english.vocabulary, 5, 420)],
)
def test_places_side_by_side_keep_their_print_apart(subject, block, seed, width):
    """Of expressions in wide figures, and of words whose meaning goes on in a second line."""
    column = a_column(seed, subject, width)
    block(column)
    boxes = [line.box for line in column.canvas.lines]
    assert len(boxes) > 3
    for i, one in enumerate(boxes):
        # Pieces of one expression touch, and their lines' boxes reach a little into each other.
        inner = Box(one.left, one.top, one.width - 0.3 * one.height, 0.6 * one.height)
        assert not any(inner.overlaps(other) for other in boxes[i + 1 :])


def test_page_numbers_cover_no_print():
    heights = set()
    for seed in range(80):
        column = a_column(seed)
        canvas, em = column.canvas, column.style.em
        canvas.rect(Box(0, 60, 780, 1280 + 5 * (seed % 40)), width=0, fill=(70, 70, 70))
        before = canvas.pixels.copy()
        furniture.page_number(canvas, column.style, column.rng, Box(60, 60, 660, 1400))
        printed = (before < 200).any(axis=2)
        assert (canvas.pixels[printed] == before[printed]).all()
        added = (canvas.pixels != before).any(axis=2)
        heights.add(round(added.any(axis=1).sum() / em))
    assert 0 in heights and max(heights) >= 5  # left out at times, and blocks that fill corners


def test_nothing_is_printed_in_a_face_that_people_write_with():
    hands = {face.name for face in FACES.hand_zh + FACES.hand_latin}
    printed = {face.path for face in FACES.print_zh + FACES.print_latin}
    for seed in range(300):
        style = make_style(np.random.default_rng(seed), FACES, 20, ("zh", "en")[seed % 2], "exam")
        for kind in (style.body, style.heading, style.kai):
            assert {kind.zh.name, kind.latin.name}.isdisjoint(hands)
    assert printed.isdisjoint(face.path for face in FACES.hand_zh + FACES.hand_latin)


def value(text: str) -> Fraction:
    """What a printed sum comes to; numbers and + - × ÷ ( ) alone."""
    assert re.fullmatch(r"[\d.+\-×÷()]+", text)
    exact = re.sub(r"\d+(\.\d+)?", lambda n: f"Fraction('{n[0]}')", text)
    return eval(exact.replace("×", "*").replace("÷", "/"))


def test_mental_sums_are_right():
    rng = np.random.default_rng(0)
    for _ in range(500):
        text, answer = arithmetic.mental_sum(rng)
        assert value(text) == Fraction(answer)


def test_whole_sums_are_whole_and_not_negative():
    rng = np.random.default_rng(1)
    for _ in range(300):
        text, answer = arithmetic.whole_sum(rng, 100)
        assert value(text) == answer >= 0


def test_sums_in_columns_carry_their_working():
    for seed in range(5):
        column = a_column(seed)
        arithmetic.column_sums(column)
        working = [slot.text for slot in column.canvas.slots if slot.kind == "column"]
        assert working
        for text in working:
            left, right = text.split("=")
            assert value(left) == int(right)


def test_word_problems_are_worked_out():
    for seed in range(30):
        column = a_column(seed)
        arithmetic.word_problem(column)
        working = next(slot.text for slot in column.canvas.slots if slot.kind == "work")
        left, right = working.partition("（")[0].split("=")
        assert value(left) == int(right) > 0


def test_comparisons_are_right():
    found = 0
    for seed in range(12):
        column = a_column(seed)
        arithmetic.comparisons(column)
        printed = [line.text for line in column.canvas.lines]
        for slot in column.canvas.slots:
            if slot.text not in "<>=":
                continue
            at = next(
                i
                for i, line in enumerate(column.canvas.lines)
                if abs(line.box.right - slot.box.left) < 8 and abs(line.box.top - slot.box.top) < 2
            )
            left, right = int(printed[at]), int(printed[at + 1])
            assert slot.text == (">" if left > right else "<" if left < right else "=")
            found += 1
    assert found


def test_fractions_have_answers():
    column = a_column(3)
    algebra.fractions(column)
    assert column.canvas.slots
    for slot in column.canvas.slots:
        assert slot.text in ("<", ">", "=") or Fraction(slot.text) >= 0


def test_clocks_have_times():
    column = a_column(5)
    measures.clocks(column)
    for slot in column.canvas.slots:
        hour, minute = map(int, slot.text.split(":"))
        assert 1 <= hour <= 12 and 0 <= minute < 60


def test_matching_joins_what_belongs_together():
    column = a_column(6, "en")
    questions.matching(column)
    (slot,) = [slot for slot in column.canvas.slots if slot.kind == "match"]
    assert sorted(slot.text) == [str(i) for i in range(len(slot.text))]


def test_matching_of_sums():
    column = a_column(7, "math")
    questions.matching(column)
    (slot,) = [slot for slot in column.canvas.slots if slot.kind == "match"]
    lines = [line for line in column.canvas.lines if line.box.top >= slot.box.top - 1]
    sums = [line.text for line in lines if "×" in line.text]
    results = [line.text for line in lines if line.text.isdigit()]
    assert [value(text) for text in sums] == [int(results[int(at)]) for at in slot.text]


def test_choices_mark_one_option_as_right():
    column = a_column(8, "science")
    questions.choice(column)
    slots = column.canvas.slots
    gaps = [slot.text for slot in slots if slot.kind == "choice"]
    assert gaps == [slot.text for slot in slots if slot.kind == "option" and slot.text]


def test_combinations_name_the_true_statements():
    for seed in range(20):
        column = a_column(seed, "zh")
        questions.combination(column)
        (choice,) = (slot for slot in column.canvas.slots if slot.kind == "choice")
        options = [slot.text for slot in column.canvas.slots if slot.kind == "option"]
        assert 2 <= len(options) <= 4
        assert [text for text in options if text] == [choice.text]


def test_printed_answers_leave_nothing_to_fill_in():
    column = a_column(1, width=500)
    example = Gap("12", 4, "brackets", "number", "math", printed=column.style.kai)
    column.flow([Run("共"), example, Run("个")])
    assert not column.canvas.slots
    assert "12" in [line.text for line in column.canvas.lines]


def test_typed_fields_leave_nothing_to_fill_in():
    column = a_column(0, "zh")
    place = Box(40, 40, 200, 30)
    form._field(column, "blank", place, "姓名", "zh", None)
    assert len(column.canvas.slots) == 1 and not column.canvas.lines
    form._field(column, "blank", place, "姓名", "zh", column.style.body)
    assert len(column.canvas.slots) == 1
    (line,) = column.canvas.lines
    assert place.left <= line.box.left and line.box.right <= place.right + 1


def test_tiles_print_every_character():
    for seed in range(20):
        column = a_column(seed, "zh")
        end = questions.tiles(column, 40, 40, "口算练习", column.style.heading)
        assert end > 40 + 4 * column.style.heading.size
        assert [line.text for line in column.canvas.lines] == list("口算练习")


def test_writing_squares_ask_for_the_word():
    column = a_column(9, "zh")
    chinese.pinyin_squares(column)
    assert all(slot.kind == "grid" and len(slot.text) == 1 for slot in column.canvas.slots)


@pytest.mark.parametrize("seed", range(4))
def test_sudoku_is_solved(seed):
    column = a_column(seed, width=700)
    puzzles.sudoku(column)
    cells = [(slot.box, slot.text) for slot in column.canvas.slots]
    cells += [(line.box, line.text) for line in column.canvas.lines]
    side = min(slot.box.width for slot in column.canvas.slots)
    grid = {}
    for box, text in cells:
        middle = box.left + box.width / 2 - 40, box.top + box.height / 2 - 40
        grid[int(middle[1] // side), int(middle[0] // side)] = int(text)
    count = round(len(grid) ** 0.5)
    whole = set(range(1, count + 1))
    for i in range(count):
        assert {grid[i, j] for j in range(count)} == {grid[j, i] for j in range(count)} == whole
    block = round(count**0.5)
    for i in range(0, count, block):
        for j in range(0, count, block):
            assert {grid[i + a, j + b] for a in range(block) for b in range(block)} == whole


@pytest.mark.parametrize("picture", dict.fromkeys(pictures.PICTURES))
@pytest.mark.parametrize("filled", ["none", "grey", "colour"])
def test_pictures_stay_in_their_box(picture, filled):
    canvas = Canvas(120, 120, FACES)
    rng = np.random.default_rng(0)
    pictures.draw_picture(canvas, Box(20, 20, 80, 80), rng, filled=filled, picture=picture)
    inked = (canvas.pixels < 250).any(axis=2)
    assert inked[20:100, 20:100].mean() > 0.02
    assert not inked[:8].any() and not inked[:, :8].any()
    assert not inked[112:].any() and not inked[:, 112:].any()


def body(**changes) -> Type:
    zh = next(face for face in FACES.print_zh if face.name == "noto-serif-sc")
    latin = next(face for face in FACES.print_latin if face.name == "tinos")
    return Type(zh, latin, **{"size": 24, **changes})


@pytest.mark.parametrize("size", [8, 11, 17, 24, 60])
def test_text_is_as_high_as_asked(size):
    canvas = Canvas(8 * size, 4 * size, FACES)
    canvas.text(size, size, "国圆", body(size=size))
    rows = np.flatnonzero((canvas.pixels < 190).any(axis=(1, 2)))
    assert abs((rows[-1] - rows[0] + 1) / size - 0.92) < 0.15
    assert size - 1 <= rows[0] and rows[-1] <= 2 * size + 1


def test_text_outside_the_canvas_is_clipped():
    canvas = Canvas(50, 30, FACES)
    for x, y in ((-20, -10), (40, 20), (-500, 5), (5, 500)):
        canvas.text(x, y, "春眠不觉晓", body())
    canvas.line(-100, 10, 500, 10)
    canvas.ellipse(45, 25, 30, 30, fill=(0, 0, 0))
    assert canvas.pixels.shape == (30, 50, 3)


def test_text_reports_where_it_ends():
    canvas = Canvas(400, 60, FACES)
    kind = body()
    end = canvas.text(10, 10, "春天 spring", kind)
    assert end == pytest.approx(10 + canvas.measure("春天 spring", kind))
    (line,) = canvas.lines
    assert line.text == "春天 spring" and line.box.right == end


def test_coloured_print_has_its_colour():
    canvas = Canvas(60, 60, FACES)
    canvas.text(10, 10, "一", body(size=40, colour=(200, 30, 40)))
    assert (canvas.pixels.reshape(-1, 3) == (200, 30, 40)).all(axis=1).any()


def test_tight_punctuation_takes_half_a_square():
    canvas = Canvas(10, 10, FACES)
    loose, tight = canvas.measure("，", body()), canvas.measure("，", body(tight=True))
    assert tight < 0.7 * loose


def test_thin_rules_are_paler_not_wider():
    canvas = Canvas(40, 20, FACES)
    canvas.line(5, 10, 35, 10, width=1.5)
    column = 255 - canvas.pixels[:, 20, 0].astype(float)
    assert column.sum() / 255 == pytest.approx(1.5, abs=0.02)


def test_lines_break_and_do_not_begin_with_a_stop():
    column = a_column(0, "zh", width=210)
    column.flow(["春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。" * 3])
    texts = [line.text for line in column.canvas.lines]
    assert len(texts) > 3
    assert all(text[0] not in "，。" for text in texts)
    assert "".join(texts) == "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。" * 3


def test_words_are_not_broken():
    column = a_column(0, "en", width=200)
    sentence = "Where there is a will, there is a way."
    column.flow([sentence])
    assert " ".join(line.text.strip() for line in column.canvas.lines) == sentence


def test_full_lines_reach_the_right_edge():
    column = a_column(2, "zh", width=420)
    column.flow(["床前明月光，疑是地上霜。" * 6], align="full")
    *full, last = column.canvas.lines
    assert all(abs(line.box.right - column.right) < column.em for line in full)
    assert last.box.right <= column.right + column.em


@pytest.mark.parametrize("form", ["line", "brackets", "box", "ring"])
def test_a_gap_is_a_slot_of_its_width(form):
    column = a_column(1, width=500)
    column.flow([Run("共"), Gap("12", 4, form, "number", "math"), Run("个")])
    (slot,) = column.canvas.slots
    assert (slot.kind, slot.text, slot.script) == ("number", "12", "math")
    assert slot.box.width == pytest.approx(4 * column.em)
    first, last = column.canvas.lines
    assert first.box.right <= slot.box.left and slot.box.right <= last.box.left + 1


def test_what_follows_a_worked_division_is_below_it():
    for seed in range(20):
        column = a_column(seed)
        arithmetic.long_division(column)
        printed = (column.canvas.pixels < 128).any(axis=(1, 2))
        assert np.flatnonzero(printed).max() < column.y


def test_rows_of_numbers_stay_in_their_column():
    for seed in range(40):
        column = a_column(seed, width=300)
        arithmetic.patterns(column)
        assert all(slot.box.right < column.right + 1 for slot in column.canvas.slots)
        printed = (column.canvas.pixels < 128).any(axis=(0, 2))
        assert np.flatnonzero(printed).max() < column.right + 0.6 * column.em


def test_axes_have_no_figure_over_their_o(monkeypatch):
    printed = set()
    monkeypatch.setattr(Canvas, "centred", lambda self, x, y, text, *_: printed.add(text))
    for seed in range(20):
        geometry.draw_figure(a_column(seed), Box(100, 100, 160, 130), geometry.axes)
    assert {"O", "-2", "1"} <= printed and "-1" not in printed


def test_a_slides_title_keeps_off_the_small_print():
    found = 0
    for seed in range(60):
        column = a_column(seed, "zh", width=420)
        slides._head(column)
        lines = column.canvas.lines
        small = next((i for i, line in enumerate(lines) if re.search(r": \d+-\d+$", line.text)), -1)
        if small >= 0:
            found += 1
            others = [line.box for line in lines[:2] if line is not lines[small]]
            assert not any(lines[small].box.overlaps(box) for box in others)
    assert found > 5


def test_points_on_the_globe_keep_apart():
    near = 0
    for seed in range(30):
        column = a_column(seed)
        maps.globe(column)
        spots = [line.box for line in column.canvas.lines if line.text in "ABC"]
        assert len(spots) == 3
        for i, one in enumerate(spots):
            near += sum(one.overlaps(other) for other in spots[i + 1 :])
    assert near == 0


def test_grades_suit_their_school():
    found = set()
    for seed in range(300):
        column = a_column(seed)
        furniture.exam_title(column)
        title = "".join(line.text for line in column.canvas.lines)
        found |= set(re.findall("(小学|初中|高中)(.)年级", title))
    assert found == {
        (school, grade)
        for school, grades in (("小学", "一二三四五六"), ("初中", "七八九"), ("高中", "一二三"))
        for grade in grades
    }


def test_words_of_a_crossword_agree_where_they_cross(monkeypatch):
    monkeypatch.setattr(words, "rows", lambda *_: [("river", ""), ("cloth", "")])
    for seed in range(30):
        column = a_column(seed, "en")
        puzzles.crossword(column)
        slots = column.canvas.slots
        side = slots[0].box.width
        grid = {(round(s.box.left / side), round(s.box.top / side)): s.text for s in slots}
        whole = set()
        for x, y in grid:
            for right, down in ((1, 0), (0, 1)):
                cells = [(x + k * right, y + k * down) for k in range(5)]
                if "".join(grid.get(cell, " ") for cell in cells) in ("RIVER", "CLOTH"):
                    whole.update(cells)
        assert whole == set(grid)


def test_thermometers_are_read_off():
    column = a_column(2)
    measures.thermometers(column)
    assert all(-20 <= int(slot.text) <= 80 for slot in column.canvas.slots)


def test_poets_have_their_own_dynasty():
    signed = set()
    for seed in range(200):
        column = a_column(seed, "zh")
        chinese.poem(column)
        signed |= {line.text for line in column.canvas.lines if line.text.startswith("〔")}
    assert {"〔宋〕苏轼", "〔宋〕杨万里", "〔唐〕李白"} <= signed
    assert {"〔唐〕苏轼", "〔唐〕杨万里", "〔宋〕李白"}.isdisjoint(signed)


def test_a_pie_names_every_part_once():
    for seed in range(60):
        column = a_column(seed)
        charts.pie_chart(column)
        names = [line.text for line in column.canvas.lines]
        assert len(names) == len(set(names))


def test_emphasis_begins_at_a_word():
    column = a_column(0, "zh")
    for _ in range(400):
        for piece in questions.marked(column, "春眠，不觉、晓；处处。闻啼，鸟。”"):
            assert not (piece.mark and piece.text[0] in "，。、；”")


def test_a_figure_is_pointed_at_once(monkeypatch):
    monkeypatch.setattr(words, "by_subject", lambda *_: [("如图，求AB的长。",)])
    column = a_column(0)
    geometry.figure_question(column)
    assert sum(line.text.count("如图") for line in column.canvas.lines) == 1
