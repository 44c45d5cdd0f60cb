"""Chinese lessons: pinyin over writing squares, essay grids, poems, passages, words to complete."""

from data.synth import words
from data.synth.content.canvas import Colour
from data.synth.content.column import Column
from data.synth.content.pictures import scene, tint
from data.synth.content.pieces import Gap, Ring, Run, Space
from data.synth.content.questions import label, marked, open_question, ruled_lines, with_gaps
from data.synth.fonts import is_hanzi
from data.synth.sheet import Box
from data.synth.words import number, pick

_OF_SONG = ("苏轼", "杨万里")  # of zh_poems.txt's poets; the others are of Tang


def writing_square(column: Column, box: Box, form: str, line: Colour, guide: Colour) -> None:
    """A square to write one character in.

    form: 'plain', 'field' (田字格: a cross of dashes) or 'star' (米字格: with diagonals).
    """
    canvas, width = column.canvas, column.style.rule
    canvas.rect(box, line, width)
    if form == "plain":
        return
    x, y = box.left + box.width / 2, box.top + box.height / 2
    dash = max(2.0, box.width / 14)
    thin = max(0.6, 0.7 * width)
    canvas.line(box.left, y, box.right, y, guide, thin, dash)
    canvas.line(x, box.top, x, box.bottom, guide, thin, dash)
    if form == "star":
        canvas.line(box.left, box.top, box.right, box.bottom, guide, thin, dash)
        canvas.line(box.left, box.bottom, box.right, box.top, guide, thin, dash)


