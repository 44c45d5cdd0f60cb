"""What the pages say: word lists, sentence templates and questions with their answers.

The lists are plain UTF-8 text files in `assets/words/`, one entry a line, fields parted by '|'.
All of them were written for this project, apart from the classical poems and the kanji, which are
those of a Japanese pupil's first two years. An empty or missing list and a line with too few fields
are a ValueError that names the file.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.synth.fonts import is_hanzi, wanted_characters

WORDS = Path(__file__).parent / "assets" / "words"
SUBJECTS = ("math", "zh", "en", "science", "geography", "music")

_BLANK = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True)
class Question:
    """A question and what a good pupil answers.

    text: for a fill-in question '{answer}' stands where the blank goes.
    options: the choices without their letters; empty for other questions.
    answer: the letter of the right option, 'T' or 'F', or ''.
    """

    text: str
    options: tuple[str, ...] = ()
    answer: str = ""


@functools.cache
def lines(name: str, folder: Path = WORDS) -> tuple[str, ...]:
    """The entries of the list `name` (without '.txt'), in file order."""
    path = folder / f"{name}.txt"
    if not path.is_file():
        raise ValueError(f"word list {path} is missing")
    found = tuple(line.rstrip() for line in path.read_text("utf-8").splitlines() if line.strip())
    if not found:
        raise ValueError(f"word list {path} is empty: it needs at least one line")
    return found


@functools.cache
def rows(name: str, least: int, folder: Path = WORDS) -> tuple[tuple[str, ...], ...]:
    """The entries of a list split at '|', each with at least `least` fields."""
    split = tuple(tuple(line.split("|")) for line in lines(name, folder))
    for row in split:
        if len(row) < least:
            path = folder / f"{name}.txt"
            raise ValueError(f"{path}: {'|'.join(row)!r} has fewer than {least} fields")
    return split


@functools.cache
def by_subject(name: str, least: int, subject: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a list whose first field is `subject`, without that field.

    A subject that the list does not have gets the rows of all subjects: a page must go on.
    """
    every = rows(name, least + 1)
    return tuple(row[1:] for row in every if row[0] == subject) or tuple(r[1:] for r in every)


@functools.cache
def _parts() -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in rows("zh_parts", 2)}


def pick(rng: np.random.Generator, items):
    """One of a non-empty sequence, all equally likely."""
    return items[int(rng.integers(len(items)))]


