"""Lecture slides as handouts print them: coloured bars, trees of braces, outlines, boxes."""

import math
from dataclasses import replace

import numpy as np

from data.synth import words
from data.synth.content import book, charts
from data.synth.content.canvas import WHITE, Colour, pale, smooth
from data.synth.content.column import Column
from data.synth.content.photos import logo, tint_area
from data.synth.content.pieces import Run
from data.synth.content.style import ACCENTS
from data.synth.sheet import Box
from data.synth.words import number, pick


def slide(column: Column) -> None:
    """A slide: its title, one or two things below it, and what frames them."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    if style.accent == style.colour:  # few slides are without colour
        column.style = style = replace(style, accent=pick(rng, (style.accent, *ACCENTS)))
    framed = rng.random() < 0.35
    inner = column.inset(em, column.width - 2 * em) if framed else replace(column)
    top = column.y
    inner.skip(0.6)
    _head(inner)
    for _ in range(number(rng, 1, 2)):
        pick(rng, (_tree, _tree, _outline, _outline, _chain, _cards, _statement, charts.table,
                   charts.chart_question, book.bullets, book.illustration))(inner)
        inner.skip(0.5)
        _note(inner)
    _foot(inner)
    if framed:
        box = Box(column.left, top, column.width, inner.y - top)
        corner = pick(rng, (0, 0, 0.8)) * em
        canvas.rect(box, pick(rng, (style.colour, style.accent)), style.rule, corner=corner)
        if rng.random() < 0.3:
            size = round(box.height), round(box.width), 3
            canvas.image(np.full(size, pale(style.accent, 0.1), np.uint8), box.left, box.top)
    column.y, column.question = inner.y, inner.question
    column.skip(rng.uniform(0.6, 3))


def _words(column: Column) -> str:
    """A few words, as on slides: no whole sentences."""
    rng = column.rng
    if column.style.subject == "en":
        latin = " ".join(words.en_sentence(rng).rstrip(".?!").split()[: number(rng, 1, 5)])
        return pick(rng, (latin, pick(rng, words.lines("catalogue"))))
    own = "".join(pick(rng, words.rows("zh_words", 2))[0] for _ in range(number(rng, 1, 3)))
    title = pick(rng, words.lines("titles"))
    return pick(rng, (own, own, title, f"{own}（{number(rng, 1, 19)}{number(rng, 10, 99)}年）",
                      f"{own}、{pick(rng, words.lines('zh_idioms'))}"))


def bar(column: Column, box: Box, colour: Colour) -> None:
    """A coloured bar: plain, striped at one end, fading, in pieces, or as a pair of lines."""
    rng, canvas = column.rng, column.canvas
    form = rng.random()
    if form < 0.2:
        steps, fades = max(2, round(box.width / 4)), rng.random() < 0.5
        for i in range(steps):
            share = (i + 1) / steps if fades else 1 - i / steps
            part = Box(box.left + i * box.width / steps, box.top, box.width / steps + 1, box.height)
            canvas.rect(part, width=0, fill=pale(colour, share))
        return
    if form < 0.35:
        high = max(1.0, 0.25 * box.height)
        for y in (box.top, box.bottom - high):
            canvas.rect(Box(box.left, y, box.width, high), width=0, fill=colour)
            colour = pale(colour, 0.5)
        return
    if form < 0.5:
        x = box.left
        while x < box.right:
            wide = min(box.right - x, box.width * rng.uniform(0.1, 0.5))
            canvas.rect(Box(x, box.top, wide, box.height), width=0, fill=colour)
            colour = pick(rng, (pale(colour, 0.6), pick(rng, ACCENTS)))
            x += wide
        return
    canvas.rect(box, width=0, fill=colour)
    if form < 0.8:
        step, end = box.height * rng.uniform(0.6, 1.2), box.width * rng.uniform(0.1, 0.4)
        left = box.left if rng.random() < 0.5 else box.right - end
        for x in np.arange(left, left + end, step):
            foot, head = x, x + 0.6 * box.height
            stripe = [(foot, box.bottom), (head, box.top), (head + step / 2, box.top),
                      (foot + step / 2, box.bottom)]
            canvas.polygon(stripe, WHITE)


def _head(column: Column) -> None:
    """The title, with an emblem and small print, a bar, a rule or a block of colour."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    accent, y = style.accent, column.y
    small = style.body.sized(rng.uniform(0.5, 0.75))
    if rng.random() < 0.35:
        logo(canvas, Box(column.left, y, 1.6 * em, 1.6 * em), rng, pick(rng, (accent, *ACCENTS)))
        title, kind = _words(column), style.heading.tinted(accent)
        name = pick(rng, ("Tel", "电话", "www", "公众号"))
        text = f"{name}: {number(rng, 1000, 99999)}-{number(rng, 1000, 9999)}"
        x, left = column.left + 2 * em, column.right - canvas.measure(text, small)
        room = (left - x - 0.5 * em) / canvas.measure(title, kind)
        canvas.text(x, y, title, kind.sized(min(1.0, max(0.4, room))))
        canvas.text(max(column.left, left), y, text, small)
        foot = y + 1.9 * em
        canvas.line(column.left, foot, column.right, foot, pick(rng, (accent, style.colour)),
                    style.rule * pick(rng, (0.5, 1, 2)))
        column.skip(2.3)
    text, kind = _words(column), style.heading.sized(rng.uniform(1.0, 1.5))
    room = canvas.measure(text, kind)
    kind = kind.sized(min(1.0, 0.95 * column.width / room))
    room, high = canvas.measure(text, kind), 1.5 * kind.size
    form, x = rng.random(), column.left
    if form < 0.2:  # white on a block
        wide = pick(rng, (column.width, room + 2 * em))
        block = Box(x, column.y, min(wide, column.width), high)
        canvas.rect(block, width=0, fill=accent, corner=pick(rng, (0, 0.5)) * em)
        canvas.text(x + 0.5 * em, column.y + 0.25 * kind.size, text, kind.tinted(WHITE))
    else:
        if form < 0.35:  # a mark before it
            side = 0.8 * kind.size
            canvas.rect(Box(x, column.y + 0.3 * kind.size, 0.35 * side, side), width=0, fill=accent)
            x += 0.6 * side
        elif form < 0.55:
            x += (column.width - room) / 2
        canvas.text(x, column.y + 0.25 * kind.size, text, kind)
        if rng.random() < 0.5:
            wide = pick(rng, (column.width, room))
            bar(column, Box(x if wide == room else column.left, column.y + 1.5 * kind.size, wide,
                            max(2.0, em * pick(rng, (0.08, 0.15, 0.4)))), accent)
            high += 0.5 * em
    column.y += high + 0.4 * em


