"""Questions of all subjects: headings, gaps, choices, true or false, matching, free answers."""

import re
from dataclasses import replace

from data.synth import words
from data.synth.content.canvas import WHITE, Type
from data.synth.content.column import Column
from data.synth.content.pictures import draw_picture, tint
from data.synth.content.pieces import Fraction, Gap, Piece, Ring, Run, Space
from data.synth.content.style import ACCENTS
from data.synth.sheet import Box, Slot
from data.synth.words import number, pick

NUMERALS = "一二三四五六七八九十"
LETTERS = "ABCDEFGH"
_STOPS = "，。、；：！？）》”…"  # no emphasis begins with one of these
_FORMULA = re.compile(r"(?<=[A-Z)])(\d)|\^(\d+)")
_FRACTION = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})(?![\d/])")


def script_of(text: str) -> str:
    """'zh', 'math' or 'latin': what somebody writes who writes this."""
    if any(char > "\u2e80" for char in text):
        return "zh"
    letters = sum(char.isalpha() for char in text)
    return "latin" if letters > len(text) / 2 and len(text) > 2 else "math"


def chemistry(text: str) -> list[Piece]:
    """Print H2O with a small low 2 and 10^8 with a small high 8."""
    pieces: list[Piece] = []
    end = 0
    for digit in _FORMULA.finditer(text):
        pieces.append(Run(text[end : digit.start()]))
        low = digit[1] is not None
        lift = -0.15 if low else 0.42
        pieces.append(Run(digit[1] or digit[2], lift=lift, scale=0.62))
        end = digit.end()
    pieces.append(Run(text[end:]))
    return [piece for piece in pieces if piece.text]


def printed(column: Column, text: str) -> list[Piece]:
    """Text with the formulas and fractions of the sheet's subject set as such."""
    if column.style.subject == "science":
        return chemistry(text)
    if column.style.subject != "math" and "^" not in text:
        return [Run(text)]
    pieces: list[Piece] = []
    end = 0
    for ratio in _FRACTION.finditer(text):
        pieces += [*chemistry(text[end : ratio.start()]), Fraction(ratio[1], ratio[2])]
        end = ratio.end()
    return pieces + chemistry(text[end:])


def label(column: Column) -> list[Piece]:
    """The number of the next question, as this sheet numbers them."""
    column.question += 1
    form = column.style.number
    if form in ("ring", "disc"):
        return [Ring(str(column.question), solid=form == "disc"), Space(0.3)]
    return [Run(form.format(column.question))]


def sub_label(column: Column, index: int) -> list[Piece]:
    """The number of a part of a question: (1) or ①."""
    if column.style.number in ("ring", "disc") or column.question % 2:
        return [Run(f"({index + 1})"), Space(0.2)]
    return [Ring(str(index + 1)), Space(0.25)]


def with_gaps(column: Column, text: str) -> list[Piece]:
    """Print with '{answer}' parts turned into gaps, all of one form."""
    rng = column.rng
    form = ("line", "brackets", "box")[int(rng.choice(3, p=(0.45, 0.47, 0.08)))]
    pieces: list[Piece] = []
    example = _example_type(column) if rng.random() < 0.07 else None
    for plain, answer in words.split_blanks(text):
        if answer is None:
            pieces += marked(column, plain)
            continue
        wide = max(2.5, 0.62 * len(answer.encode("gbk", "replace"))) + rng.uniform(0, 4)
        most = max(1.5, 0.8 * column.width / column.em)
        pieces.append(Gap(answer, min(wide, most), form, script=script_of(answer), printed=example))
    return pieces


def _example_type(column: Column) -> Type:
    """How a worked example's answers are printed: in Kai or the body's face, often in colour."""
    rng, style = column.rng, column.style
    kind = pick(rng, (style.kai, style.kai, style.body))
    tone = pick(rng, (style.colour, style.accent, (205, 30, 40), (30, 70, 170)))
    return replace(kind, colour=tone, size=style.em)


def marked(column: Column, text: str) -> list[Piece]:
    """A stretch of print, at times with a part emphasised: dots, underlines, waves, boxes."""
    rng = column.rng
    if rng.random() > 0.2 or len(text) < 6 or "^" in text or "/" in text:
        return printed(column, text)
    start = number(rng, 0, len(text) - 4)
    end = min(len(text), start + number(rng, 2, 8))
    while text[start] in _STOPS and start < len(text) - 1:
        start += 1
    end = max(end, start + 1)
    if text[start].isascii():  # whole words of a Latin text
        start = text.rfind(" ", 0, start) + 1
        end = text.find(" ", end) if " " in text[end:] else len(text)
    mark = ("under", "double", "wave", "dots", "box", "")[
        int(rng.choice(6, p=(0.2, 0.06, 0.22, 0.28, 0.06, 0.18)))
    ]
    kind = column.style.body
    if not mark:  # emphasis by face or colour instead
        kind = replace(column.style.heading, size=kind.size, slant=0.0, stretch=1.0)
    return [Run(text[:start]), Run(text[start:end], kind, mark), Run(text[end:])]