def number(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number with low <= number <= high."""
    return int(rng.integers(low, high + 1))


def sample(rng: np.random.Generator, items, count: int) -> list:
    """Up to `count` different entries of a sequence, in random order."""
    order = rng.permutation(len(items))[:count]
    return [items[int(i)] for i in order]


def zh_sentence(rng: np.random.Generator) -> str:
    """A Chinese sentence from a template: endless, and it nearly makes sense."""

    def part(blank: re.Match) -> str:
        kind, chance = blank[1], rng.random()
        if kind == "who" and chance < 0.3:
            return made_up_name(rng)
        if kind == "place2" and chance < 0.3:
            return _characters(rng, 2) + pick(rng, "村镇城山河")
        return pick(rng, _parts()[kind])

    return _BLANK.sub(part, pick(rng, lines("zh_templates")))


def zh_paragraph(rng: np.random.Generator, sentences: int) -> str:
    return "".join(zh_sentence(rng) for _ in range(sentences))


def en_sentence(rng: np.random.Generator) -> str:
    """An English sentence: a plain one, or a line of a passage or a dialogue."""
    source = rng.random()
    if source < 0.5:
        return pick(rng, lines("en_sentences"))
    if source < 0.7:
        return pick(rng, pick(rng, rows("en_dialogues", 2)))
    return pick(rng, pick(rng, rows("en_passages", 2))[1:])


def en_paragraph(rng: np.random.Generator, sentences: int) -> str:
    return " ".join(en_sentence(rng) for _ in range(sentences))


def passage(rng: np.random.Generator, script: str) -> tuple[str, list[str]]:
    """A title and some paragraphs: a written piece, or one put together from templates."""
    if script == "latin":
        title, *paragraphs = pick(rng, rows("en_passages", 2))
        return title, paragraphs
    if rng.random() < 0.5:
        title, *paragraphs = pick(rng, rows("zh_passages", 2))
        return title, paragraphs
    count = number(rng, 2, 5)
    return pick(rng, lines("titles")), [zh_paragraph(rng, number(rng, 2, 5)) for _ in range(count)]


def made_up_name(rng: np.random.Generator) -> str:
    """A surname with one or two characters out of all: names print what lists do not."""
    return pick(rng, lines("surnames")) + _characters(rng, number(rng, 1, 2))


def _characters(rng: np.random.Generator, count: int) -> str:
    return "".join(pick(rng, _hanzi()) for _ in range(count))


@functools.cache
def _hanzi() -> tuple[str, ...]:
    return tuple(filter(is_hanzi, wanted_characters()))


def zh_name(rng: np.random.Generator) -> str:
    return pick(rng, lines("surnames")) + pick(rng, lines("given_names"))


def field_answer(rng: np.random.Generator, label: str) -> str:
    """What belongs in a form's field with this label; '' where anything will do."""
    kinds = (
        (("姓名", "联系人"), zh_name(rng)),
        (("性别",), pick(rng, "男女")),
        (("意见",), pick(rng, ("同意", "同意。", "情况属实", "已阅", "同意参加"))),
        (("民族",), pick(rng, ("汉族", "汉", "汉族", "回族", "满族"))),
        (("政治面貌",), pick(rng, ("群众", "团员", "少先队员", "党员"))),
        (("学历",), pick(rng, ("本科", "大专", "高中", "小学", "初中"))),
        (("职务",), pick(rng, ("班长", "组长", "无", "学习委员", "经理"))),
        (("专业",), pick(rng, ("数学", "英语", "机械", "会计", "土木工程"))),
        (("健康",), pick(rng, ("良好", "健康", "好", "一般"))),
        (("爱好",), "、".join(sample(rng, ("跑步", "唱歌", "画画", "阅读", "篮球", "下棋"), 2))),
        (("获奖", "备注", "Remarks"), pick(rng, ("无", "/", "——", "三好学生", "None"))),
        (("住址",), _address(rng)),
        (("Address",), f"{number(rng, 1, 240)} {pick(rng, lines('en_names'))} Road"),
        (("Postcode",), str(number(rng, 10000, 99999))),
        (("Occupation",), pick(rng, ("teacher", "driver", "nurse", "student", "clerk"))),
        (("Nationality",), pick(rng, ("Chinese", "British", "French", "Canadian"))),
        (("Department",), pick(rng, ("Sales", "English", "History", "Office"))),
        (("Employer",), f"{pick(rng, lines('en_names'))} & Co."),
        (("班级",), f"{pick(rng, '一二三四五六七八九')}({number(rng, 1, 9)})班"),
        (("Class",), str(number(rng, 101, 909))),
        (("学号", "座位号"), str(number(rng, 1, 60))),
        (("考号", "准考证"), str(number(rng, 10**5, 10**9))),
        (("籍贯", "单位", "毕业学校"), pick(rng, lines("places")) + pick(rng, "市县镇")),
        (("学校",), pick(rng, lines("places")) + pick(rng, ("小学", "中学", "一小", "一中"))),
        (("电话", "Telephone", "身份证"), f"1{number(rng, 3 * 10**9, 9 * 10**9)}"),
        (("日期", "时间"), f"20{number(rng, 10, 24)}.{number(rng, 1, 12)}.{number(rng, 1, 28)}"),
        (("Date",), f"{number(rng, 1, 28)}/{number(rng, 1, 12)}/20{number(rng, 10, 24)}"),
        (("邮政", "No."), str(number(rng, 100000, 999999))),
        (("身高",), f"1.{number(rng, 20, 85)}m"),
        (("体重",), f"{number(rng, 25, 75)}kg"),
        (("关系",), pick(rng, ("父子", "母女", "母子", "父女"))),
        (("name", "Surname", "Signature", "Received"), pick(rng, lines("en_names"))),
        (("E-mail", "邮箱"), f"{pick(rng, lines('en_names')).lower()}@mail.com"),
        (("Quantity",), str(number(rng, 1, 60))),
        (("price", "Total"), f"{number(rng, 100, 99900) / 100:.2f}"),
    )
    return next((answer for words, answer in kinds if any(w in label for w in words)), "")


def _address(rng: np.random.Generator) -> str:
    town, street = sample(rng, lines("places"), 2)
    return f"{town}市{street}路{number(rng, 1, 300)}号"


def fill(rng: np.random.Generator, subject: str) -> Question:
    """A sentence with '{answer}' where the blanks are: from the lists, or made up."""
    made = {"math": _number_fact, "zh": _zh_fact, "en": _en_fact}.get(subject)
    if made and rng.random() < 0.55:
        return Question(made(rng))
    if subject == "en":
        return Question(pick(rng, lines("en_fill")))
    return Question(pick(rng, by_subject("fill", 1, subject))[0])


def _number_fact(rng: np.random.Generator) -> str:
    """A fact about small numbers, with blanks."""
    a, b, c = number(rng, 2, 12), number(rng, 2, 9), number(rng, 11, 98)
    big = number(rng, 12, 9999) * 10000 + number(rng, 0, 9999)
    factors = sum(c % d == 0 for d in range(1, c + 1))
    low = min(a, b + 1)
    return pick(rng, (
        f'{b}个十和{a % 10}个一组成的数是{{{10 * b + a % 10}}}。',
        f'{a}的{b}倍是{{{a * b}}}，{a * b}里面有{{{a}}}个{b}。',
        f'比{c}多{a}的数是{{{c + a}}}，比{c}少{b}的数是{{{c - b}}}。',
        f'长方形的长是{a + b}厘米，宽是{b}厘米，周长是{{{2 * (a + 2 * b)}}}厘米，'
        f'面积是{{{(a + b) * b}}}平方厘米。',
        f'把{a * b}米长的绳子平均剪成{b}段，每段长{{{a}}}米，每段是全长的{{1/{b}}}。',
        f'{low}/{b + 1}表示把单位“1”平均分成{{{b + 1}}}份，取了其中的{{{low}}}份。',
        f'{c}的最大因数是{{{c}}}，最小倍数是{{{c}}}，它一共有{{{factors}}}个因数。',
        f'与{c}相邻的两个数是{{{c - 1}}}和{{{c + 1}}}。',
        f'{big}省略万后面的尾数约是{{{(big + 5000) // 10000}}}万。',
        f'若{a}x={a * b}，则x={{{b}}}。',
        f'正方体的棱长是{b}厘米，它的表面积是{{{6 * b * b}}}平方厘米。',
        f'圆的半径是{b}cm，直径是{{{2 * b}}}cm，周长是{{{6.28 * b:g}}}cm。',
        f'{c}%化成小数是{{{c / 100:g}}}，{c / 10:g}里面有{{{c}}}个0.1。',
        f'三角形的两个角分别是{c // 2 + 10}°和{a * 5}°，'
        f'第三个角是{{{170 - c // 2 - 5 * a}}}°。',
        f'{a * b}÷{b}={{{a}}}，{a}×{b}={{{a * b}}}，{c}+{b}={{{c + b}}}。',
        f'{low}/{b + 1}的分数单位是{{1/{b + 1}}}，它有{{{low}}}个这样的分数单位。',
        f'{c}千克的{low}/{b + 1}是{c}千克的1/{b + 1}的{{{low}}}倍。',
        f'{low}/{b + 1}和{low}/{b + 2}相比，{{{low}/{b + 1}}}大；{a}/{c}的倒数是{{{c}/{a}}}。',
        f'一根绳子长{b}/{c}米，用去它的1/{a}，还剩它的{{{a - 1}/{a}}}。',
        f'小丽看一本{10 * c}页的书，已经看了{c}页，看了全书的{{1/10}}。',
    ))  # fmt: skip


def _zh_fact(rng: np.random.Generator) -> str:
    """A verse, idioms or words to complete."""
    form = rng.random()
    if form < 0.4:
        title, author, *verses = pick(rng, rows("zh_poems", 3))
        first, second = pick(rng, verses).rstrip("。").split("，")
        if rng.random() < 0.5:
            return f"{first}，{{{second}}}。（{author}《{title}》）"
        return f"《{title}》中写道：“{{{first}}}，{second}。”"
    if form < 0.7:
        chosen = sample(rng, lines("zh_idioms"), number(rng, 2, 4))
        at = number(rng, 0, 3)
        return "　".join(f"{word[:at]}{{{word[at]}}}{word[at + 1 :]}" for word in chosen)
    word, pinyin = pick(rng, rows("zh_words", 2))[:2]
    if form < 0.85:
        return f"“{word}”的读音是{{{_toneless(pinyin)}}}，用它造句：{{{word}}}。"
    return f"我把（{pinyin}）{{{word}}}写在了本子上。"


def _toneless(pinyin: str) -> str:
    """Pinyin as most pens write it: few handwritten faces have letters with tones."""
    return unicodedata.normalize("NFD", pinyin).encode("ascii", "ignore").decode()


def _en_fact(rng: np.random.Generator) -> str:
    """A word to translate, or a sentence with a word left out."""
    if rng.random() < 0.35:
        word, meaning = pick(rng, rows("en_words", 2))[:2]
        return f"{meaning} {{{word}}}" if rng.random() < 0.6 else f"{word} {{{meaning}}}"
    tokens = pick(rng, lines("en_sentences")).split()
    at = number(rng, 0, len(tokens) - 2)
    tokens[at] = f"{{{tokens[at]}}}"
    return " ".join(tokens)


def choice(rng: np.random.Generator, subject: str) -> Question:
    """A question with four options: from the lists, or made up."""
    if subject in ("math", "zh", "en") and rng.random() < 0.4:
        return _made_choice(rng, subject)
    row = pick(rng, rows("en_choice", 6) if subject == "en" else by_subject("choice", 6, subject))
    return Question(row[0], row[1:5], row[5])


def _made_choice(rng: np.random.Generator, subject: str) -> Question:
    """Four numbers, readings or words, of which one is right."""
    if subject == "math":
        a, b = number(rng, 3, 60), number(rng, 2, 9)
        text, right = pick(rng, (
            (f'{a}×{b}的积是', a * b), (f'{a}是{a * b}的', f'1/{b}'), (f'{a * b}÷{a}=', b),
            (f'比{a}多{b}的数是', a + b), (f'{a}个{b}相加的和是', a * b),
        ))  # fmt: skip
        wrong = (a * b + b, 10 * a * b, f"{b}/{b + 1}" if "/" in str(right) else a * b + 10)
        options = [str(right), *map(str, wrong)]
    else:
        source = rows("zh_words" if subject == "zh" else "en_words", 2)
        chosen = sample(rng, source, 4)
        text = f"“{chosen[0][0]}”的读音是" if subject == "zh" else f"“{chosen[0][1]}” in English:"
        options = [row[1 if subject == "zh" else 0] for row in chosen]
    order = rng.permutation(4)
    letter = "ABCD"[int(np.flatnonzero(order == 0)[0])]
    return Question(text, tuple(options[int(i)] for i in order), letter)


def judge(rng: np.random.Generator, subject: str) -> Question:
    text, answer = pick(rng, by_subject("judge", 2, subject))[:2]
    return Question(text, answer=answer)


def split_blanks(text: str) -> list[tuple[str, str | None]]:
    """Cut 'a{b}c' into [('a', None), ('', 'b'), ('c', None)]: print and answers in turn."""
    pieces: list[tuple[str, str | None]] = []
    end = 0
    for blank in _BLANK.finditer(text):
        if blank.start() > end:
            pieces.append((text[end : blank.start()], None))
        pieces.append(("", blank[1]))
        end = blank.end()
    if end < len(text):
        pieces.append((text[end:], None))
    return pieces
