"""Book pages: dense paragraphs, headlines, footnotes, lists, quotations, code, catalogues."""

from dataclasses import replace

import numpy as np

from data.synth import words
from data.synth.content.canvas import WHITE, Type
from data.synth.content.column import Column
from data.synth.content.geometry import FIGURES, draw_figure
from data.synth.content.photos import photo
from data.synth.content.pictures import scene, tint
from data.synth.content.pieces import Fraction, Ring, Run, Space
from data.synth.content.questions import tiles
from data.synth.fonts import Face
from data.synth.sheet import Box
from data.synth.words import number, pick


def _paragraph(column: Column, sentences: int) -> str:
    if column.style.script == "latin":
        return words.en_paragraph(column.rng, sentences)
    return words.zh_paragraph(column.rng, sentences)


def emphasised(column: Column, text: str) -> list[Run]:
    """A paragraph with some stretches marked: bold, Kai, slanted, dotted, underlined."""
    rng, body = column.rng, column.style.body
    if rng.random() < 0.6:
        return [Run(text)]
    start = number(rng, 0, max(0, len(text) - 12))
    end = start + number(rng, 3, 12)
    kind, mark = pick(
        rng,
        (
            (replace(body, bold=0.045), ""),
            (replace(body, slant=0.2), ""),
            (column.style.kai, ""),
            (body, "dots"),
            (body, "under"),
            (body, "wave"),
            (body, "dots"),
        ),
    )
    if not all(char > "\u2e80" for char in text[start:end]) and mark == "dots":
        mark = "under"
    return [Run(text[:start]), Run(text[start:end], kind, mark), Run(text[end:])]


def paragraphs(column: Column) -> None:
    """A few paragraphs of running text."""
    rng = column.rng
    for _ in range(number(rng, 1, 4)):
        text = _paragraph(column, number(rng, 3, 9))
        column.flow(emphasised(column, text), first=2, align="full")


def written_piece(column: Column) -> None:
    """A titled piece from beginning to end."""
    title, parts = words.passage(column.rng, column.style.script)
    headline(column, title)
    for part in parts:
        column.flow(emphasised(column, part), first=2, align="full")


