"""Forms: ruled boxes with labels, tick boxes, character boxes, signature lines, receipts."""

from dataclasses import replace

from data.synth import words
from data.synth.content.book import monospaced
from data.synth.content.canvas import WHITE, Type
from data.synth.content.column import Column
from data.synth.content.photos import bar_code, logo, matrix_code
from data.synth.content.pieces import Run, Space
from data.synth.content.questions import draw_mark
from data.synth.sheet import Box
from data.synth.words import number, pick


def _labels(column: Column) -> tuple[tuple[str, ...], ...]:
    name = "form_labels_en" if column.style.subject == "en" else "form_labels"
    return words.rows(name, 2)


def title(column: Column) -> None:
    """The form's name, centred, with its number, emblem or code."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    english = ("Application Form", "Registration", "Delivery Note", "Invoice", "Library Card")
    text = pick(rng, english if style.subject == "en" else words.lines("form_titles"))
    kind = replace(style.heading, size=em * rng.uniform(1.3, 2.0), spacing=rng.uniform(0, 0.25))
    column.flow([Run(text, kind)], align="centre")
    column.skip(0.8)
    spare = (column.width - canvas.measure(text, kind)) / 2
    form = rng.random() if spare > 8 * em else 1.0
    corner = Box(column.right - 4 * em, column.y - 3.6 * em, 3 * em, 3 * em)
    if form < 0.2:
        matrix_code(canvas, corner, rng)
    elif form < 0.35:
        logo(canvas, Box(column.left, corner.top, 2.6 * em, 2.6 * em), rng, style.accent)
    elif form < 0.5:
        bar_code(canvas, Box(column.right - 8 * em, corner.top + em, 7.5 * em, 1.6 * em), rng)
    if rng.random() < 0.6:
        text = f"No. {number(rng, 100000, 999999)}" if rng.random() < 0.5 else "编号："
        end = column.text(column.right - 8 * em, column.y, text)
        if text.endswith("："):
            box = Box(end, column.y, 4 * em, em)
            column.line(end, column.y + 1.1 * em, end + 4 * em, column.y + 1.1 * em)
            column.slot("number", box, script="math")
        column.skip(1.7)


def _field(
    column: Column, kind: str, box: Box, label: str, script: str, typed: Type | None
) -> None:
    """A place for what belongs behind a label, or, where `typed`, that itself, left in print."""
    answer = words.field_answer(column.rng, label)
    if typed is None or not answer:
        column.slot(kind, box, answer, script, column.em)
        return
    room = column.canvas.measure(answer, typed)
    typed = typed.sized(min(1.0, 0.95 * box.width / room))
    middle = box.top + (box.height - typed.size) / 2
    column.canvas.text(box.left + 0.2 * typed.size, middle, answer, typed)


def _typed(column: Column) -> Type | None:
    """How the fields of a block are filled in by machine, or None where they are left free."""
    rng, style = column.rng, column.style
    if rng.random() < 0.75:
        return None
    tone = pick(rng, (style.colour, (0, 0, 0), (40, 40, 60), (30, 50, 130)))
    if rng.random() < 0.4:
        return replace(style.kai, colour=tone, size=0.9 * style.em)
    mono = rng.random() < 0.6
    face = monospaced(column) if mono else style.body.latin
    return replace(
        style.body, latin=face, colour=tone, size=0.85 * style.em, pitch=0.0, spacing=0.0
    )


def cells(column: Column) -> None:
    """Rows of labelled cells, with one, two or three fields each."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    rows = number(rng, 3, 9)
    high = em * rng.uniform(1.7, 2.6)
    shade = pick(rng, (None, None, (232, 232, 232), (225, 235, 245)))
    top = column.y
    weight = style.rule * pick(rng, (1, 1, 2))
    typed = _typed(column)
    for _ in range(rows):
        tall = pick(rng, (1, 1, 1, 1, 2.5))
        fields = 1 if tall > 1 or column.width < 14 * em else number(rng, 1, 3)
        step = column.width / fields
        for j, (text, script) in enumerate(words.sample(rng, _labels(column), fields)):
            x = column.left + j * step
            wide = min(0.45 * step, canvas.measure(text, style.body) + em)
            name = Box(x, column.y, wide, tall * high)
            if shade:
                canvas.rect(name, width=0, fill=shade)
            kind = style.body
            room = canvas.measure(text, kind)
            if room > 0.95 * wide:
                kind = kind.sized(0.95 * wide / room)
            canvas.centred(x + wide / 2, column.y + tall * high / 2, text, kind)
            column.line(x, column.y, x, column.y + tall * high)
            column.line(x + wide, column.y, x + wide, column.y + tall * high)
            field = Box(x + wide, column.y, step - wide, tall * high)
            inner = Box(field.left + 0.3 * em, field.top, field.width - 0.6 * em, field.height)
            if tall > 1 and script != "math":
                column.slot("work", inner, script=script, height=em)
            else:
                left_free = rng.random() < 0.25
                _field(column, "blank", inner, text, script, None if left_free else typed)
        column.line(column.left, column.y, column.right, column.y)
        column.y += tall * high
    canvas.rect(Box(column.left, top, column.width, column.y - top), style.colour, weight)
    column.skip(0.8)


