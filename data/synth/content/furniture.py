"""What stands around the text of a page: heads, titles, sealing lines, page numbers, frames."""

from dataclasses import replace

import numpy as np

from data.synth import words
from data.synth.content.canvas import WHITE, Canvas, Type
from data.synth.content.column import Column
from data.synth.content.photos import bar_code, logo, matrix_code, tint_area
from data.synth.content.pictures import draw_picture, tint
from data.synth.content.pieces import Run
from data.synth.content.questions import NUMERALS, draw_mark, tiles
from data.synth.content.style import Style
from data.synth.sheet import Box, Slot
from data.synth.words import number, pick

_SUBJECT_NAMES = {
    "math": "数学",
    "zh": "语文",
    "en": "英语",
    "science": "科学",
    "geography": "地理",
    "music": "音乐",
}
_GRADES = {"": NUMERALS[:9], "小学": "一二三四五六", "初中": "七八九", "高中": "一二三"}


def exam_title(column: Column) -> None:
    """The paper's name, its line for class and name, its table of marks, and instructions."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    kind = replace(style.heading, size=em * rng.uniform(1.3, 2.0))
    name = _SUBJECT_NAMES[style.subject]
    if style.subject == "science":
        name = pick(rng, ("科学", "物理", "化学", "生物"))
    school, at = pick(rng, tuple(_GRADES)), number(rng, 0, 8)
    grade = f"{school}{_GRADES[school][at % len(_GRADES[school])]}年级"
    test = pick(rng, ("期末试卷", "单元测试卷", "期中考试", "同步练习", "月考试题", "质量检测"))
    year = f"{number(rng, 2008, 2024)}学年度" if rng.random() < 0.4 else ""
    title = pick(
        rng,
        (
            f"{year}{grade}{name}{test}",
            f"第{pick(rng, NUMERALS)}单元 {name}{test}",
            f"{name}{test}（{pick(rng, 'ABC一二三')}）",
        ),
    )
    room = canvas.measure(title, kind)
    if room > column.width:
        kind = kind.sized(column.width / room)
    column.skip(0.3)
    if rng.random() < 0.12 and len(title) * 1.4 * kind.size < column.width:
        tiles(column, column.left, column.y + 0.3 * kind.size, title, kind)
        column.y += 1.9 * kind.size
    else:
        column.flow([Run(title, kind)], align="centre", leading=1.9)
    if (column.width - canvas.measure(title, kind)) / 2 > 6 * em:
        _corner_mark(column)
    if rng.random() < 0.8:
        info_line(column)
    if rng.random() < 0.35:
        score_table(column)
    if rng.random() < 0.35:
        remark = Run(pick(rng, words.lines("remarks")), style.kai)
        column.flow([remark], first=2)
    column.skip(0.4)


def _corner_mark(column: Column) -> None:
    """A code, an emblem or a cartoon beside the title."""
    rng, em, canvas = column.rng, column.em, column.canvas
    side = min(3.5 * em, 0.15 * column.width)
    box = Box(column.right - side, column.y - 2.6 * em, side, side)
    form = rng.random()
    if form < 0.08:
        matrix_code(canvas, box, rng)
    elif form < 0.12:
        bar_code(canvas, Box(box.left - 2 * em, box.top, side + 2 * em, 0.4 * side), rng)
    elif form < 0.2:
        draw_picture(canvas, box, rng, column.style.colour, tint(rng))
    elif form < 0.26:
        logo(canvas, Box(column.left, box.top, side, side), rng, column.style.accent)


def info_line(column: Column) -> None:
    """Class, name, number and marks, each with a line to fill in."""
    rng, em = column.rng, column.em
    if column.style.subject == "en" and rng.random() < 0.4:
        labels = ["Class:", "Name:", "No.", "Score:"]
    else:
        labels = ["学校：", "班级：", "姓名：", "学号：", "得分："][number(rng, 0, 2) :]
    x = column.left
    gap = max(2.2 * em, (column.width - len(labels) * 3.6 * em) / len(labels))
    for text in labels:
        if x + column.canvas.measure(text, column.style.body) + gap > column.right + em:
            break
        end = column.text(x, column.y, text)
        foot = column.y + 1.12 * em
        column.line(end, foot, end + gap, foot)
        kind = "score" if text in ("得分：", "Score:") else "name"
        # Class and number are figures, a name is not.
        script = "zh" if text in ("姓名：", "学校：") else "latin" if text == "Name:" else "math"
        answer = words.field_answer(rng, text) if kind == "name" else ""
        column.slot(kind, Box(end, column.y, gap, em), answer, script)
        x = end + gap + 0.4 * em
    column.skip(2.0)


def score_table(column: Column) -> None:
    """The table of marks by section."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    count = number(rng, 4, 7)
    heads = ["题号", *NUMERALS[:count], "总分"]
    wide = min(3.2 * em, column.width / len(heads))
    left = column.left + (column.width - wide * len(heads)) / 2
    high = 1.6 * em
    rows = pick(rng, (("题号", "得分"), ("题号", "得分", "评卷人")))
    for row, head in enumerate(rows):
        for j, text in enumerate(heads):
            cell = Box(left + j * wide, column.y + row * high, wide, high)
            canvas.rect(cell, style.colour, style.rule)
            middle = cell.left + wide / 2, cell.top + high / 2
            printed = text if row == 0 else head if j == 0 else ""
            if printed:
                kind = style.body.sized(min(1.0, 0.9 * wide / (len(printed) * em)))
                canvas.centred(*middle, printed, kind)
            elif row == 1:
                column.slot("score", cell, script="math", height=0.8 * em)
    column.y += high * len(rows) + 0.7 * em


