"""The word lists: what is in them, what is made from them, and what happens when they are not."""

import re

import numpy as np
import pytest

from data.synth import words
from data.synth.fonts import Faces

FIELDS = {
    "fill": 2,
    "choice": 7,
    "judge": 3,
    "problems": 3,
    "open": 2,
    "sections": 2,
    "zh_words": 2,
    "zh_parts": 2,
    "zh_poems": 3,
    "zh_passages": 2,
    "en_words": 2,
    "en_choice": 6,
    "en_passages": 2,
    "en_dialogues": 2,
    "form_labels": 2,
    "form_labels_en": 2,
    "sayings": 2,
}


def every_list() -> list[str]:
    return sorted(path.stem for path in words.WORDS.glob("*.txt"))


@pytest.mark.parametrize("name", every_list())
def test_every_list_has_what_its_readers_need(name):
    assert words.lines(name)
    assert words.rows(name, FIELDS.get(name, 1))


def test_every_character_can_be_printed():
    faces = Faces.load()
    for name in every_list():
        japanese = faces.comic_ja if name.startswith("comic_ja") else ()
        able = faces.print_zh + faces.print_latin + japanese
        known = frozenset(" |\u3000").union(*(face.coverage for face in able))
        missing = {char for line in words.lines(name) for char in line} - known
        assert not missing, f"{name}.txt has {sorted(missing)}"


def test_an_empty_list_is_named(tmp_path):
    (tmp_path / "nouns.txt").write_text("\n  \n", "utf-8")
    with pytest.raises(ValueError, match=r"nouns\.txt is empty"):
        words.lines("nouns", tmp_path)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"verbs\.txt is missing"):
        words.lines("verbs", tmp_path)


def test_a_short_line_is_named(tmp_path):
    (tmp_path / "pairs.txt").write_text("apple|苹果\npear\n", "utf-8")
    with pytest.raises(ValueError, match=r"pairs\.txt: 'pear' has fewer than 2 fields"):
        words.rows("pairs", 2, tmp_path)


def test_a_line_keeps_its_indent(tmp_path):
    (tmp_path / "code.txt").write_text("if x:\n    y()\n", "utf-8")
    assert words.lines("code", tmp_path) == ("if x:", "    y()")


def test_splitting_blanks_loses_nothing():
    text = "一年有{四}个季节，{春}、夏、秋、{冬}。"
    pieces = words.split_blanks(text)
    assert [answer for _, answer in pieces if answer is not None] == ["四", "春", "冬"]
    joined = "".join(part if answer is None else f"{{{answer}}}" for part, answer in pieces)
    assert joined == text


@pytest.mark.parametrize("subject", words.SUBJECTS)
def test_gaps_have_answers(subject):
    rng = np.random.default_rng(0)
    texts = [words.fill(rng, subject).text for _ in range(300)]
    assert all(text.count("{") == text.count("}") > 0 and "{}" not in text for text in texts)


def test_sums_in_sentences_are_right():
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(2000):
        times = re.match(r"(\d+)的(\d+)倍是\{(\d+)\}", words.fill(rng, "math").text)
        if times:
            found += 1
            assert int(times[1]) * int(times[2]) == int(times[3])
    assert found


def test_wrong_options_are_wrong():
    for seed in range(2000):
        question = words._made_choice(np.random.default_rng(seed), "math")
        assert len(set(question.options)) == 4


@pytest.mark.parametrize("subject", words.SUBJECTS)
def test_choices_have_one_right_letter(subject):
    rng = np.random.default_rng(2)
    for _ in range(200):
        question = words.choice(rng, subject)
        assert len(question.options) == 4 and question.answer in "ABCD"


def test_the_right_letter_is_right():
    rng = np.random.default_rng(3)
    meaning = {row[1]: row[0] for row in words.rows("en_words", 2)}
    found = 0
    for _ in range(200):
        question = words.choice(rng, "en")
        if question.text.endswith("in English:"):
            found += 1
            word = question.options["ABCD".index(question.answer)]
            assert meaning[question.text.split("”")[0].strip("“")] == word
    assert found


def test_templates_are_filled():
    rng = np.random.default_rng(4)
    assert not any("{" in words.zh_sentence(rng) for _ in range(300))


def test_one_seed_says_the_same():
    def said() -> list[str]:
        rng = np.random.default_rng(5)
        return [
            words.zh_sentence(rng),
            words.en_sentence(rng),
            words.fill(rng, "math").text,
            *words.passage(rng, "zh")[1],
        ]

    assert said() == said()


def test_a_sample_has_no_doubles():
    rng = np.random.default_rng(6)
    assert sorted(words.sample(rng, range(7), 7)) == list(range(7))
    assert len(words.sample(rng, range(3), 9)) == 3


def test_every_field_of_a_form_gets_what_its_label_asks_for():
    rng = np.random.default_rng(0)
    for name in ("form_labels", "form_labels_en"):
        for label, _ in words.rows(name, 2):
            assert words.field_answer(rng, label) or label == "申请理由", label
    assert re.fullmatch(r"20\d\d\.\d+\.\d+", words.field_answer(rng, "申请日期"))
    assert words.field_answer(rng, "班级：").endswith("班")
    assert words.field_answer(rng, "学号：").isdecimal()
    assert re.search("路.*号$", words.field_answer(rng, "家庭住址"))