def lines(column: Column) -> None:
    """Labels with a line to write on."""
    rng, em, style = column.rng, column.em, column.style
    pitch = em * rng.uniform(1.8, 2.5)
    dotted, typed = rng.random() < 0.25, _typed(column)
    for _ in range(number(rng, 2, 6)):
        fields = 2 if column.width > 16 * em and rng.random() < 0.5 else 1
        step = column.width / fields
        for j, (text, script) in enumerate(words.sample(rng, _labels(column), fields)):
            colon = ": " if style.subject == "en" else "："
            end = column.text(column.left + j * step, column.y, text + colon)
            right = column.left + (j + 0.95) * step
            if right - end < em:
                continue
            foot = column.y + 1.12 * em
            column.line(end, foot, right, foot, dash=0.3 * em if dotted else 0, dotted=dotted)
            box = Box(end, column.y, right - end, em)
            kind = "name" if text in ("姓名", "Surname", "First name") else "blank"
            _field(column, kind, box, text, script, None if rng.random() < 0.25 else typed)
        column.y += pitch


def tick_boxes(column: Column) -> None:
    """Questions with options behind boxes or rings, some of them ticked in print."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    topics = (
        ("性别", ("男", "女")),
        ("你喜欢的科目", ("语文", "数学", "英语", "体育", "其他")),
        ("上学方式", ("步行", "骑车", "公交", "私家车")),
        ("是否住校", ("是", "否")),
        ("每天阅读时间", ("半小时以内", "一小时", "两小时以上")),
        ("对本次活动的评价", ("很满意", "满意", "一般", "不满意")),
    )
    english = (
        ("Sex", ("M", "F")),
        ("Payment", ("Cash", "Card", "Cheque")),
        ("How often?", ("Daily", "Weekly", "Monthly", "Never")),
        ("Agree", ("Yes", "No", "Not sure")),
    )
    ring = rng.random() < 0.35
    tone = pick(rng, (style.colour, style.colour, (200, 40, 40)))
    for _ in range(number(rng, 2, 4)):
        column.question += 1
        topic, options = pick(rng, english if style.subject == "en" else topics)
        x = column.text(column.left, column.y, f"{column.question}. {topic}") + em
        for option in options:
            wide = canvas.measure(option, style.body) + 2.2 * em
            if x + wide > column.right:
                x = column.left + 1.5 * em
                column.skip(style.leading)
            box = Box(x, column.y + 0.12 * em, 0.8 * em, 0.8 * em)
            if ring:
                middle = box.left + 0.4 * em, box.top + 0.4 * em
                canvas.ellipse(*middle, 0.4 * em, 0.4 * em, style.colour, style.rule)
            else:
                canvas.rect(box, style.colour, style.rule)
            if rng.random() < 0.1:
                draw_mark(column, box, tone)
            else:
                column.slot("judge", box, "T", "math", 0.9 * em)
            column.text(x + 1.1 * em, column.y, option)
            x += wide
        column.skip(style.leading)
    column.skip(0.4)


def character_boxes(column: Column) -> None:
    """A label and a row of boxes, one for each digit or letter."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    for _ in range(number(rng, 1, 3)):
        text, script = pick(rng, _labels(column))
        end = column.text(column.left, column.y + 0.2 * em, text) + 0.6 * em
        side = em * rng.uniform(1.2, 1.5)
        count = max(1, min(number(rng, 6, 18), int((column.right - end) / side)))
        joined = rng.random() < 0.6
        for i in range(count):
            box = Box(end + i * side, column.y, side if joined else 0.85 * side, 1.4 * em)
            canvas.rect(box, style.colour, style.rule)
            digit = "" if script == "zh" else str(number(rng, 0, 9))
            column.slot("grid" if script == "zh" else "number", box, digit, script)
        column.skip(2.2)