def marker_box(column: Column) -> None:
    """A small table for marks and marker beside a section's heading."""
    em, style, canvas = column.em, column.style, column.canvas
    for j, text in enumerate(("得分", "评卷人")):
        cell = Box(column.left + j * 3.2 * em, column.y, 3.2 * em, 1.4 * em)
        canvas.rect(cell, style.colour, style.rule)
        canvas.centred(cell.left + 1.6 * em, cell.top + 0.7 * em, text, style.body.sized(0.85))
        below = Box(cell.left, cell.bottom, cell.width, 1.6 * em)
        canvas.rect(below, style.colour, style.rule)
        column.slot("score", below, script="math", height=em)
    column.y += 3.4 * em


def sealing_line(canvas: Canvas, style: Style, rng: np.random.Generator, right_side: bool) -> float:
    """The line along which a paper's names are sealed off; returns the width that it takes.

    A dotted, dashed or solid upright line with rings and the characters 密封线, and beside it
    lines for the names, turned by a quarter.
    """
    em, height = style.em, canvas.height
    wide = em * rng.uniform(2.2, 4.5)
    x = canvas.width - wide + 0.6 * em if right_side else wide - 0.6 * em
    form = number(rng, 0, 3)
    if form == 0:
        canvas.line(x, 0, x, height, style.colour, style.rule)
    else:
        dash = (0.28, 0.55, 1.1)[form - 1] * em
        canvas.line(x, 0, x, height, style.colour, style.rule, dash, dotted=form == 1)
    marks = pick(rng, ("密封线", "装订线", "密封线内不要答题", "线封密"))
    pitch = max(4 * em, height / (len(marks) + 1) * rng.uniform(0.5, 1.0))
    y = pitch * rng.uniform(0.2, 0.9)
    turn = pick(rng, (0, 0, 1))
    ringed = rng.random() < 0.6
    i = 0
    while y < height:
        _sealing_mark(canvas, style, x, y, marks[i % len(marks)], turn)
        if ringed:
            middle = y + pitch / 2
            canvas.disc(x, middle, 0.42 * em, WHITE)
            canvas.ellipse(x, middle, 0.38 * em, 0.38 * em, style.colour, style.rule)
        y += pitch
        i += 1
    if wide > 2.8 * em:
        _turned_names(canvas, style, rng, x + (0.95 if right_side else -1.3) * em)
    return wide


def _sealing_mark(canvas: Canvas, style: Style, x: float, y: float, char: str, turn: int) -> None:
    half = 0.62 * style.em
    canvas.rect(Box(x - half, y - half, 2 * half, 2 * half), width=0, fill=WHITE)
    canvas.turned(x, y, char, style.body, turn)


def _turned_names(canvas: Canvas, style: Style, rng: np.random.Generator, x: float) -> None:
    """Labels with lines, to be read with the page turned."""
    em = style.em
    y = canvas.height * rng.uniform(0.8, 0.98)
    for text in words.sample(rng, ("学校", "班级", "姓名", "考号", "座位号"), number(rng, 2, 4)):
        size = canvas.measure(text, style.body)
        canvas.turned(x, y - size / 2, text, style.body, 1)
        gap = em * rng.uniform(4, 7)
        foot = x + 0.6 * em
        canvas.line(foot, y - size, foot, y - size - gap, style.colour, style.rule)
        space = Box(x - 0.5 * em, y - size - gap, em, gap)
        canvas.slots.append(Slot("name", space, words.field_answer(rng, text), "zh", em))
        y -= size + gap + 0.8 * em
        if y < 0:
            break