def heading(column: Column) -> None:
    """A section heading: numbered, bold, in a bar, with a disc, or in colour."""
    rng, style = column.rng, column.style
    section = pick(rng, words.by_subject("sections", 1, style.subject))[0]
    ordinal = NUMERALS[column.section % len(NUMERALS)]
    column.section += 1
    form = rng.random()
    points = number(rng, 1, 5)
    tail = pick(
        rng,
        (
            "",
            "。",
            f"（每题{points}分，共{points * number(rng, 4, 10)}分）",
            f"。（{number(rng, 4, 30)}分）",
        ),
    )
    if style.subject == "en" and rng.random() < 0.4:
        ordinal = pick(rng, ("I", "II", "III", "IV", "V"))
    canvas, kind = column.canvas, style.heading
    height = kind.size
    if form < 0.56:
        column.flow([Run(f"{ordinal}、{section}{tail}", kind)], indent=2)
        return
    x, y = column.left, column.y + 0.2 * style.em
    wide = canvas.measure(section, kind)
    if form < 0.64:
        room = column.width / (1.5 * max(1, len(section)))
        tiles(column, x, y, section, kind.sized(min(1.0, room / kind.size)))
    elif form < 0.75:  # white on a bar
        bar = Box(x, y - 0.25 * height, wide + 1.6 * height, 1.5 * height)
        canvas.rect(bar, width=0, fill=style.accent, corner=pick(rng, (0, 0.3, 0.8)) * height)
        canvas.text(x + 0.8 * height, y, section, kind.tinted(WHITE))
        canvas.text(bar.right + 0.4 * height, y, tail.strip("。"), style.body)
    elif form < 0.88:  # the ordinal on a disc
        canvas.disc(x + 0.7 * height, y + 0.5 * height, 0.75 * height, style.accent)
        canvas.centred(x + 0.7 * height, y + 0.5 * height, ordinal, kind.tinted(WHITE))
        canvas.text(x + 1.7 * height, y, section + tail, kind)
    else:  # over a rule, after a block
        canvas.rect(Box(x, y, 0.3 * height, height), width=0, fill=style.accent)
        canvas.text(x + 0.7 * height, y, section, kind)
        column.line(x, y + 1.25 * height, column.right, y + 1.25 * height, colour=style.accent)
    column.y = y + 1.75 * height


def tiles(column: Column, x: float, y: float, text: str, kind: Type) -> float:
    """Characters one by one on tiles, or each in a colour of its own; returns their end."""
    rng, canvas, size = column.rng, column.canvas, kind.size
    colours = [pick(rng, ACCENTS) for _ in range(3)] if rng.random() < 0.6 else [kind.colour]
    form = pick(rng, ("disc", "ring", "square", "frame", "diamond", "plain", "plain"))
    hop = size * pick(rng, (0.0, 0.0, 0.12))
    for i, char in enumerate(text):
        tone, middle = colours[i % len(colours)], x + 0.65 * size
        at = y + size / 2 + (hop if i % 2 else -hop)
        box = Box(middle - 0.6 * size, at - 0.6 * size, 1.2 * size, 1.2 * size)
        if form in ("disc", "ring"):
            fill = tone if form == "disc" else None
            canvas.ellipse(middle, at, 0.65 * size, 0.65 * size, tone, column.style.rule, fill)
        elif form in ("square", "frame"):
            fill = tone if form == "square" else None
            canvas.rect(box, tone, column.style.rule, fill, corner=pick(rng, (0, 0.2)) * size)
        elif form == "diamond":
            reach = 0.8 * size
            corners = [(middle, at - reach), (middle + reach, at)]
            corners += [(middle, at + reach), (middle - reach, at)]
            canvas.polygon(corners, tone)
        on_ground = form in ("disc", "square", "diamond")
        canvas.centred(middle, at, char, kind.tinted(WHITE if on_ground else tone))
        x += size * {"plain": 1.1, "diamond": 1.65}.get(form, 1.4)
    return x