def account(column: Column) -> None:
    """An invoice or stock list: many narrow rows, figures, totals."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    english = style.subject == "en"
    heads, shares = ("品名", "数量", "单价", "金额", "备注"), (0.34, 0.14, 0.16, 0.18, 0.18)
    if english:
        heads, shares = ("Item", "Qty", "Price", "Amount"), (0.4, 0.16, 0.2, 0.24)
    high, count = em * rng.uniform(1.5, 2.0), number(rng, 4, 10)
    top = column.y
    dark = rng.random() < 0.3
    if dark:
        canvas.rect(Box(column.left, top, column.width, high), width=0, fill=style.accent)
    names = "en_words" if english else "zh_words"
    for i in range(count):
        y = top + i * high
        x = column.left
        printed = rng.random() < 0.4
        for j, (head, share) in enumerate(zip(heads, shares, strict=True)):
            wide = share * column.width
            cell = Box(x, y, wide, high)
            text = (
                head
                if i == 0
                else pick(rng, words.rows(names, 2))[0]
                if j == 0
                else str(number(rng, 1, 900))
            )
            if i == 0 or printed:
                kind = style.body.tinted(WHITE) if dark and i == 0 else style.body.sized(0.92)
                canvas.centred(x + wide / 2, y + high / 2, text, kind)
            else:
                script = ("latin" if english else "zh") if j == 0 else "math"
                column.slot("blank" if j == 0 else "number", cell, script=script, height=0.8 * em)
            column.line(x, y, x, top + count * high)
            x += wide
        column.line(column.left, y, column.right, y)
    frame = Box(column.left, top, column.width, count * high)
    canvas.rect(frame, style.colour, style.rule)
    column.y = top + count * high + 0.5 * em
    total = "Total" if english else "合计（大写）"
    end = column.text(column.left + 0.45 * column.width, column.y, total) + 0.4 * em
    column.line(end, column.y + 1.1 * em, column.right, column.y + 1.1 * em)
    box = Box(end, column.y, column.right - end, em)
    column.slot("number", box, script="math")
    column.skip(2)


def signature(column: Column) -> None:
    """A declaration, and lines for a signature and a date."""
    rng, em, style = column.rng, column.em, column.style
    english = style.subject == "en"
    text = words.en_sentence(rng) if english else pick(rng, words.lines("remarks"))
    column.flow([Run(text, style.kai if rng.random() < 0.4 and not english else None)], first=2)
    name = "Signature: " if english else pick(rng, ("签名：", "申请人（签字）：", "家长签字："))
    end = column.text(column.left + 0.35 * column.width, column.y + 0.5 * em, name)
    y = column.y + 0.5 * em
    right = min(column.right, end + 7 * em)
    column.line(end, y + 1.1 * em, right, y + 1.1 * em)
    column.slot(
        "name",
        Box(end, y - 0.3 * em, right - end, 1.3 * em),
        words.field_answer(rng, "Signature" if english else "姓名"),
        "latin" if english else "zh",
        1.2 * em,
    )
    column.y = y + 2 * em
    if english:
        return
    x = column.left + 0.45 * column.width
    for unit in "年月日":
        box = Box(x, column.y, 2 * em, em)
        column.slot("number", box, str(number(rng, 1, 12)), "math")
        x = column.text(x + 2 * em, column.y, unit)
    column.skip(2)


def cut_line(column: Column) -> None:
    """A dashed line with scissors across the column."""
    rng, em, canvas = column.rng, column.em, column.canvas
    column.skip(0.8)
    y = column.y
    column.line(column.left, y, column.right, y, dash=0.45 * em)
    if rng.random() < 0.6:
        x = column.left + rng.uniform(0.05, 0.8) * column.width
        size = 0.4 * em
        for side in (-1, 1):
            canvas.ellipse(
                x,
                y + 0.6 * side * size,
                0.45 * size,
                0.36 * size,
                column.style.colour,
                column.style.rule,
            )
            column.path(
                [
                    (x + 0.3 * size, y + 0.35 * side * size),
                    (x + 2.4 * size, y - 0.45 * side * size),
                ],
                width=1.6 * column.style.rule,
            )
    elif rng.random() < 0.7:
        text = pick(rng, ("请沿虚线剪下", "回　执", "- - - 裁剪线 - - -"))
        kind = column.style.body.sized(0.8)
        half = canvas.measure(text, kind) / 2 + 0.4 * em
        middle = column.left + column.width / 2
        canvas.rect(Box(middle - half, y - 0.5 * em, 2 * half, em), width=0, fill=WHITE)
        canvas.centred(middle, y, text, kind)
    column.skip(1)


def remarks(column: Column) -> None:
    """Notes at a form's foot, with stars or numbers."""
    rng, style = column.rng, column.style
    small = replace(style, body=style.body.sized(0.82))
    column.flow([Run("Notes:" if style.subject == "en" else "说明：")], style=small)
    for i in range(number(rng, 1, 3)):
        text = pick(rng, words.lines("en_sentences" if style.subject == "en" else "remarks"))
        bullet = pick(rng, (f"{i + 1}. ", "※ ", "* ", f"（{i + 1}）"))
        column.flow([bullet, Space(0.2), text], indent=1.5, style=small)
