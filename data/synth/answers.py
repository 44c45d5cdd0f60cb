"""What people write on a page: right answers, mistakes, working, notes, remarks."""

import re
from dataclasses import dataclass

import numpy as np

from data.synth import words
from data.synth.words import number, pick

_SUM = re.compile(r"(\d+)([+\-−×÷])(\d+)=")
_SCRIPT_OF_SUBJECT = {"math": "math", "en": "latin", "science": "math"}
_UNITS = ("个", "元", "米", "千克", "厘米", "本", "人", "棵", "平方米", "分钟", "升", "天")


_STRAIGHT = ("1", "1", "11", "-1", "1.1", "111", "|-1|", "(1)", "-7", "1/7", "l", "(1,-1)", "71")


@dataclass(frozen=True)
class Figures:
    """One row of a sum set out in columns: text and its right end, in digits from the right."""

    text: str
    right: float = 0.0
    ruled: bool = False  # a line is drawn under it


def made_up(rng: np.random.Generator, kind: str, script: str) -> str:
    """Something for a place of this kind whose answer is not known."""
    if kind == "choice":
        return pick(rng, "ABCD")
    if kind == "judge":
        return pick(rng, "TF")
    if kind == "grid":
        return pick(rng, pick(rng, words.lines("zh_idioms")))
    if kind == "name":
        return _name(rng, script)
    if kind == "number" or script == "math":
        return _figure(rng)
    if kind == "line":
        return words.en_sentence(rng) if script == "latin" else words.zh_sentence(rng)
    if kind == "margin":
        return note(rng, script)
    return _word(rng, script)


def _name(rng: np.random.Generator, script: str) -> str:
    if script == "latin":
        return pick(rng, words.lines("en_names"))
    if script == "math":
        return str(number(rng, 1, 60)) if rng.random() < 0.6 else str(number(rng, 2001, 2039))
    luck = rng.random()
    if luck < 0.7:
        return words.zh_name(rng)
    if luck < 0.85:
        return f"{pick(rng, '一二三四五六七八九')}({number(rng, 1, 9)})班"
    return str(number(rng, 1, 50))


def _figure(rng: np.random.Generator) -> str:
    luck = rng.random()
    if luck < 0.14:  # straight strokes alone, that could be rules
        return pick(rng, _STRAIGHT)
    if luck < 0.62:
        return str(number(rng, 0, int(pick(rng, (9, 20, 99, 999)))))
    if luck < 0.74:
        return f"{number(rng, 0, 40)}.{number(rng, 1, 99)}"
    if luck < 0.86:
        return f"{number(rng, 1, 9)}/{number(rng, 2, 12)}"
    if luck < 0.93:
        return f"{pick(rng, 'xyab')}={number(rng, 1, 40)}"
    return pick(rng, (">", "<", "=", "-3", "100%", "60°", "2π", "x²", "√2", "90°"))


def _word(rng: np.random.Generator, script: str) -> str:
    if script == "latin":
        count = int(rng.choice(3, p=(0.7, 0.2, 0.1))) + 1
        return " ".join(pick(rng, words.rows("en_words", 2))[0] for _ in range(count))
    source = "zh_idioms" if rng.random() < 0.35 else "zh_words"
    return pick(rng, words.rows(source, 1))[0]


def spoiled(rng: np.random.Generator, kind: str, text: str) -> str:
    """A wrong answer where `text` is right: near it where possible."""
    if kind == "choice" and text in "ABCD":
        return pick(rng, [letter for letter in "ABCD" if letter != text])
    if kind == "judge":
        return "F" if text == "T" else "T"
    digits = [i for i, c in enumerate(text) if c.isdecimal()]
    if digits:
        at = digits[int(rng.integers(len(digits)))]
        other = (int(text[at]) + number(rng, 1, 9)) % 10
        return f"{text[:at]}{other}{text[at + 1 :]}"
    if len(text) > 1 and rng.random() < 0.6:
        at = number(rng, 0, len(text) - 2)  # two letters change places, or one is lost
        swapped = text[at + 1] + text[at] if rng.random() < 0.6 else text[at]
        return text[:at] + swapped + text[at + 2 :]
    return made_up(rng, kind, "latin" if text.isascii() else "zh")


def note(rng: np.random.Generator, script: str) -> str:
    """What readers write beside a book's text."""
    luck = rng.random()
    if script == "latin":
        if luck < 0.35:
            english, chinese = pick(rng, words.rows("en_words", 2))[:2]
            return f"{english} {chinese}" if rng.random() < 0.6 else chinese
        if luck < 0.6:
            return pick(rng, words.lines("en_names"))
        if luck < 0.8:
            return f"{number(rng, 1, 99)}.{number(rng, 0, 99):02d}"
        return pick(rng, words.lines("en_sentences")) if luck > 0.93 else _word(rng, "latin")
    if luck < 0.45:
        return pick(rng, words.lines("margin_notes"))
    if luck < 0.7:
        return _word(rng, "zh")
    if luck < 0.9:
        return words.zh_sentence(rng)
    return f"P{number(rng, 2, 300)}"


def remark(rng: np.random.Generator) -> str:
    """What a teacher writes on homework."""
    if rng.random() < 0.2:
        return f"{number(rng, 1, 12)}.{number(rng, 1, 30)}"
    return pick(rng, words.lines("marking"))


