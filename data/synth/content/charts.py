"""Tables and charts: grids of words, figures and fractions, bars, lines, pies."""

import math

import numpy as np

from data.synth import words
from data.synth.content.canvas import Colour, pale
from data.synth.content.column import Column
from data.synth.content.pieces import Fraction, Run
from data.synth.content.questions import label, script_for
from data.synth.sheet import Box
from data.synth.words import number, pick

_FILLS: tuple[Colour, ...] = (
    (120, 120, 120),
    (190, 190, 190),
    (90, 140, 200),
    (220, 140, 90),
    (120, 180, 120),
    (60, 60, 60),
)
_HEADS = {
    "math": ("数量", "单价", "总价", "时间", "路程", "人数", "合计", "次数", "因数", "积"),
    "en": ("Name", "Age", "Sport", "Day", "Food", "Colour", "Time", "Score"),
    "science": ("次数", "电压U/V", "电流I/A", "温度/℃", "质量/g", "体积/mL", "现象", "结论"),
    "geography": ("地区", "人口", "气候", "降水量", "面积", "主要城市"),
}


def _cell_text(column: Column) -> str:
    rng, subject = column.rng, column.style.subject
    form = rng.random()
    if form < 0.35:
        return str(number(rng, 1, 300))
    if form < 0.5:
        return f"{rng.uniform(0, 20):.1f}"
    if form < 0.65:
        return pick(rng, "ABCDxyabmn甲乙丙丁①②③④")
    if subject == "en":
        return pick(rng, words.rows("en_words", 2))[0]
    return pick(rng, words.rows("zh_words", 2))[0]


def table(column: Column) -> None:
    """A ruled table: headings, words, figures, letters, fractions, and cells to fill in."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    across = max(2, min(number(rng, 3, 9), int(column.width / (3.2 * em))))
    down = number(rng, 2, 6)
    wide = column.width * rng.uniform(0.75, 1.0) / across
    high = em * rng.uniform(1.6, 2.6)
    left = column.left + (column.width - wide * across) * rng.random()
    top = column.y + 0.3 * em
    heads = _HEADS.get(style.subject, ("词语", "读音", "意思", "例句", "部首", "笔画"))
    shade = pick(rng, (None, None, (228, 228, 228), pale(style.accent, 1 / 6)))
    if shade:
        canvas.rect(Box(left, top, wide * across, high), width=0, fill=shade)
    if rng.random() < 0.8:
        ends = left + wide * across
        for i in range(down + 1):
            column.line(left, top + i * high, ends, top + i * high)
        for j in range(across + 1):
            column.line(left + j * wide, top, left + j * wide, top + down * high)
    else:  # a three-rule table, as in print
        for i, weight in ((0, 2), (1, 1), (down, 2)):
            y = top + i * high
            column.line(left, y, left + wide * across, y, width=weight * style.rule)
    for i in range(down):
        for j in range(across):
            middle = left + (j + 0.5) * wide, top + (i + 0.5) * high
            cell = Box(left + j * wide, top + i * high, wide, high)
            _fill_cell(column, cell, middle, heads[j % len(heads)] if i == 0 else None)
    column.y = top + down * high + 0.9 * em


def _fill_cell(column: Column, cell: Box, middle: tuple[float, float], head: str | None) -> None:
    """Print into a table's cell, or leave it to be filled in."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    if head is None and rng.random() < 0.42:
        kind = "number" if rng.random() < 0.7 else "blank"
        script = "math" if kind == "number" else script_for(column)
        column.slot(kind, cell, script=script, height=min(em, 0.7 * cell.height))
        return
    if head is None and rng.random() < 0.16 and cell.height > 1.9 * em:
        ratio = Fraction(str(number(rng, 1, 9)), str(number(rng, 2, 12)), 0.7)
        left = middle[0] - ratio.width(canvas, style) / 2
        ratio.draw(canvas, style, left, middle[1] - 0.5 * em)
        return
    text = head or _cell_text(column)
    kind = style.body.sized(0.95)
    room = canvas.measure(text, kind)
    if room > 0.95 * cell.width:
        kind = kind.sized(max(0.4, 0.95 * cell.width / room))
    canvas.centred(*middle, text, kind)