def _grid_colours(column: Column) -> tuple[Colour, Colour]:
    """Of a grid's frame and of its guide lines."""
    tone = pick(
        column.rng,
        (
            column.style.colour,
            column.style.colour,
            (120, 120, 120),
            (90, 160, 110),
            (210, 90, 80),
            (110, 150, 210),
        ),
    )
    return tone, tuple((c + 255) // 2 for c in tone) if column.rng.random() < 0.6 else tone


def pinyin_squares(column: Column) -> None:
    """Words in pinyin, with a writing square below each syllable."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    column.flow([*label(column), "看拼音，写词语。"])
    side = em * rng.uniform(1.9, 2.9)
    form = pick(rng, ("field", "field", "star", "plain"))
    line, guide = _grid_colours(column)
    lined = rng.random() < 0.3  # pinyin on four lines of its own
    kind = style.body.sized(0.78)
    top = 1.5 * em if lined else 1.15 * em
    for _ in range(number(rng, 1, 3)):
        x = column.left + 0.3 * em
        while True:
            word, pinyin = pick(rng, words.rows("zh_words", 2))[:2]
            if x + side * len(word) > column.right:
                break
            for char, syllable in zip(word, pinyin.split(), strict=False):
                if lined:
                    for i in range(4):
                        y = column.y + i * 0.36 * em
                        column.line(x, y, x + side, y, colour=guide, width=1)
                canvas.centred(x + side / 2, column.y + 0.5 * em, syllable, kind)
                box = Box(x, column.y + top, side, side)
                writing_square(column, box, form, line, guide)
                column.slot("grid", box, char, height=0.8 * side)
                x += side
            x += em * rng.uniform(0.5, 1.4)
        column.y += top + side + 0.7 * em


def copybook(column: Column) -> None:
    """Rows of writing squares: printed models, grey ones to trace, empty ones; maybe pinyin."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    side = em * rng.uniform(2.0, 3.4)
    count = max(1, int((column.width - em) / side))
    form = pick(rng, ("field", "star", "field", "plain"))
    line, guide = _grid_colours(column)
    model = style.kai.sized(0.82 * side / style.kai.size)
    voiced = rng.random() < 0.4
    # A model may be in every second square, so that writing has print on both sides.
    every = number(rng, 2, 3) if rng.random() < 0.35 else 0
    for _ in range(number(rng, 1, 4)):
        character, syllable = _syllable(rng)
        traced = number(rng, 0, 4)
        if voiced:
            kind = style.body.sized(0.78)
            canvas.centred(column.left + side / 2, column.y + 0.5 * em, syllable, kind)
            column.y += 1.15 * em
        for i in range(count):
            if every and i and i % every == 0:
                character = _syllable(rng)[0]
            box = Box(column.left + i * side, column.y, side, side)
            writing_square(column, box, form, line, guide)
            if i % every if every else i > traced:
                column.slot("grid", box, character, height=0.8 * side)
                continue
            first = i == 0 or every > 0
            tone = style.colour if first else pick(rng, ((190, 190, 190), (225, 140, 135)))
            kind = model.tinted(tone)
            canvas.centred(box.left + side / 2, box.top + side / 2, character, kind, first)
        column.y += side + rng.uniform(0, 0.6) * em


def _syllable(rng) -> tuple[str, str]:
    """A character and its pinyin."""
    word, pinyin = pick(rng, words.rows("zh_words", 2))[:2]
    return pick(rng, list(zip(word, pinyin.split(), strict=False)))


def essay_grid(column: Column) -> None:
    """A title and rows of squares for an essay, with counts at the rows' ends."""
    rng, em = column.rng, column.em
    title = pick(rng, words.lines("titles"))
    prompt = f"请以“{title}”为题写一篇文章，不少于{number(rng, 3, 8)}00字。"
    column.flow([*label(column), *marked(column, prompt)], indent=1.2)
    side = em * rng.uniform(1.25, 1.9)
    count = max(1, int(column.width / side))
    line, _ = _grid_colours(column)
    gap = em * rng.uniform(0.0, 0.7)
    left = column.left + (column.width - count * side) / 2
    for row in range(number(rng, 3, 14)):
        top = column.y
        if top > column.canvas.height:
            break
        for i in range(count + 1):
            column.line(left + i * side, top, left + i * side, top + side, colour=line)
        for y in (top, top + side):
            column.line(left, y, left + count * side, y, colour=line)
        for i in range(count):
            box = Box(left + i * side, top, side, side)
            column.slot("grid", box, height=0.85 * side)
        if (row + 1) * count // 100 > row * count // 100:
            column.text(left + count * side + 2, top, str((row + 1) * count // 100 * 100), 0.5)
        column.y += side + gap
    column.skip(0.6)


def poem(column: Column) -> None:
    """A classical poem, centred, in Kai or print, whole or with lines to fill in."""
    rng, style = column.rng, column.style
    title, author, *verses = pick(rng, words.rows("zh_poems", 3))
    kind = style.kai if rng.random() < 0.6 else style.body
    column.flow([Run(title, style.heading)], align="centre")
    signed = f"〔{'宋' if author in _OF_SONG else '唐'}〕{author}" if rng.random() < 0.5 else author
    column.flow([Run(signed, kind.sized(0.85))], align="centre")
    for verse in verses:
        halves = verse.replace("。", "，").split("，")
        if rng.random() < 0.35:
            gap = Gap(halves[1], len(halves[1]) + 1.5, "line")
            column.flow([Run(halves[0] + "，", kind), gap, Run("。", kind)], align="centre")
        else:
            mark = "dots" if rng.random() < 0.15 else ""
            column.flow([Run(verse[:-1], kind, mark), Run("。", kind)], align="centre")
    column.skip(0.5)


def reading(column: Column) -> None:
    """A passage to read: marked parts, numbered paragraphs, then questions about it."""
    rng, style = column.rng, column.style
    title, paragraphs = words.passage(rng, "zh")
    if rng.random() < 0.25:
        height = column.em * rng.uniform(5, 8)
        picture = Box(column.left, column.y, column.width, height)
        scene(column.canvas, picture, rng, style.colour, tint(rng))
        column.y += height + 0.6 * column.em
    column.flow([Run(title, style.heading)], align="centre")
    kind = style.kai if rng.random() < 0.4 else style.body
    numbered = rng.random() < 0.45
    for i, paragraph in enumerate(paragraphs):
        pieces = [Ring(str(i + 1))] if numbered else []
        pieces += [
            Run(p.text, kind, p.mark) if isinstance(p, Run) and p.type is None else p
            for p in marked(column, paragraph)
        ]
        if rng.random() < 0.12:
            pieces.append(Gap("", 5, "line"))
        column.flow(pieces, first=2, align="full")
    for _ in range(number(rng, 1, 3)):
        open_question(column)


def complete_words(column: Column) -> None:
    """Idioms with missing characters, and words to make from a character."""
    rng = column.rng
    form = pick(rng, ("brackets", "line", "box"))
    column.flow([*label(column), pick(rng, ("把词语补充完整。", "补全成语，再选一个写句子。"))])
    pieces: list = []
    for idiom in words.sample(rng, words.lines("zh_idioms"), number(rng, 4, 9)):
        hidden = [int(i) for i in rng.permutation(4)[: number(rng, 1, 2)]]
        for i, char in enumerate(idiom):
            gap = Gap(char, 1.6, form, "blank")
            pieces.append(gap if i in hidden else char)
        pieces.append(Space(rng.uniform(0.8, 2)))
    column.flow(pieces, first=1, indent=1)
    if rng.random() < 0.4:
        ruled_lines(column, 1)


def form_words(column: Column) -> None:
    """Look-alike characters with brackets, behind a tall brace: 比一比，再组词."""
    rng, em, canvas = column.rng, column.em, column.canvas
    column.flow([*label(column), "比一比，再组词。"])
    pairs = (
        "清请",
        "晴睛",
        "跑饱",
        "未末",
        "己已",
        "土士",
        "大太",
        "园圆",
        "拔拨",
        "蓝篮",
        "木本",
        "人入",
        "辩辨",
        "坐座",
        "做作",
        "在再",
    )
    across = max(1, min(4, int(column.width / (6.5 * em))))
    step = column.width / across
    for pair, j in zip(words.sample(rng, pairs, across), range(across), strict=True):
        x, y = column.left + j * step + 0.8 * em, column.y
        brace = [
            (x, y),
            (x - 0.35 * em, y + 0.2 * em),
            (x - 0.15 * em, y + 1.1 * em),
            (x - 0.6 * em, y + 1.35 * em),
            (x - 0.15 * em, y + 1.6 * em),
            (x - 0.35 * em, y + 2.5 * em),
            (x, y + 2.7 * em),
        ]
        canvas.path(brace, column.style.colour, column.style.rule)
        for row, char in enumerate(pair):
            end = column.text(x + 0.2 * em, y + 1.65 * row * em, char)
            gap = Gap("", 2.6, "brackets")
            gap.draw(canvas, column.style, end, y + 1.65 * row * em)
    column.y += 3.5 * em


def sentences(column: Column) -> None:
    """Sentences to rewrite on a line, with an example."""
    rng, style = column.rng, column.style
    task = pick(rng, ("改为“被”字句。", "缩句。", "修改病句。", "仿写句子。", "改为转述句。"))
    column.flow([*label(column), task])
    if rng.random() < 0.5:
        example = Run("例：" + words.zh_sentence(rng), style.kai)
        column.flow([example], first=2)
    for _ in range(number(rng, 1, 3)):
        column.flow([Space(1), *marked(column, words.zh_sentence(rng))], indent=1)
        ruled_lines(column, 1)


def word_bank(column: Column) -> None:
    """Words in a frame to choose from, and sentences to put them into."""
    rng, em, style = column.rng, column.em, column.style
    column.flow([*label(column), "选词填空。"])
    bank = [row[0] for row in words.sample(rng, words.rows("zh_words", 2), number(rng, 4, 7))]
    top = column.y
    inner = column.inset(em, column.width - 2 * em)
    inner.y = top + 0.4 * em
    pieces: list = []
    for word in bank:
        pieces += [Run(word, style.kai), Space(1.5)]
    inner.flow(pieces[:-1], align="centre")
    frame = Box(column.left + 0.4 * em, top, column.width - 0.8 * em, inner.y - top)
    dash = pick(rng, (0, 0.35 * em))
    column.canvas.rect(frame, style.accent, style.rule, dash=dash, corner=0 if dash else 0.4 * em)
    column.y = inner.y + 0.7 * em
    for i in range(number(rng, 2, 4)):
        sentence = words.zh_sentence(rng)
        cut = number(rng, 1, max(1, len(sentence) - 3))
        answer = pick(rng, bank)
        text = f"{i + 1}. {sentence[:cut]}{{{answer}}}{sentence[cut:]}"
        column.flow(with_gaps(column, text), indent=1)


def character_table(column: Column) -> None:
    """Characters to learn, close together: any of the face's characters."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    # A sorted copy: the order of a set is not the same in two processes.
    known = sorted(filter(is_hanzi, style.kai.zh.coverage))
    size = rng.uniform(1.4, 2.2) * em
    count = max(1, int(column.width / size))
    kind = style.kai.sized(0.85 * size / style.kai.size)
    ruled = rng.random() < 0.5
    for _ in range(number(rng, 1, 5)):
        for i in range(count):
            x = column.left + i * size
            char = pick(rng, known)
            canvas.centred(x + size / 2, column.y + 0.5 * size, char, kind, record=False)
            if ruled:
                canvas.rect(Box(x, column.y, size, size), style.colour, style.rule)
        column.y += size
    column.skip(0.8)


def single_characters(column: Column) -> None:
    """Large characters one by one, with or without pinyin above and brackets for words behind."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    size = em * rng.uniform(1.0, 3.4)
    kind = pick(rng, (style.kai, style.kai, style.body))
    kind = kind.sized(size / kind.size)
    voiced, bracketed = rng.random() < 0.6, rng.random() < 0.4
    step = size * rng.uniform(1.4, 3.0) + (3.6 * em if bracketed else 0)
    top = 1.15 * em if voiced else 0.0
    for _ in range(number(rng, 1, 3)):
        for i in range(max(1, int(column.width / step))):
            x, y = column.left + i * step, column.y + top
            char, syllable = _syllable(rng)
            canvas.text(x, y, char, kind)
            if voiced:
                small = style.body.sized(0.78)
                canvas.centred(x + size / 2, column.y + 0.5 * em, syllable, small)
            if bracketed and step < column.width:
                gap = Gap("", 2.6, "brackets")
                gap.draw(canvas, style, x + 1.05 * size, y + 0.5 * (size - em))
        column.y += top + size * rng.uniform(1.15, 1.6)
    column.skip(0.5)