def running_text(rng: np.random.Generator, script: str, length: int) -> str:
    """At least `length` characters of sentences."""
    text = ""
    while len(text) < length:
        text += words.en_sentence(rng) + " " if script == "latin" else words.zh_sentence(rng)
    return text


def working(rng: np.random.Generator, script: str, subject: str, lines: int) -> list[str]:
    """Lines of free working, each short enough for most pages."""
    if script == "math" or (script != "latin" and _SCRIPT_OF_SUBJECT.get(subject) == "math"):
        return _mathematics(rng, lines)
    if script == "latin":
        return [words.en_sentence(rng) for _ in range(lines)]
    return [words.zh_sentence(rng) for _ in range(lines)]


def _mathematics(rng: np.random.Generator, lines: int) -> list[str]:
    """An equation or a sum worked out step by step, with what goes around it."""
    luck = rng.random()
    steps = _function(rng) if luck < 0.15 else _equation(rng) if luck < 0.45 else _calculation(rng)
    if rng.random() < 0.25:
        steps[0] = f"({number(rng, 1, 3)}){steps[0]}"
    if rng.random() < 0.5 and lines > 2:
        steps.append(
            f"答：{pick(rng, ('一共有', '还剩', '需要', '是', '每天'))}"
            f"{number(rng, 2, 400)}{pick(rng, _UNITS)}。"
        )
    while len(steps) < lines and rng.random() < 0.85:
        steps += _calculation(rng)
    return steps[:lines]


def _equation(rng: np.random.Generator) -> list[str]:
    name, a, x, b = pick(rng, "xxxyk"), number(rng, 2, 9), number(rng, 1, 30), number(rng, 1, 50)
    steps = [
        f"{a}{name}+{b}={a * x + b}",
        f"{a}{name}={a * x + b}-{b}",
        f"{a}{name}={a * x}",
        f"{name}={x}",
    ]
    if rng.random() < 0.6:
        steps[0] = ("解：" if rng.random() < 0.5 else f"解：设为{name}，") + steps[0]
    if rng.random() < 0.3:
        steps[-1] = "∴" + steps[-1]
    return steps


def _function(rng: np.random.Generator) -> list[str]:
    """A straight line's formula, found from a point on it."""
    k, b, x = number(rng, 1, 9), number(rng, 1, 90), number(rng, 1, 40)
    return [
        f"设y=kx+{b}",
        f"把({x},{b - k * x})代入",
        f"{b - k * x}={x}k+{b}",
        f"k=-{k}",
        f"∴y=-{k}x+{b}",
    ]


def _calculation(rng: np.random.Generator) -> list[str]:
    a, b, c = number(rng, 2, 60), number(rng, 2, 20), number(rng, 2, 9)
    luck = rng.random()
    if luck < 0.15:
        over, under = number(rng, 1, b + 8), b * (b + 9)
        product = f"{over}/{under}"
        return [f"1/{b}×{over}/{b + 9}={product}", f"1-{product}={under - over}/{under}"]
    if luck < 0.35:
        return [f"{a}×{c}+{b}×{c}", f"=({a}+{b})×{c}", f"={a + b}×{c}", f"={(a + b) * c}"]
    if luck < 0.6:
        return [f"{a}×{b}={a * b}({pick(rng, _UNITS)})"]
    if luck < 0.66:
        return [f"[{a * c}-({a}+{b})]÷{c}", f"=[{a * c}-{a + b}]÷{c}", f"={a * c - a - b}÷{c}"]
    if luck < 0.72:
        return [f"|{b}-{a}|+|-{c}|", f"={abs(b - a)}+{c}", f"={abs(b - a) + c}"]
    if luck < 0.85:
        return [f"{a * c}÷{c}={a}({pick(rng, _UNITS)})", f"{a}+{b}={a + b}({pick(rng, _UNITS)})"]
    tenth = number(rng, 11, 99)
    return [f"{tenth / 10:.1f}×{c}", f"={tenth * c / 10:.1f}"]


def in_columns(text: str) -> list[Figures] | None:
    """Sets '27+15=42' out as done on paper, top row first; None for what is no such sum."""
    found = _SUM.match(text)
    if found is None:
        return None
    a, sign, b = int(found[1]), found[2], int(found[3])
    if sign in "+-−":
        total = a + b if sign == "+" else a - b
        return [Figures(str(a)), Figures(f"{sign} {b}", ruled=True), Figures(str(total))]
    if sign == "×":
        rows = [Figures(str(a)), Figures(f"× {b}", ruled=True)]
        if b >= 10:
            parts = [
                Figures(str(a * int(digit)), -place) for place, digit in enumerate(reversed(str(b)))
            ]
            rows += [*parts[:-1], Figures(parts[-1].text, parts[-1].right, ruled=True)]
        return [*rows, Figures(str(a * b))]
    return _long_division(a, b) if b else None


def _long_division(a: int, b: int) -> list[Figures]:
    """The quotient, the numbers divided, and what is taken away step by step."""
    digits = str(a)
    steps: list[Figures] = []
    rest, started = 0, False
    for i, digit in enumerate(digits):
        rest = rest * 10 + int(digit)
        times = rest // b
        right = i + 1 - len(digits)
        if times or started:
            if started:
                steps.append(Figures(str(rest), right))
            steps.append(Figures(str(times * b), right, ruled=True))
            started = True
        rest -= times * b
    return [Figures(str(a // b)), Figures(f"{b}){a}"), *steps, Figures(str(rest))]