def _foot(column: Column) -> None:
    """A bar at the slide's foot, its number, or nothing."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    form = rng.random()
    if form < 0.5:
        high = em * rng.uniform(0.25, 0.9)
        bar(column, Box(column.left, column.y, column.width, high), style.accent)
        column.y += high
    elif form < 0.7:
        corner = Box(column.right - 2 * em, column.y, 1.2 * em, 1.2 * em)
        canvas.rect(corner, style.accent, max(1.0, 2 * style.rule))
        canvas.rect(replace(corner, left=corner.left + 0.6 * em, top=corner.top + 0.6 * em),
                    width=0, fill=style.accent)
        column.skip(1.8)
    if rng.random() < 0.5:
        small = style.body.sized(0.6)
        canvas.centred(column.left + column.width * pick(rng, (0.5, 0.97)), column.y + 0.5 * em,
                       str(number(rng, 1, 99)), small)
        column.skip(1)


def _note(column: Column) -> None:
    """Leaves room in which a listener writes, or does not."""
    rng, em = column.rng, column.em
    free = em * rng.uniform(0.4, 4)
    if free > 1.2 * em:
        left = column.left + column.width * rng.uniform(0, 0.4)
        box = Box(left, column.y, column.right - left, free)
        column.slot("margin", box, script=column.style.script, height=0.9 * em)
    column.y += free


def _brace(column: Column, x: float, top: float, bottom: float, at: float, colour: Colour) -> None:
    """A thin brace or bracket, open to the right; its stem comes from the left at height `at`."""
    rng, style = column.rng, column.style
    reach, width = 0.5 * column.em, style.rule * pick(rng, (0.7, 1, 1, 1.6))
    if rng.random() < 0.6:
        column.path([(x + reach, top), (x, top), (x, bottom), (x + reach, bottom)], colour=colour,
                    width=width)
        column.line(x - reach, at, x, at, colour=colour, width=width)
        return
    for end in (top, bottom):
        sign = math.copysign(min(reach, abs(at - end) / 2), at - end)
        points = [(x + reach, end), (x, end), (x, end + sign), (x, at - sign), (x, at),
                  (x - reach, at)]
        column.path(smooth(points), colour=colour, width=width)


def _tree(column: Column) -> None:
    """A topic and its parts behind braces, some with parts of their own."""
    rng, style = column.rng, column.style
    colour = pick(rng, (style.accent, style.colour, (110, 130, 190)))
    kind = style.body.sized(rng.uniform(0.75, 1.0))
    pitch = kind.size * style.leading

    def branch(x: float, y: float, depth: int) -> tuple[float, float]:
        """Prints a node at x and its parts behind it, from y down; its middle and its foot."""
        text = _words(column)
        text = text[: max(2, int((column.right - x) / kind.size))]
        leaves = number(rng, 2, 4) if depth else 0
        behind = x + column.canvas.measure(text, kind) + 1.4 * kind.size
        if not leaves or behind > column.right - 5 * kind.size:
            column.canvas.text(x, y, text, kind)
            return y + kind.size / 2, y + pitch
        middles, foot = [], y
        for _ in range(leaves):
            at, foot = branch(behind, foot, depth - 1 if rng.random() < 0.5 else 0)
            middles.append(at)
        middle = (middles[0] + middles[-1]) / 2
        column.canvas.text(x, middle - kind.size / 2, text, kind)
        _brace(column, behind - 0.7 * kind.size, middles[0], middles[-1], middle, colour)
        return middle, foot

    _, column.y = branch(column.left + rng.uniform(0, 2) * column.em, column.y, number(rng, 1, 3))


def _outline(column: Column) -> None:
    """Points with marks, and points of their own below some of them."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    tone, numbered = pick(rng, (style.accent, style.colour)), rng.random() < 0.4
    for i in range(number(rng, 2, 5)):
        x, y, side = column.left + 0.4 * em, column.y + 0.2 * em, 0.6 * em
        if not numbered:
            canvas.polygon([(x, y), (x + side, y + side / 2), (x, y + side)], tone)
        else:
            canvas.text(column.left, column.y, f"（{'一二三四五'[i]}）", style.body.sized(0.7))
        item = column.inset(2.2 * em, column.width - 2.2 * em)
        strong = replace(style.body, colour=tone, bold=pick(rng, (0.0, 0.045)))
        item.flow([Run(_words(column), strong)])
        for _ in range(number(rng, 0, 3)):
            dot = item.left + 0.5 * em, item.y + 0.5 * em
            if rng.random() < 0.5:
                canvas.disc(*dot, 0.13 * em, tone)
            else:
                column.line(dot[0] - 0.3 * em, dot[1], dot[0] + 0.3 * em, dot[1])
            part = item.inset(1.3 * em, item.width - 1.3 * em)
            small = replace(style, body=style.body.sized(0.85))
            part.flow(book.emphasised(column, _words(column)), style=small)
            item.y = part.y
        column.y = item.y