def fill_in(column: Column) -> None:
    """One to five sentences with gaps."""
    for _ in range(number(column.rng, 1, 5)):
        question = column.fresh(lambda: words.fill(column.rng, column.style.subject))
        column.flow(label(column) + with_gaps(column, question.text), indent=1.2)


def choice(column: Column) -> None:
    """Questions with four options, in one, two or four columns."""
    for _ in range(number(column.rng, 1, 3)):
        _one_choice(column, column.fresh(lambda: words.choice(column.rng, column.style.subject)))


def combination(column: Column) -> None:
    """Statements numbered ① and up, and options that combine their numbers."""
    rng, signs = column.rng, "①②③④⑤"[: number(column.rng, 3, 5)]
    facts = [column.fresh(lambda: words.judge(rng, column.style.subject)) for _ in signs]
    numbered = list(zip(signs, facts, strict=True))
    listed = "；".join(sign + fact.text.rstrip("。.") for sign, fact in numbered)
    right = "".join(sign for sign, fact in numbered if fact.answer == "T")
    others = {"".join(sorted(words.sample(rng, signs, number(rng, 2, 3)))) for _ in range(12)}
    options = [right or signs, *sorted(others - {right or signs})[:3]]
    options = words.sample(rng, options, 4)
    answer = LETTERS[options.index(right or signs)]
    asked = pick(rng, ("下列说法：{}。其中正确的是", "{}。以上说法中正确的有"))
    if not right:
        asked = "下列说法：{}。其中错误的是"
    _one_choice(column, words.Question(asked.format(listed), tuple(options), answer))


def _one_choice(column: Column, question: words.Question) -> None:
    rng, style, canvas = column.rng, column.style, column.canvas
    gap = Gap(question.answer, rng.uniform(1.6, 4), "brackets", "choice", "latin")
    stem = marked(column, question.text)
    if rng.random() < 0.3:
        column.flow([gap, *label(column), *stem], indent=2)
    else:
        column.flow([*label(column), *stem, gap], indent=1.2)
    options = [
        [Run(style.letter.format(LETTERS[i])), *printed(column, option)]
        for i, option in enumerate(question.options)
    ]
    widths = [sum(p.width(canvas, style) for p in option) + 1.5 * style.em for option in options]
    indent = 1.2 * style.em
    across = next(n for n in (4, 2, 1) if n == 1 or max(widths) * n <= column.width - indent)
    step = (column.width - indent) / across
    top, low = column.y, column.y
    for i, option in enumerate(options):
        if i and i % across == 0:
            top = low
        cell = column.inset(indent + i % across * step, step)
        cell.y = top
        letter = Box(cell.left, top, option[0].width(canvas, style), style.em)
        # One option may be circled; the writer learns from the text whether it is the right one.
        right = LETTERS[i] == question.answer
        column.slot("option", letter, LETTERS[i] if right else "", "latin")
        cell.flow(option, indent=1)
        low = max(low, cell.y)
    column.y = low


def judge(column: Column) -> None:
    """Statements with brackets for a tick or a cross, at the end or in front."""
    rng = column.rng
    in_front = rng.random() < 0.35
    for _ in range(number(rng, 2, 5)):
        question = column.fresh(lambda: words.judge(rng, column.style.subject))
        gap = Gap(question.answer, rng.uniform(1.6, 3), "brackets", "judge", "math")
        text = marked(column, question.text)
        if in_front:
            column.flow([gap, *label(column), *text], indent=3)
            continue
        y = column.y
        column.flow([*label(column), *text], indent=1.2)
        wide = gap.width(column.canvas, column.style)
        last = column.canvas.lines[-1].box if column.canvas.lines else Box(0, y, 0, 0)
        top = column.y - column.style.leading * column.em
        if last.top >= y - 1 and last.right > column.right - wide:
            top = column.y
            column.skip(column.style.leading)
        gap.draw(column.canvas, column.style, column.right - wide, top)


def open_question(column: Column) -> None:
    """A question, and ruled lines or an empty space for the answer."""
    rng, style = column.rng, column.style
    asked = words.by_subject("open", 1, style.subject)
    text = column.fresh(lambda: pick(rng, asked)[0])
    column.flow([*label(column), *marked(column, text)], indent=1.2)
    if rng.random() < 0.45:
        for i in range(number(rng, 1, 2)):
            extra = column.fresh(lambda: pick(rng, asked)[0])
            column.flow([Space(1), *sub_label(column, i), Run(extra)], indent=2)
    if style.subject == "math" or rng.random() < 0.35:
        work_space(column, rng.uniform(3, 9))
    else:
        ruled_lines(column, number(rng, 1, 5))


