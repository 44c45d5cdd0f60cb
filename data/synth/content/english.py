"""English worksheets: four-line writing, passages, dialogues, word boxes, picture words."""

from data.synth import words
from data.synth.content.canvas import Colour
from data.synth.content.column import Column
from data.synth.content.pictures import draw_picture, scene, tint
from data.synth.content.pieces import Gap, Ring, Run, Space
from data.synth.content.questions import label, ruled_lines, sub_label
from data.synth.sheet import Box
from data.synth.words import number, pick


def four_lines(column: Column) -> None:
    """Sets of four ruled lines, with a model to copy or empty."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    task = pick(rng, ("Copy the sentences.", "规范书写下列句子。", "抄写单词。"))
    column.flow([*label(column), task])
    step = em * rng.uniform(0.42, 0.62)
    red: Colour = (220, 120, 110)
    tone = pick(rng, (style.colour, (150, 150, 150), (110, 150, 210), red))
    dashed = rng.random() < 0.3
    # Lower-case letters fill the middle space: set the model's x-height to it.
    model = style.body.sized(2.1 * step / em)
    for row in range(number(rng, 1, 5)):
        top = column.y
        for i in range(4):
            inner = i in (1, 2)
            colour = red if i == 2 and rng.random() < 0.1 else tone
            y = top + i * step
            dash = 0.3 * em if dashed and inner else 0
            column.line(column.left, y, column.right, y, colour=colour, width=1, dash=dash)
        if row % 2 == 0 and rng.random() < 0.6:
            text = words.en_sentence(rng)
            while canvas.measure(text, model) > column.width - em and " " in text:
                text = text.rsplit(" ", 1)[0]
            tint_of = style.colour if rng.random() < 0.7 else (185, 185, 185)
            y = top + 2 * step - 0.86 * model.size
            canvas.text(column.left + 0.4 * em, y, text, model.tinted(tint_of))
        else:
            box = Box(column.left, top, column.width, 3 * step)
            column.slot("line", box, words.en_sentence(rng), "latin", 2 * step)
        column.y += 3 * step + em * rng.uniform(0.6, 1.2)


def reading(column: Column) -> None:
    """A passage, maybe with a picture, then questions: open, true or false."""
    rng, style = column.rng, column.style
    title, paragraphs = words.passage(rng, "latin")
    if rng.random() < 0.3:
        height = column.em * rng.uniform(5, 8)
        picture = Box(column.left, column.y, column.width, height)
        scene(column.canvas, picture, rng, style.colour, tint(rng))
        column.y += height + 0.6 * column.em
    column.flow([Run(title, style.heading)], align="centre")
    for paragraph in paragraphs:
        column.flow([paragraph], first=1.5, align="full")
    asked = (
        "What is the passage mainly about?",
        "Who helped the writer?",
        "When did it happen?",
        "What can we learn from the story?",
        "Why did they go there?",
        "How did he feel at last?",
    )
    for i, question in enumerate(words.sample(rng, asked, number(rng, 2, 4))):
        if rng.random() < 0.4:
            gap = Gap(pick(rng, "TF"), 1.8, "brackets", "choice", "latin")
            column.flow([gap, f"{i + 1}. ", words.en_sentence(rng)], indent=2)
        else:
            column.flow([f"{i + 1}. {question}"], indent=1)
            ruled_lines(column, 1)


def cloze(column: Column) -> None:
    """A passage with numbered gaps, with a box of words or options below."""
    rng, em, style = column.rng, column.em, column.style
    _, paragraphs = words.passage(rng, "latin")
    chosen, pieces = [], []
    for token in " ".join(paragraphs[:2]).split():
        if len(token) > 3 and token.isalpha() and rng.random() < 0.13 and len(chosen) < 8:
            chosen.append(token)
            if rng.random() < 0.5:
                pieces += [Gap(token, 4, "line", "blank", "latin"), " "]
            else:
                pieces += [Run(f" {len(chosen)} ", mark="under"), " "]
        else:
            pieces.append(token + " ")
    column.flow([*label(column), *pieces], align="full", first=1)
    column.skip(0.3)
    if rng.random() < 0.5 and chosen:
        top = column.y
        inner = column.inset(em, column.width - 2 * em)
        inner.y = top + 0.35 * em
        bank = [piece for word in sorted(chosen) for piece in (word, Space(1.6))]
        inner.flow(bank, align="centre")
        frame = Box(column.left, top, column.width, inner.y - top)
        column.canvas.rect(frame, style.accent, style.rule, corner=pick(rng, (0, 0.5)) * em)
        column.y = inner.y + 0.6 * em
        return
    for i, word in enumerate(chosen):
        others = [row[0] for row in words.sample(rng, words.rows("en_words", 2), 3)]
        options = words.sample(rng, [word, *others], 4)
        answer = "ABCD"[options.index(word)]
        gap = Gap(answer, 1.5, "brackets", "choice", "latin")
        line: list = [gap, f"{i + 1}. "]
        for letter, option in zip("ABCD", options, strict=True):
            line += [f"{letter}. {option}", Space(1.3)]
        column.flow(line, indent=2)


def dialogue(column: Column) -> None:
    """A dialogue with lines left out, at times in speech bubbles."""
    rng, em = column.rng, column.em
    turns = pick(rng, words.rows("en_dialogues", 2))
    column.flow([*label(column), pick(rng, ("补全对话。", "Complete the dialogue.", "情景交际"))])
    if rng.random() < 0.35:
        _bubbles(column, turns)
        return
    for i, turn in enumerate(turns):
        speaker = pick(rng, ("A", "B")) if i > 3 else "AB"[i % 2]
        if rng.random() < 0.35:
            gap = Gap(turn, 0.6 * column.width / em, "line", "blank", "latin")
            column.flow([f"{speaker}: ", gap])
        else:
            column.flow([f"{speaker}: {turn}"], indent=1.5)


def _bubbles(column: Column, turns: tuple[str, ...]) -> None:
    """Children who say the turns in printed speech bubbles, left and right in turn."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    size, filled = 3.6 * em, tint(rng)
    for i, turn in enumerate(turns[:3]):
        on_left = i % 2 == 0
        x = column.left if on_left else column.right - size
        draw_picture(canvas, Box(x, column.y, size, size), rng, style.colour, filled)
        inner = column.inset(size + 1.6 * em if on_left else 0.8 * em, column.width - size - 3 * em)
        inner.y = column.y + 0.6 * em
        empty = rng.random() < 0.4
        if empty:
            box = Box(inner.left, inner.y, inner.width, 1.5 * em)
            column.slot("blank", box, turn, "latin")
            inner.skip(1.6)
        else:
            inner.flow([turn])
        frame = Box(
            inner.left - 0.6 * em, column.y, inner.width + 1.2 * em, inner.y - column.y + 0.3 * em
        )
        canvas.rect(frame, style.colour, style.rule, corner=0.7 * em)
        side = frame.left if on_left else frame.right
        out = -0.7 * em if on_left else 0.7 * em
        y = column.y + 1.2 * em
        canvas.polygon([(side, y), (side + out, y + 0.2 * em), (side, y + 0.6 * em)], style.colour)
        column.y = max(inner.y, column.y + size) + 0.6 * em