def running_head(canvas: Canvas, style: Style, rng: np.random.Generator, area: Box) -> float:
    """A book's or a workbook's head above the area; returns the height that it takes."""
    em = style.em
    small = style.body.sized(0.78)
    y = max(0.2 * em, area.top - 1.9 * em)
    latin = style.subject == "en" and rng.random() < 0.6
    text = pick(rng, words.lines("catalogue" if latin else "titles"))
    if not latin and rng.random() < 0.5:
        name = _SUBJECT_NAMES.get(style.subject, "语文")
        text = f"{name} {pick(rng, NUMERALS[:9])}年级{pick(rng, '上下')}册"
    form = rng.random()
    wide = canvas.measure(text, small)
    x = (area.left, area.right - wide, area.left + (area.width - wide) / 2)[number(rng, 0, 2)]
    if form < 0.25:
        band = Box(0, y - 0.4 * em, canvas.width, 1.7 * em)
        tint_area(canvas, band, rng, tuple(255 - (255 - c) // 4 for c in style.accent))
    canvas.text(x, y, text, small.tinted(style.accent if form < 0.4 else style.colour))
    rule = y + 1.15 * em
    if form > 0.35:
        canvas.line(area.left, rule, area.right, rule, style.colour, style.rule)
    if form > 0.75:
        canvas.line(
            area.left,
            rule + 3 * style.rule,
            area.right,
            rule + 3 * style.rule,
            style.colour,
            style.rule,
        )
    return rule + em - area.top


def page_number(canvas: Canvas, style: Style, rng: np.random.Generator, area: Box) -> None:
    """The page's number below the area: plain, between dashes, in a ring, on a block.

    It is left out where a block has run over its place.
    """
    em = style.em
    page = number(rng, 1, 380)
    y = min(canvas.height - 1.4 * em, area.bottom + rng.uniform(0.3, 1.2) * em)
    x = pick(rng, (area.left + em, area.left + area.width / 2, area.right - em))
    if not _is_blank(canvas, Box(x - 2 * em, y - em, 4 * em, canvas.height)):
        return
    kind = style.body.sized(0.85)
    form = rng.random()
    if form < 0.4:
        forms = ("{}", "— {} —", "- {} -", "· {} ·", "第{}页（共8页）", "Page {}", "{} / 8")
        text = pick(rng, forms)
        canvas.centred(x, y + 0.5 * em, text.format(page), kind)
    elif form < 0.5:
        canvas.ellipse(x, y + 0.5 * em, em, em, style.accent, style.rule)
        canvas.centred(x, y + 0.5 * em, str(page), kind.sized(0.9))
    elif form < 0.85:  # a block at the page's edge, or one that fills its corner
        wide, high = rng.uniform(2.6, 7) * em, rng.uniform(2, 7) * em
        block = _at_edge(canvas, x, canvas.height - high, wide, high)
        if not _is_blank(canvas, block):
            block = _at_edge(canvas, x, y - 0.5 * em, 2.6 * em, 2 * em)
        canvas.rect(block, width=0, fill=style.accent)
        canvas.centred(block.left + block.width / 2,
                       block.top + rng.uniform(0.25, 0.5) * block.height, str(page),
                       style.heading.tinted(WHITE))
    else:
        corners = [
            (x, y - 0.6 * em),
            (x + 1.3 * em, y + 0.5 * em),
            (x, y + 1.6 * em),
            (x - 1.3 * em, y + 0.5 * em),
        ]
        canvas.path(corners, style.accent, style.rule, closed=True)
        canvas.centred(x, y + 0.5 * em, str(page), kind)


def _at_edge(canvas: Canvas, x: float, top: float, wide: float, high: float) -> Box:
    """A box at that edge of the page which x is nearer to."""
    return Box(0 if x < canvas.width / 2 else canvas.width - wide, top, wide, high)


def _is_blank(canvas: Canvas, box: Box) -> bool:
    left, top = (max(0, int(side)) for side in (box.left, box.top))
    return not (canvas.pixels[top : int(box.bottom), left : int(box.right)] < 200).any()


def frame(canvas: Canvas, style: Style, rng: np.random.Generator, area: Box) -> None:
    """Rules around the page or along its edges."""
    gap = style.em * rng.uniform(0.7, 1.3)
    box = Box(area.left - gap, area.top - gap, area.width + 2 * gap, area.height + 2 * gap)
    form = number(rng, 0, 4)
    if form == 0:
        canvas.rect(box, style.colour, style.rule)
    elif form == 1:
        canvas.rect(box, style.accent, 2.5 * style.rule)
        inner = 4 * style.rule
        canvas.rect(
            Box(box.left + inner, box.top + inner, box.width - 2 * inner, box.height - 2 * inner),
            style.accent,
            style.rule,
        )
    elif form == 2:
        canvas.rect(box, style.accent, 1.5 * style.rule, corner=2 * style.em)
    elif form == 3:  # a heavy rule at one edge
        x = pick(rng, (box.left, box.right))
        canvas.line(x, 0, x, canvas.height, style.colour, pick(rng, (1, 2, 5)) * style.rule)
    else:
        for y in (box.top, box.bottom):
            canvas.line(0, y, canvas.width, y, style.accent, 2 * style.rule)


def registration(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Marks for a reading machine: squares at the corners, a row of bars, crop crosses."""
    em, form = style.em, number(rng, 0, 2)
    inset = em * rng.uniform(0.5, 1.2)
    for x in (inset, canvas.width - inset):
        for y in (inset, canvas.height - inset):
            if form == 0:
                half = 0.4 * em
                canvas.rect(Box(x - half, y - half, 2 * half, 2 * half), width=0, fill=(0, 0, 0))
            elif form == 1:
                canvas.line(x - em, y, x + em, y, style.colour, style.rule)
                canvas.line(x, y - em, x, y + em, style.colour, style.rule)
                canvas.ellipse(x, y, 0.5 * em, 0.5 * em, style.colour, style.rule)
    if form == 2:
        y = 0.4 * em
        for x in np.arange(inset, canvas.width, 2.6 * em):
            canvas.rect(Box(x, y, 1.2 * em, 0.5 * em), width=0, fill=(0, 0, 0))


def thumb_index(
    canvas: Canvas, style: Style, rng: np.random.Generator, right_side: bool, margin: float
) -> None:
    """A tab at the page's edge with a chapter's name, set upright; margin: its greatest width."""
    em = style.em
    wide = min(1.6 * em, margin)
    text = pick(rng, ("第一单元", "阅读", "练习", "复习", "数与代数", "词汇", "附录"))
    high = 0.75 * wide * (len(text) + 1)
    top = rng.uniform(0.05, 0.7) * canvas.height
    left = canvas.width - wide if right_side else 0
    tab = Box(left, top, wide, high)
    canvas.rect(tab, width=0, fill=style.accent)
    kind = replace(style.heading, size=0.55 * wide, colour=WHITE, stretch=1.0)
    canvas.column(left + wide / 2, top + 0.5 * em, text, kind, 1.3)


def stars(canvas: Canvas, style: Style, kind: Type, x: float, y: float, count: int) -> float:
    """Printed stars for a question's difficulty, filled ones first; returns their end."""
    size = 0.45 * kind.size
    for i in range(5):
        angles = np.pi * np.arange(10) / 5 - np.pi / 2
        reach = np.where(np.arange(10) % 2, 0.4, 1.0) * size
        points = np.stack([x + size + reach * np.cos(angles), y + size + reach * np.sin(angles)], 1)
        if i < count:
            canvas.polygon(points, style.accent)
        else:
            canvas.path(points, style.accent, style.rule, closed=True)
        x += 2.2 * size
    return x


def self_check(column: Column) -> None:
    """A line at a lesson's end where pupils judge themselves: stars, faces, printed ticks."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    end = column.text(column.left, column.y, pick(rng, ("难度：", "自我评价：", "老师评价：")))
    if rng.random() < 0.5:
        stars(canvas, style, style.body, end, column.y, number(rng, 0, 5))
    else:
        tone = pick(rng, (style.accent, (210, 40, 40)))
        for i in range(3):
            box = Box(end + 1.6 * i * em, column.y, em, em)
            canvas.ellipse(box.left + em / 2, box.top + em / 2, em / 2, em / 2, tone, style.rule)
            if rng.random() < 0.4:
                draw_mark(column, box, tone)
            else:
                column.slot("judge", box, "T", "math")
    column.skip(1.8)


def answer_card(column: Column) -> None:
    """Numbers with bracketed or boxed letters to black out."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    kind = style.body.sized(0.8)
    across = max(1, min(4, int(column.width / (8 * em))))
    tone = pick(rng, (style.colour, (205, 80, 80)))
    boxed = rng.random() < 0.5
    for row in range(number(rng, 2, 5)):
        for block in range(across):
            x = column.left + block * column.width / across
            question = block * 5 + row + 1
            canvas.text(x, column.y, f"{question:2d}", kind)
            answer = pick(rng, "ABCD")
            for j, letter in enumerate("ABCD"):
                left = x + (1.8 + 1.5 * j) * em
                if boxed:
                    cell = Box(left - 0.1 * em, column.y, 1.1 * em, 0.85 * em)
                    canvas.rect(cell, tone, style.rule)
                    canvas.centred(
                        left + 0.45 * em,
                        column.y + 0.42 * em,
                        letter,
                        kind.sized(0.85).tinted(tone),
                        False,
                    )
                else:
                    canvas.text(left, column.y, f"[{letter}]", kind.tinted(tone), record=False)
                option = Box(left, column.y, em, 0.9 * em)
                column.slot("option", option, letter if letter == answer else "", "latin")
        column.skip(1.5)
    column.skip(0.4)