def headline(column: Column, text: str = "") -> None:
    """A large heading in serif, bold, Kai or a hand; centred, with rules or on a block."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    if not text:
        latin = column.style.script == "latin"
        text = words.passage(rng, "latin")[0] if latin else pick(rng, words.lines("titles"))
    factor = rng.uniform(1.3, 3.2)
    base = pick(rng, (style.heading, style.heading, style.body, style.kai))
    kind = replace(base.sized(factor * em / base.size), colour=style.accent)
    room = canvas.measure(text, kind)
    if room > column.width:
        kind = kind.sized(column.width / room)
    size = kind.size
    form = rng.random()
    column.y += 0.3 * size
    if form < 0.2:
        block = Box(column.left, column.y - 0.25 * size, column.width, 1.5 * size)
        canvas.rect(block, width=0, fill=style.accent)
        kind = replace(kind, colour=WHITE)
    x = column.left
    if form < 0.6:
        x += (column.width - canvas.measure(text, kind)) / 2
    if form > 0.85 and len(text) * 1.4 * size < column.width:
        tiles(column, x, column.y, text, kind)
    elif 0.6 < form < 0.72 and canvas.measure(text, kind) + 2.2 * size < column.width:
        lead = kind.sized(1.6)  # a lesson's number, larger than its title
        end = canvas.text(x, column.y - 0.5 * size, _lesson(column), lead)
        canvas.text(end + 0.4 * size, column.y, text, kind)
    else:
        canvas.text(x, column.y, text, kind)
    if 0.35 < form < 0.6:
        for rise in (1.25, 1.32):
            y = column.y + rise * size
            column.line(column.left, y, column.right, y, colour=style.accent)
    column.y += 1.6 * size


def _lesson(column: Column) -> str:
    return pick(column.rng, (*"一二三四五六七八九", *"ABCDE", *(str(i) for i in range(1, 31))))


def bullets(column: Column) -> None:
    """A list with bullets of some kind."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    form = pick(rng, ("disc", "ring", "square", "dash", "star", "number", "circled", "diamond"))
    for i in range(number(rng, 2, 6)):
        y = column.y + 0.5 * em
        x = column.left + 0.9 * em
        if form == "disc":
            canvas.disc(x, y, 0.17 * em, style.accent)
        elif form == "ring":
            canvas.ellipse(x, y, 0.2 * em, 0.2 * em, style.colour, style.rule)
        elif form == "square":
            half = 0.18 * em
            canvas.rect(Box(x - half, y - half, 2 * half, 2 * half), width=0, fill=style.accent)
        elif form == "diamond":
            half = 0.26 * em
            corners = [(x - half, y), (x, y - half), (x + half, y), (x, y + half)]
            canvas.polygon(corners, style.accent)
        elif form == "dash":
            column.line(x - 0.3 * em, y, x + 0.3 * em, y)
        elif form == "star":
            angles = np.pi * np.arange(10) / 5 - np.pi / 2
            reach = np.where(np.arange(10) % 2, 0.15, 0.38) * em
            points = np.stack([x + reach * np.cos(angles), y + reach * np.sin(angles)], 1)
            canvas.polygon(points, style.accent)
        elif form == "circled":
            Ring(str(i + 1)).draw(canvas, style, x - 0.5 * em, column.y)
        else:
            canvas.text(x - 0.5 * em, column.y, f"{i + 1}.", style.body)
        item = column.inset(1.9 * em, column.width - 1.9 * em)
        item.flow(emphasised(column, _paragraph(column, 1)))
        column.y = item.y


def quotation(column: Column) -> None:
    """An indented quotation in Kai or slanted, at times in a tinted or ruled box."""
    rng, em, style = column.rng, column.em, column.style
    kind = style.kai if column.style.script == "zh" else replace(style.body, slant=0.2)
    inner = column.inset(1.5 * em, column.width - 3 * em)
    text = _paragraph(column, number(rng, 1, 3))
    form = rng.random()
    top = column.y
    inner.y = top + 0.5 * em
    if form < 0.45:  # the box is printed first: estimate its height
        count = column.canvas.measure(text, kind) / inner.width + 1.5
        height = int(count) * style.leading * em + em
        fill = pick(rng, (None, (232, 232, 232), (215, 215, 215), (246, 238, 220), (226, 238, 248)))
        frame = Box(column.left, top, column.width, height)
        width = 0 if fill and rng.random() < 0.6 else style.rule
        corner = pick(rng, (0, 0.5)) * em
        column.canvas.rect(frame, style.accent, width, fill, corner=corner)
    elif form < 0.65:
        column.line(column.left + 0.6 * em, top, column.left + 0.6 * em, top + 3 * em, width=3)
    inner.flow([Run(text, kind)], first=2)
    column.y = inner.y + 0.7 * em


def verse_page(column: Column) -> None:
    """A poem with notes to its words below a short rule."""
    rng, style = column.rng, column.style
    title, author, *verses = pick(rng, words.rows("zh_poems", 3))
    column.flow([Run(title, style.heading)], align="centre")
    column.flow([Run(author, style.kai.sized(0.9))], align="centre")
    for i, verse in enumerate(verses):
        note = Run(f"[{i + 1}]", lift=0.4, scale=0.55)
        column.flow([Run(verse, style.kai.sized(1.1)), note], align="centre")
    footnotes(column, number(rng, 1, 3))