def work_space(column: Column, em: float) -> None:
    """An empty space, in pixels of the page a slot for working."""
    height = em * column.em
    box = Box(column.left + column.em, column.y, column.width - 2 * column.em, height)
    column.slot("work", box, script=script_for(column), height=column.em)
    column.y += height


def ruled_lines(column: Column, count: int, dash: float = 0) -> None:
    """Lines to write on."""
    distance = column.em * column.rng.uniform(1.6, 2.2)
    for _ in range(count):
        column.y += distance
        column.line(column.left, column.y, column.right, column.y, dash=dash)
        box = Box(column.left, column.y - distance, column.width, distance)
        column.slot("line", box, script=script_for(column), height=1.05 * column.em)
    column.skip(0.6)


def script_for(column: Column) -> str:
    """The script of free answers on this sheet."""
    return "math" if column.style.subject == "math" else column.style.script


def matching(column: Column) -> None:
    """Two columns of words or pictures to join."""
    rng, style, canvas = column.rng, column.style, column.canvas
    column.flow([*label(column), Run(pick(rng, ("连一连。", "把相关的内容用线连起来。")))])
    pairs = words.sample(rng, _pairs(column), number(rng, 3, 5))
    order = rng.permutation(len(pairs))
    pitch = style.em * rng.uniform(1.9, 2.8)
    left, right = column.left + 1.5 * style.em, column.left + column.width * rng.uniform(0.5, 0.75)
    widest = max(canvas.measure(pair[0], style.body) for pair in pairs)
    pictured = style.subject == "en" and rng.random() < 0.5
    first_dot = left + (1.5 * pitch if pictured else widest) + 0.7 * style.em
    last_dot = max(right - 0.7 * style.em, first_dot + 3 * style.em)
    filled, dots = tint(rng), rng.random() < 0.8
    for i, (word, _) in enumerate(pairs):
        y = column.y + i * pitch
        if pictured:
            picture = Box(left, y - 0.3 * pitch, 0.9 * pitch, 0.9 * pitch)
            draw_picture(canvas, picture, rng, style.colour, filled)
        else:
            column.text(left, y, word)
        column.text(last_dot + 0.7 * style.em, y, pairs[int(order[i])][1])
        if dots:
            for x in (first_dot, last_dot):
                canvas.disc(x, y + style.em / 2, 0.13 * style.em, style.colour)
    # order[k] is the item printed k-th on the right: its place answers the item on the left.
    answer = "".join(str(int(place)) for place in order.argsort())
    height = pitch * (len(pairs) - 1) + style.em
    spans = Box(first_dot, column.y, last_dot - first_dot, height)
    canvas.slots.append(Slot("match", spans, answer, "math", pitch))
    column.y += pitch * len(pairs) + 0.3 * style.em


def _pairs(column: Column) -> list[tuple[str, str]]:
    if column.style.subject == "en":
        return [(row[0], row[1]) for row in words.rows("en_words", 2)]
    if column.style.subject == "math":
        sums = [(a, b) for a in range(3, 10) for b in range(2, 10)]
        return [(f"{a}×{b}", str(a * b)) for a, b in sums]
    return [(row[0], row[1]) for row in words.rows("zh_words", 2)]


def checklist(column: Column) -> None:
    """Printed boxes with ticks, crosses or stars: print that looks like a teacher's marks."""
    rng, style, canvas = column.rng, column.style, column.canvas
    tone = pick(rng, (style.colour, style.accent, (214, 40, 40)))
    for _ in range(number(rng, 2, 5)):
        y, em = column.y, style.em
        box = Box(column.left + 0.5 * em, y + 0.08 * em, 0.85 * em, 0.85 * em)
        canvas.rect(box, style.colour, style.rule)
        if rng.random() < 0.5:
            draw_mark(column, box, tone)
        else:
            column.slot("judge", box, "T", "math")
        line = column.inset(1.8 * em, column.width - 1.8 * em)
        sentence = words.en_sentence if style.subject == "en" else words.zh_sentence
        line.flow([sentence(rng)])
        column.y = line.y


def draw_mark(column: Column, box: Box, colour) -> None:
    """A printed tick or cross in a box: a sign of the type, not two strokes like a teacher's."""
    kind = replace(column.style.body, size=1.1 * box.width, slant=0.0, colour=colour)
    middle = box.left + box.width / 2, box.top + box.height / 2
    column.canvas.centred(*middle, pick(column.rng, "✔✔✘"), kind, record=False)