def picture_words(column: Column) -> None:
    """Pictures with a line or letters below: write, choose, or number them."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    task = pick(rng, ("Look and write.", "Read and tick.", "看图写单词。", "Listen and number."))
    column.flow([*label(column), task])
    across = max(1, min(number(rng, 3, 6), int(column.width / (4.2 * em))))
    step = column.width / across
    size = min(0.7 * step, 5 * em)
    filled, form, framed = tint(rng), pick(rng, ("line", "letters", "box")), rng.random() < 0.4
    for i in range(across):
        x = column.left + (i + 0.5) * step - size / 2
        box = Box(x, column.y, size, size)
        draw_picture(canvas, box, rng, style.colour, filled)
        if framed:
            edge = Box(x - 0.1 * size, column.y - 0.1 * size, 1.2 * size, 1.2 * size)
            canvas.rect(edge, style.colour, style.rule, corner=pick(rng, (0, 0.12)) * size)
        word = pick(rng, words.rows("en_words", 2))[0]
        cell = column.inset((i + 0.04) * step, 0.92 * step)
        cell.y = column.y + 1.2 * size
        if form == "letters":
            hidden = number(rng, 1, max(1, len(word) - 2))
            gap = Gap(word[hidden], 0.8, "line", "blank", "latin")
            cell.flow([word[:hidden], gap, word[hidden + 1 :]], align="centre")
        elif form == "box":
            gap = Gap(str(i + 1), 1.2, "box", "number", "math")
            cell.flow([Ring(chr(65 + i)), Space(0.3), gap], align="centre")
        else:
            line = Gap(word, max(1.5, 0.75 * step / em), "line", "blank", "latin")
            cell.flow([line], align="centre")
    column.y += 1.2 * size + 2.2 * em


def word_forms(column: Column) -> None:
    """Sentences with a gap and a given word in brackets, or words to translate."""
    rng, style = column.rng, column.style
    for _ in range(number(rng, 2, 5)):
        if rng.random() < 0.6:
            pieces: list = [*label(column)]
            for printed, answer in words.split_blanks(pick(rng, words.lines("en_fill"))):
                pieces.append(printed)
                if answer is not None:
                    pieces.append(Gap(answer, rng.uniform(3.5, 6), "line", "blank", "latin"))
            if rng.random() < 0.5:
                hint = pick(rng, words.rows("en_words", 2))
                pieces.append(f" ({hint[int(rng.integers(2))]})")
            column.flow(pieces, indent=1.2)
            continue
        word, meaning = pick(rng, words.rows("en_words", 2))[:2]
        column.flow(
            [
                *label(column),
                f"{meaning} ",
                Gap(word, 4.5, "line", "blank", "latin"),
                Space(1),
                *sub_label(column, 0),
                Run("adj.", style.kai),
                Gap("", 4, "line", "blank", "latin"),
            ],
            indent=1.2,
        )


def vocabulary(column: Column) -> None:
    """Words with phonetic spelling, class and meaning, in two or three columns."""
    rng, em = column.rng, column.em
    across = max(1, min(3, int(column.width / (9 * em))))
    step = column.width / across
    bullet = pick(rng, ("", "●", "○", "★", "□"))
    for _ in range(number(rng, 2, 6)):
        low = column.y
        for j in range(across):
            word, meaning = pick(rng, words.rows("en_words", 2))[:2]
            cell = column.inset(j * step, step)
            cell.y = column.y
            tail = meaning if rng.random() < 0.6 else pick(rng, ("n. ", "v. ", "adj. ")) + meaning
            cell.flow([f"{bullet} {word} ", tail])
            low = max(low, cell.y)
        column.y = low


def writing(column: Column) -> None:
    """A letter or essay to write on ruled lines, with its opening printed."""
    rng = column.rng
    task = pick(rng, words.by_subject("open", 1, "en"))[0]
    column.flow([*label(column), task], indent=1.2)
    name = pick(rng, words.lines("en_names"))
    if rng.random() < 0.5:
        column.flow([f"Dear {name},"])
    dash = pick(rng, (0, 0, 0.3 * column.em))
    ruled_lines(column, number(rng, 3, 9), dash)