def footnotes(column: Column, count: int = 2) -> None:
    """Small notes below a short rule, each with a number in a ring or brackets."""
    rng, em, style = column.rng, column.em, column.style
    column.skip(0.4)
    column.line(column.left, column.y, column.left + 0.3 * column.width, column.y)
    column.skip(0.4)
    small = replace(style, body=style.body.sized(0.74))
    form = rng.random()
    for i in range(count):
        mark = Ring(str(i + 1)) if form < 0.6 else Run(f"[{i + 1}]")
        text = _paragraph(column, 1)
        column.flow([mark, Space(0.3), Run(text)], indent=1.5, style=small, leading=1.35)
    column.y += 0.4 * em


def fine_print(column: Column) -> None:
    """Dense small lines beside a place to write: instructions, conditions, notes."""
    rng, em, style = column.rng, column.em, column.style
    small = replace(style, body=style.body.sized(rng.uniform(0.55, 0.8)))
    wide = column.width * rng.uniform(0.55, 0.85)
    on_left = rng.random() < 0.5
    text = column.inset(0 if on_left else column.width - wide, wide)
    indent = pick(rng, (0.0, 2.0))
    for _ in range(number(rng, 1, 4)):
        text.flow(
            [_paragraph(column, number(rng, 1, 4))],
            first=indent,
            leading=rng.uniform(1.15, 1.4),
            style=small,
        )
    free = column.width - wide - em
    if free > 2 * em:
        left = column.left + wide + 0.5 * em if on_left else column.left + 0.5 * em
        for y in np.arange(column.y, text.y - 1.2 * em, rng.uniform(1.8, 3.5) * em):
            column.slot("blank", Box(left, y, free, 1.2 * em), script=column.style.script)
    column.y = text.y + 0.5 * em


def listing(column: Column) -> None:
    """Program code, with or without line numbers and a frame."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    code = words.lines("code")
    start = number(rng, 0, len(code) - 1)
    kind = style.body.sized(0.86)
    mono = replace(kind, latin=monospaced(column), pitch=0.6, bold=pick(rng, (0.0, 0.0, 0.04)))
    pitch = 1.3 * mono.size
    count = number(rng, 5, 16)
    numbered, framed = rng.random() < 0.3, rng.random() < 0.35
    if framed:
        fill = pick(rng, (None, (236, 236, 236)))
        frame = Box(column.left, column.y - 0.3 * em, column.width, count * pitch + 0.6 * em)
        canvas.rect(frame, style.colour, style.rule, fill)
    for i in range(count):
        line = code[(start + i) % len(code)]
        indent = len(line) - len(line.lstrip())
        x = column.left + (2.2 * em if numbered else 0.6 * em)
        if numbered:
            canvas.text(column.left + 0.3 * em, column.y, f"{i + 1:2d}", mono)
        fits = int((column.right - x) / (0.6 * mono.size)) - indent
        canvas.text(x + 0.6 * mono.size * indent, column.y, line.lstrip()[: max(0, fits)], mono)
        column.y += pitch
    column.skip(0.8)


def monospaced(column: Column) -> Face:
    """A face for code: a typewriter's if there is one."""
    faces = column.canvas.faces.print_latin
    fixed = [face for face in faces if face.name.startswith(("cousine", "courier", "mono"))]
    return pick(column.rng, fixed or [column.style.body.latin])


def catalogue(column: Column) -> None:
    """Numbered entries with a name in capitals above, sizes in fractions, and wide margins."""
    rng, em, style = column.rng, column.em, column.style
    for _ in range(number(rng, 2, 4)):
        artist = f"{pick(rng, 'ABCDEFGHJ')}. {pick(rng, words.lines('en_names')).upper()}"
        year = f", {number(rng, 1840, 1930)}." if rng.random() < 0.6 else "."
        column.flow([artist + year], align="centre")
        column.question += 1
        entry = column.inset(3 * em, column.width - 3 * em)
        entry.y = column.y
        column.text(column.left + em, column.y, str(90 + column.question))
        entry.flow([small_capitals(pick(rng, words.lines("catalogue")), style.body)])
        inches = Run(" in.", replace(style.body, slant=0.2))
        half = Fraction("1", str(pick(rng, (2, 4, 8))), 0.6)
        entry.flow(
            [Space(1), str(number(rng, 8, 40)), half, inches, f" by {number(rng, 8, 50)}", inches]
        )
        row = Box(column.right - 9 * em, column.y, 8 * em, 1.5 * em)
        column.slot("margin", row, script="latin")
        column.y = entry.y + rng.uniform(0.5, 1.5) * em


