"""Puzzles and games on worksheets: crosswords, sudoku, mazes, dots to join, word searches."""

import numpy as np

from data.synth import words
from data.synth.content.column import Column
from data.synth.content.questions import label
from data.synth.sheet import Box
from data.synth.words import number, pick


def crossword(column: Column) -> None:
    """A crossword: white cells with small numbers, blacked or missing cells between them."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    column.flow([*label(column), pick(rng, ("Crossword puzzle.", "填字游戏。"))])
    side = em * rng.uniform(1.3, 1.9)
    count = max(3, min(number(rng, 7, 11), int(column.width / side)))
    starts: list[tuple[int, int]] = []
    letters: dict[tuple[int, int], str] = {}
    for i in range(0, count, 2):
        down = i % 4 == 2
        for _ in range(20):  # tries, until a word agrees with those that it crosses
            word = pick(rng, words.rows("en_words", 2))[0].upper()[:count]
            at = number(rng, 0, count - len(word))
            cells = [(at + k, i) if down else (i, at + k) for k in range(len(word))]
            laid = dict(zip(cells, word, strict=True))
            if all(letters.get(cell, letter) == letter for cell, letter in laid.items()):
                letters |= laid
                starts.append(cells[0])
                break
    black = rng.random() < 0.4
    for row in range(count):
        for col in range(count):
            box = Box(column.left + col * side, column.y + row * side, side, side)
            if (row, col) not in letters:
                if black:
                    canvas.rect(box, width=0, fill=style.colour)
                continue
            canvas.rect(box, style.colour, style.rule)
            column.slot("number", box, letters[row, col], "latin", 0.7 * side)
    for i, (row, col) in enumerate(starts):
        x, y = column.left + col * side, column.y + row * side
        canvas.text(x + 2, y + 1, str(i + 1), style.body.sized(0.42), record=False)
    canvas.figures.append(Box(column.left, column.y, count * side, count * side))
    column.y += count * side + 0.8 * em


def sudoku(column: Column) -> None:
    """A 9x9 grid with some figures, or a 4x4 one for small children."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    block = pick(rng, (2, 3))
    count = block * block
    side = min(em * rng.uniform(1.5, 2.2), column.width / count)
    rows, cols, figures = (rng.permutation(block * block) for _ in range(3))
    # A solved grid in pattern form, its rows and columns shuffled within their bands.
    rows = np.argsort(rows.reshape(block, block), axis=1) + block * np.arange(block)[:, None]
    cols = np.argsort(cols.reshape(block, block), axis=1) + block * np.arange(block)[:, None]
    for i, row in enumerate(rows.ravel()):
        for j, col in enumerate(cols.ravel()):
            value = figures[(block * (row % block) + row // block + col) % count] + 1
            box = Box(column.left + j * side, column.y + i * side, side, side)
            canvas.rect(box, style.colour, style.rule)
            if rng.random() < 0.42:
                middle = box.left + side / 2, box.top + side / 2
                canvas.centred(*middle, str(value), style.body.sized(0.6 * side / em))
            else:
                column.slot("number", box, str(value), "math", 0.7 * side)
    for i in range(block + 1):
        shift = i * block * side
        x, y, span = column.left + shift, column.y + shift, count * side
        column.line(x, column.y, x, column.y + span, width=2.2 * style.rule)
        column.line(column.left, y, column.left + span, y, width=2.2 * style.rule)
    canvas.figures.append(Box(column.left, column.y, count * side, count * side))
    column.y += count * side + 0.9 * em


def word_search(column: Column) -> None:
    """A square of letters or characters with words hidden along its rows."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    pitch = em * rng.uniform(1.2, 1.6)
    count = max(3, min(number(rng, 7, 12), int(column.width / pitch)))
    latin = style.subject == "en"
    source = words.rows("en_words" if latin else "zh_words", 2)
    hidden = [row[0].upper() for row in words.sample(rng, source, count)]
    for i, word in enumerate(hidden):
        letters = [
            chr(65 + number(rng, 0, 25)) if latin else pick(rng, pick(rng, hidden))
            for _ in range(count)
        ]
        at = number(rng, 0, max(0, count - len(word)))
        letters[at : at + len(word)] = list(word)
        for j, letter in enumerate(letters[:count]):
            x = column.left + (j + 0.5) * pitch
            canvas.centred(x, column.y + (i + 0.5) * pitch, letter, style.body, record=False)
    box = Box(column.left, column.y, count * pitch, count * pitch)
    canvas.rect(box, style.colour, style.rule, corner=pick(rng, (0, 0.5)) * em)
    canvas.figures.append(box)
    column.slot("figure", box, script="latin")
    column.y = box.bottom + 0.8 * em


def maze(column: Column) -> None:
    """A maze carved by a random walk, to draw a way through."""
    rng, em = column.rng, column.em
    side = em * rng.uniform(0.8, 1.4)
    cols = max(4, min(16, int(column.width * rng.uniform(0.5, 1.0) / side)))
    rows = max(4, min(10, cols))
    right_wall, low_wall = np.ones((rows, cols), bool), np.ones((rows, cols), bool)
    seen = np.zeros((rows, cols), bool)
    trail = [(0, 0)]
    seen[0, 0] = True
    while trail:
        r, c = trail[-1]
        around = [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
        ways = [(a, b) for a, b in around if 0 <= a < rows and 0 <= b < cols and not seen[a, b]]
        if not ways:
            trail.pop()
            continue
        a, b = pick(rng, ways)
        if a == r:
            right_wall[r, min(b, c)] = False
        else:
            low_wall[min(a, r), c] = False
        seen[a, b] = True
        trail.append((a, b))
    low_wall[-1, -1] = False  # the way out
    left, top = column.left, column.y
    for r in range(rows):
        for c in range(cols):
            x, y = left + (c + 1) * side, top + (r + 1) * side
            if right_wall[r, c]:
                column.line(x, y - side, x, y)
            if low_wall[r, c]:
                column.line(x - side, y, x, y)
    column.line(left + side, top, left + cols * side, top)
    column.line(left, top, left, top + rows * side)
    box = Box(left, top, cols * side, rows * side)
    column.canvas.figures.append(box)
    column.slot("figure", box, script="math")
    column.y = box.bottom + 0.8 * em


def dot_grid(column: Column) -> None:
    """A grid of dots or squares to draw on, with a shape begun on it."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    task = pick(rng, ("在方格纸上画出它的另一半。", "在点子图上画一个长方形。"))
    column.flow([*label(column), task])
    pitch = em * rng.uniform(0.7, 1.1)
    cols = max(3, min(number(rng, 10, 24), int(column.width / pitch) - 1))
    rows = number(rng, 5, 9)
    dotted = rng.random() < 0.5
    tone = pick(rng, (style.colour, (150, 150, 150), (150, 190, 160)))
    for r in range(rows + 1):
        y = column.y + r * pitch
        if not dotted:
            column.line(column.left, y, column.left + cols * pitch, y, colour=tone)
        for c in range(cols + 1):
            x = column.left + c * pitch
            if dotted:
                canvas.disc(x, y, max(0.8, 0.07 * em), tone)
            elif r == 0:
                column.line(x, y, x, y + rows * pitch, colour=tone)
    corners = [(number(rng, 1, cols // 2), number(rng, 0, rows)) for _ in range(number(rng, 3, 5))]
    points = [(column.left + c * pitch, column.y + r * pitch) for c, r in corners]
    column.path(points, width=2 * style.rule, closed=rng.random() < 0.5)
    box = Box(column.left, column.y, cols * pitch, rows * pitch)
    canvas.figures.append(box)
    column.slot("figure", box, script="math")
    column.y = box.bottom + 0.8 * em


def number_grid(column: Column) -> None:
    """A grid of numbers in a row, as of tables, calendars and the first hundred; some left out."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    column.flow([*label(column), pick(rng, ("填一填，找规律。", "在空格里填数。", "百数表。"))])
    side = em * rng.uniform(1.3, 2.6)
    across = max(2, min(number(rng, 5, 10), int(column.width / side)))
    start, step = number(rng, 0, 60), pick(rng, (1, 1, 1, 2, 5, 9))
    last = str(start + step * (6 * across - 1))
    kind = style.body.sized(rng.uniform(0.55, 0.95) * side / (1.3 * em))
    kind = kind.sized(min(1.0, 0.85 * side / canvas.measure(last, kind)))
    ruled, hidden = rng.random() < 0.8, pick(rng, (0.0, 0.15, 0.4))
    for row in range(number(rng, 2, 6)):
        for i in range(across):
            box = Box(column.left + i * side, column.y, side, side)
            if ruled:
                canvas.rect(box, style.colour, style.rule)
            value = str(start + step * (row * across + i))
            if rng.random() < hidden:
                column.slot("number", box, value, "math", 0.6 * side)
                continue
            canvas.centred(box.left + side / 2, box.top + side / 2, value, kind)
        column.y += side
    column.skip(0.7)
