"""What comics say, in which letters."""

from dataclasses import dataclass

import numpy as np

from data.synth import words
from data.synth.content.canvas import Type
from data.synth.fonts import Face, Faces, is_hanzi
from data.synth.words import lines, number, pick

LANGUAGES = {"ja": 0.5, "zh": 0.2, "en": 0.3}
_HIRAGANA = "".join(map(chr, range(0x3042, 0x3094)))
_KATAKANA = "".join(map(chr, range(0x30A2, 0x30F4))) + "ーー"
_DISPLAY = ("ma-shan-zheng", "zcool-kuaile", "noto-sans-sc")
_PLAIN_LATIN = ("comic-neue", "andika", "arimo", "arimo-bold", "nunito", "tinos")


@dataclass(frozen=True)
class Voice:
    """How a page speaks: language, faces of speech and of sounds, and whether text is upright."""

    language: str
    body: Face
    body_latin: Face
    loud: tuple[Face, ...]
    loud_latin: tuple[Face, ...]
    upright: bool
    bold: float
    capitals: bool
    ruby: bool

    def type(self, size: float) -> Type:
        return Type(self.body, self.body_latin, size, bold=self.bold, tight=False)

    def loud_type(self, rng: np.random.Generator, size: float) -> Type:
        bold = 0.06 if rng.random() < 0.3 else 0.0
        return Type(pick(rng, self.loud), pick(rng, self.loud_latin), size, bold=bold)


def draw_voice(rng: np.random.Generator, faces: Faces) -> Voice:
    language = str(rng.choice(list(LANGUAGES), p=list(LANGUAGES.values())))
    plain = tuple(face for face in faces.print_latin if face.name in _PLAIN_LATIN)
    latin = faces.comic_latin + (plain or faces.print_latin)
    display = tuple(face for face in faces.print_zh if face.name in _DISPLAY) or faces.print_zh
    japanese = language == "ja" or rng.random() < 0.4  # sounds often stay untranslated
    return Voice(
        language,
        body=pick(rng, faces.comic_ja if language == "ja" else faces.print_zh),
        body_latin=pick(rng, latin),
        loud=faces.comic_ja if japanese else display,
        loud_latin=faces.comic_latin,
        upright=language == "ja" and rng.random() < 0.9 or language == "zh" and rng.random() < 0.5,
        bold=float(rng.choice((0.0, 0.0, 0.04, 0.07))) if language != "ja" else 0.0,
        capitals=rng.random() < 0.75,
        ruby=language == "ja" and rng.random() < 0.35,
    )


def said(rng: np.random.Generator, voice: Voice) -> str:
    """Something to say: a line of a list, a made-up one, or characters at random."""
    if voice.language == "en":
        text = pick(rng, lines("comic_en")) if rng.random() < 0.5 else words.en_sentence(rng)
        text = " ".join(text.split()[: number(rng, 3, 14)])
        return text.upper() if voice.capitals else text
    if voice.language == "zh":
        if rng.random() < 0.4:
            return pick(rng, words.by_subject("sayings", 1, "zh"))[0]
        return words.zh_sentence(rng)[: number(rng, 4, 24)]
    return pick(rng, lines("comic_ja")) if rng.random() < 0.5 else _babble(rng)


def _babble(rng: np.random.Generator) -> str:
    """Kana and kanji in the shares of Japanese text, at random."""
    text = ""
    for _ in range(number(rng, 1, 7)):
        luck = rng.random()
        if luck < 0.35:
            text += "".join(pick(rng, pick(rng, lines("comic_ja_kanji")))
                            for _ in range(number(rng, 1, 2)))
        kana = _KATAKANA if luck > 0.8 else _HIRAGANA
        text += "".join(pick(rng, kana) for _ in range(number(rng, 1, 4)))
    return text + pick(rng, ("", "。", "！", "？", "……", "！！", "、"))


def heard(rng: np.random.Generator, voice: Voice) -> str:
    """A sound, in the letters that the page's sounds have."""
    if voice.loud and voice.loud[0].script == "ja":
        text = pick(rng, lines("comic_ja_sounds"))
    elif voice.language == "zh":
        text = pick(rng, lines("comic_zh_sounds"))
    else:
        text = pick(rng, lines("comic_en_sounds"))
    return text + pick(rng, ("", "", "", "!", "!!", "！"))


def ruby_for(rng: np.random.Generator, columns: list[str]) -> list[str]:
    """For each column small kana beside its kanji, two to a character, blanks beside the rest."""
    return [
        "".join(
            pick(rng, _HIRAGANA) + pick(rng, _HIRAGANA) if is_hanzi(char) else "  "
            for char in column
        )
        for column in columns
    ]