def _box(column: Column, box: Box, text: str) -> None:
    """Text in a box, ruled, tinted or filled."""
    rng, canvas, style = column.rng, column.canvas, column.style
    form, corner = rng.random(), pick(rng, (0, 0.3)) * box.height
    fill = style.accent if form < 0.35 else pale(style.accent, 0.15) if form < 0.6 else None
    canvas.rect(box, style.accent, 0 if fill and form < 0.5 else style.rule, fill, corner=corner)
    kind = style.body.tinted(WHITE) if form < 0.35 else style.body
    kind = kind.sized(min(1.0, 0.9 * box.width / max(1.0, canvas.measure(text, kind))))
    canvas.centred(box.left + box.width / 2, box.top + box.height / 2, text, kind)


def _chain(column: Column) -> None:
    """Boxes with arrows from one to the next, across or down."""
    rng, em, canvas = column.rng, column.em, column.canvas
    colour = pick(rng, (column.style.accent, column.style.colour))
    high, weight = em * rng.uniform(1.6, 2.6), column.style.rule * pick(rng, (1, 1, 2))
    if rng.random() < 0.6:
        count = max(2, min(number(rng, 3, 5), int(column.width / (4.5 * em))))
        wide = column.width / (1.35 * count - 0.35)
        for i in range(count):
            x = column.left + 1.35 * i * wide
            _box(column, Box(x, column.y, wide, high), _words(column))
            if i:
                canvas.arrow(x - 0.32 * wide, column.y + high / 2, x - 0.05 * wide,
                             column.y + high / 2, colour, weight, 0.5 * em)
        column.y += high
        return
    wide = column.width * rng.uniform(0.3, 0.7)
    left = column.left + (column.width - wide) * rng.random()
    for i in range(number(rng, 2, 4)):
        if i:
            canvas.arrow(left + wide / 2, column.y, left + wide / 2, column.y + 1.1 * em, colour,
                         weight, 0.5 * em)
            column.skip(1.2)
        _box(column, Box(left, column.y, wide, high), _words(column))
        column.y += high


def _cards(column: Column) -> None:
    """Cards side by side with coloured heads and some lines each."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    count = max(1, min(number(rng, 2, 4), int(column.width / (7 * em))))
    wide, top, foot = column.width / count, column.y, column.y
    for i in range(count):
        x = column.left + i * wide
        _box(column, Box(x, top, 0.92 * wide, 1.7 * em), _words(column))
        card = column.inset(i * wide + 0.3 * em, 0.92 * wide - 0.6 * em)
        card.y = top + 2.1 * em
        for _ in range(number(rng, 1, 3)):
            card.flow([_words(column)])
        foot = max(foot, card.y)
    if rng.random() < 0.6:
        for i in range(count):
            canvas.rect(Box(column.left + i * wide, top, 0.92 * wide, foot - top), style.accent,
                        style.rule)
    column.y = foot


def _statement(column: Column) -> None:
    """One thing to remember, large and coloured, on a tint or between rules."""
    rng, em, canvas, style = column.rng, column.em, column.canvas, column.style
    text, kind = _words(column), style.heading.sized(rng.uniform(1.2, 2.4)).tinted(style.accent)
    kind = kind.sized(min(1.0, 0.9 * column.width / canvas.measure(text, kind)))
    box = Box(column.left, column.y, column.width, 2.2 * kind.size)
    if rng.random() < 0.5:
        tint_area(canvas, box, rng, pale(style.accent, 0.15))
    else:
        for y in (box.top, box.bottom):
            column.line(box.left, y, box.right, y, colour=style.accent, width=2 * style.rule)
    canvas.centred(box.left + box.width / 2, box.top + box.height / 2, text, kind)
    column.y = box.bottom + 0.3 * em