def small_capitals(text: str, kind: Type) -> Run:
    """A title in capitals, smaller than the text's own."""
    return Run(text.upper(), kind, scale=0.82)


def illustration(column: Column) -> None:
    """A photo, a scene or a diagram with a caption."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    height = em * rng.uniform(5, 11)
    wide = column.width * rng.uniform(0.35, 1.0)
    box = Box(column.left + (column.width - wide) / 2, column.y + 0.3 * em, wide, height)
    form = rng.random()
    if form < 0.5:
        photo(canvas, box, rng)
    elif form < 0.75:
        scene(canvas, box, rng, style.colour, tint(rng))
    else:
        draw_figure(column, box, pick(rng, FIGURES))
    column.y = box.bottom + 0.5 * em
    caption = f"图{number(rng, 1, 9)}-{number(rng, 1, 30)} " + pick(rng, words.lines("titles"))
    if column.style.script == "latin":
        caption = f"Fig. {number(rng, 1, 60)}. " + pick(rng, words.lines("catalogue"))
    small = replace(style, body=style.body.sized(0.8))
    column.flow([caption], align="centre", style=small)


def contents(column: Column) -> None:
    """A table of contents with leaders."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    headline(column, "Contents" if column.style.script == "latin" else "目　录")
    page = number(rng, 1, 9)
    for i in range(number(rng, 6, 14)):
        latin = column.style.script == "latin"
        title = pick(rng, words.lines("catalogue" if latin else "titles"))
        chapter = f"{i + 1}. {title}" if latin else f"第{i + 1}课　{title}"
        end = column.text(column.left, column.y, chapter)
        figure = str(page)
        start = column.right - canvas.measure(figure, style.body)
        y = column.y + 0.75 * em
        column.line(end + 0.5 * em, y, start - 0.5 * em, y, dash=0.42 * em, dotted=True)
        column.text(start, column.y, figure)
        page += number(rng, 1, 12)
        column.skip(style.leading)


def exercise_box(column: Column) -> None:
    """'Think and do' box in a course book: a tinted or framed box with a tab."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    name = pick(rng, ("想一想", "做一做", "练一练", "读一读", "资料卡", "Practice", "Tips"))
    top = column.y + 0.9 * em
    text = pick(rng, words.lines("remarks"))
    kind = style.kai if rng.random() < 0.6 else style.body
    rows = int(canvas.measure(text, kind) / (column.width - 2 * em)) + 1
    height = rows * style.leading * em + 1.4 * em
    fill = pick(rng, (None, (235, 243, 250), (250, 240, 225), (234, 234, 234), (236, 246, 232)))
    canvas.rect(
        Box(column.left, top, column.width, height),
        style.accent,
        style.rule,
        fill,
        corner=pick(rng, (0, 0.6)) * em,
    )
    wide = canvas.measure(name, style.heading) + em
    tab = Box(column.left + em, top - 0.75 * em, wide, 1.5 * em)
    canvas.rect(tab, width=0, fill=style.accent, corner=0.4 * em)
    canvas.centred(
        tab.left + wide / 2, tab.top + 0.75 * em, name, replace(style.heading, colour=WHITE)
    )
    inner = column.inset(em, column.width - 2 * em)
    inner.y = top + 0.95 * em
    inner.flow([Run(text, kind)])
    column.y = max(inner.y, top + height) + 0.7 * em