def bar_chart(column: Column) -> None:
    """Bars over an axis with figures and names, plain, hatched or tinted."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    height, count = em * rng.uniform(6, 10), number(rng, 3, 7)
    wide = min(column.width - 3 * em, count * em * rng.uniform(2.4, 3.6))
    left, top = column.left + 2.6 * em, column.y + 1.6 * em
    foot = top + height
    canvas.centred(
        left + wide / 2,
        column.y + 0.5 * em,
        pick(
            rng,
            (
                "四年级同学最喜欢的运动统计图",
                "某地一周气温变化统计图",
                "图书借阅情况统计图",
            ),
        ),
        style.body,
    )
    values = rng.integers(1, 10, count)
    if rng.random() < 0.6:
        for i in range(1, 11):
            column.line(
                left,
                foot - i * height / 11,
                left + wide,
                foot - i * height / 11,
                colour=(175, 175, 175),
                width=1,
            )
    canvas.arrow(left, foot, left, top - 0.4 * em, style.colour, style.rule, 0.4 * em)
    column.line(left, foot, left + wide + 0.5 * em, foot)
    kind = style.body.sized(0.7)
    for i in range(0, 11, 2):
        text = str(i * 5)
        x = left - canvas.measure(text, kind) - 0.3 * em
        canvas.text(x, foot - i * height / 11 - 0.35 * em, text, kind, record=False)
    sports = ("足球", "篮球", "跑步", "跳绳", "游泳", "书法", "绘画", "象棋")
    names = words.sample(rng, sports, count)
    pitch = wide / count
    if rng.random() < 0.6:
        _bars(column, left, foot, pitch, height / 11 * values)
    else:
        points = [(left + (i + 0.5) * pitch, foot - v * height / 11) for i, v in enumerate(values)]
        column.path(points)
        for x, y in points:
            canvas.disc(x, y, 0.14 * em, style.colour)
    for i, name in enumerate(names):
        canvas.centred(left + (i + 0.5) * pitch, foot + 0.7 * em, name, kind)
        if rng.random() < 0.4:
            y = foot - values[i] * height / 11 - 0.6 * em
            canvas.centred(left + (i + 0.5) * pitch, y, str(5 * values[i]), kind)
    canvas.figures.append(Box(left, top, wide, height))
    column.y = foot + 2 * em


def _bars(column: Column, left: float, foot: float, pitch: float, heights: np.ndarray) -> None:
    rng, canvas, style = column.rng, column.canvas, column.style
    fill = pick(rng, (*_FILLS, None, "hatch"))
    for i, high in enumerate(heights):
        bar = Box(left + (i + 0.25) * pitch, foot - high, 0.5 * pitch, high)
        canvas.rect(bar, style.colour, style.rule, None if fill == "hatch" else fill)
        if fill != "hatch":
            continue
        for y in np.arange(bar.top, bar.bottom, 0.4 * column.em):
            slope = min(0.3 * column.em, bar.bottom - y)
            column.line(bar.left, y + slope, bar.right, y, width=0.7 * style.rule)


def pie_chart(column: Column) -> None:
    """A disc in sectors with names and shares."""
    rng, em, style, canvas = column.rng, column.em, column.style, column.canvas
    radius = em * rng.uniform(2.8, 4.5)
    x, y = column.left + radius + rng.uniform(0.1, 0.5) * column.width, column.y + radius + 0.5 * em
    x = min(x, column.right - radius - em)
    shares = rng.dirichlet(np.full(number(rng, 3, 6), 3.0))
    tinted, start = rng.random() < 0.6, -90.0
    tones, named = list(_FILLS), set()
    for i, share in enumerate(shares):
        end = start + 360 * share
        fill = None
        if tinted:
            tone = pick(rng, _FILLS)
            tone = tones.pop(tones.index(tone) if tone in tones else 0)  # none comes twice
            fill = pale(tone, 1 / 3)
        canvas.ellipse(x, y, radius, radius, style.colour, style.rule, fill, start=start, end=end)
        a, middle = math.radians(start), math.radians((start + end) / 2)
        rim = x + radius * math.cos(a), y + radius * math.sin(a)
        canvas.path([(x, y), rim], style.colour, style.rule)
        at = x + 0.62 * radius * math.cos(middle), y + 0.62 * radius * math.sin(middle)
        if share > 0.09:
            letter = "ABCDEF"[i]
            text = pick(rng, (f"{round(100 * share)}%", letter, "其他", "步行", "骑车"))
            text = letter if text in named else text
            named.add(text)
            canvas.centred(*at, text, style.body.sized(0.72))
        start = end
    canvas.figures.append(Box(x - radius, y - radius, 2 * radius, 2 * radius))
    column.y = y + radius + em


def chart_question(column: Column) -> None:
    """A chart with a question before it."""
    rng = column.rng
    text = "根据统计图回答问题。" if rng.random() < 0.5 else "看图完成填空。"
    column.flow([*label(column), Run(text)])
    pick(rng, (bar_chart, bar_chart, pie_chart))(column)
