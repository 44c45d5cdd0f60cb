"""The look of a sheet: faces, sizes, colours, and habits that all its blocks share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.synth.content.canvas import Colour, Type
from data.synth.fonts import Face, Faces
from data.synth.words import pick

# How often a bundled face sets running text; others (a user's own) come in between.
_BODY_SHARES = {
    "arphic-song": 0.34,
    "noto-serif-sc": 0.26,
    "noto-sans-sc": 0.22,
    "arphic-kai": 0.26,
    "wen-kai": 0.2,
    "ma-shan-zheng": 0.03,
    "zcool-kuaile": 0.04,
    "tinos": 0.4,
    "arimo": 0.2,
    "latin-modern": 0.12,
    "dejavu-serif": 0.08,
    "dejavu-sans": 0.06,
    "comic-neue": 0.08,
    "andika": 0.1,
    "nunito": 0.06,
    "special-elite": 0.05,
    "cousine": 0.03,
    "courier-prime": 0.05,
    "courier-prime-bold": 0.02,
    "tinos-italic": 0.05,
    "eb-garamond-italic": 0.05,
    "latin-modern-italic": 0.04,
    "tinos-bold": 0.02,
    "arimo-bold": 0.02,
}
_OTHER_SHARE = 0.1
# Printed letters that come near to writing: italics, children's books, rounded, typed.
_INFORMAL = (
    "tinos-italic",
    "eb-garamond-italic",
    "latin-modern-italic",
    "andika",
    "comic-neue",
    "nunito",
    "special-elite",
    "courier-prime",
)

ACCENTS: tuple[Colour, ...] = (
    (196, 36, 38),
    (24, 82, 168),
    (20, 120, 72),
    (226, 112, 24),
    (110, 60, 140),
    (0, 138, 160),
    (214, 60, 120),
    (120, 82, 44),
)


@dataclass(frozen=True)
class Style:
    """What all blocks of one sheet have in common.

    body, heading, kai: types of plain text, of headings, and of quoted or sample text.
    accent: colour of headings and boxes, often that of the body.
    leading: line distance in em. rule: width of ruled lines in pixels.
    number: how questions are numbered, with '{}' for the number, or 'ring' or 'disc'.
    fraction: size of a built-up fraction's parts beside the body's.
    brackets: what encloses a gap. letter: how option letters are set, with '{}'.
    """

    body: Type
    heading: Type
    kai: Type
    accent: Colour
    leading: float
    rule: float
    number: str
    brackets: tuple[str, str]
    letter: str
    subject: str
    fraction: float

    @property
    def em(self) -> float:
        return self.body.size

    @property
    def colour(self) -> Colour:
        return self.body.colour

    @property
    def script(self) -> str:
        """That of the sheet's sentences."""
        return "latin" if self.subject == "en" else "zh"


def _choose(rng: np.random.Generator, faces: Sequence[Face]) -> Face:
    shares = np.array([_BODY_SHARES.get(face.name, _OTHER_SHARE) for face in faces])
    return faces[int(rng.choice(len(faces), p=shares / shares.sum()))]


def _like(rng: np.random.Generator, faces: Sequence[Face], names: tuple[str, ...]) -> Face:
    """One of the faces with these names; else one whose name has one of them in it; else any."""
    exact = [face for face in faces if face.name in names]
    alike = [face for face in faces if any(name in face.name for name in names)]
    return pick(rng, exact or alike or faces)


def _body_colour(rng: np.random.Generator) -> Colour:
    """Black to dark grey; now and then another ink, as dark as a cheap press's or as a pen's."""
    if rng.random() < 0.9:
        level = int(rng.integers(0, 62))
        return level, level, level
    dark = ((20, 36, 92), (24, 70, 50), (84, 44, 24), (110, 20, 30))
    clear = ((40, 70, 185), (198, 44, 48), (36, 118, 84))
    return pick(rng, dark if rng.random() < 0.6 else clear)


def _partner(rng: np.random.Generator, zh: Face, faces: Faces) -> Face:
    """A Latin face to go with a Chinese one: often the letters of the same font."""
    if rng.random() < 0.25 and zh.covers("0123456789ABCDabcd()+-=.,"):
        return zh
    sans = "sans" in zh.name
    if rng.random() < 0.3:
        return _choose(rng, faces.print_latin)
    return _like(rng, faces.print_latin, ("arimo",) if sans else ("tinos", "latin-modern"))


def make_style(rng: np.random.Generator, faces: Faces, em: float, subject: str, kind: str) -> Style:
    """A random look for a sheet of the given subject and kind, its body text `em` pixels high."""
    colour = _body_colour(rng)
    zh = _choose(rng, faces.print_zh)
    latin = _choose(rng, faces.print_latin) if subject == "en" else _partner(rng, zh, faces)
    tight = kind == "book" or rng.random() < 0.5
    thickened = float(rng.choice((0.0, 0.0, 0.0, 0.035)))
    spacing = float(rng.choice((0.0, 0.0, 0.0, 0.04, 0.1)))
    if subject == "en":
        spacing /= 3
    air = float(rng.choice((0.0, 0.2, 0.25)))
    body = Type(zh, latin, em, colour, thickened, spacing=spacing, tight=tight, air=air)
    accent = colour if rng.random() < 0.55 else pick(rng, ACCENTS)
    return Style(
        body=body,
        heading=_heading(rng, faces, body, accent),
        kai=_sample(rng, faces, body),
        accent=accent,
        leading=float(rng.uniform(1.35, 1.75) if kind == "book" else rng.uniform(1.45, 2.2)),
        rule=max(0.8, em * float(rng.uniform(0.025, 0.06))),
        number=_numbering(rng),
        brackets=pick(rng, (("（", "）"), ("(", ")"), ("（", "）"), ("(", ")"), ("[", "]"))),
        letter=pick(rng, ("{}. ", "{}．", "({}) ", "（{}）", "{}、", "{} ", "[{}] ")),
        subject=subject,
        fraction=float(rng.uniform(0.55, 1.0)),
    )


def _heading(rng: np.random.Generator, faces: Faces, body: Type, accent: Colour) -> Type:
    """Bold or sans, Kai, wide or narrow; one sheet in twelve has brushed or childlike headings.

    Never in a face that somebody writes with: one look cannot be print here and ink there.
    """
    zh, latin, bold = body.zh, body.latin, 0.045
    form = rng.random()
    if form < 0.4:
        zh = _like(rng, faces.print_zh, ("sans",))
        latin = _like(rng, faces.print_latin, ("arimo-bold",))
    elif form < 0.6:
        zh = _like(rng, faces.print_zh, ("serif", "song"))
        latin = _like(rng, faces.print_latin, ("tinos-bold",))
        bold = 0.06
    elif form < 0.74:
        zh, bold = _like(rng, faces.print_zh, ("kai",)), float(rng.choice((0.0, 0.04)))
    elif form < 0.82:
        zh = _like(rng, faces.print_zh, ("ma-shan-zheng", "zcool-kuaile"))
        latin = _like(rng, faces.print_latin, _INFORMAL)
        bold = float(rng.choice((0.0, 0.05)))
    size = body.size * float(rng.uniform(1.0, 1.25))
    stretch = float(rng.choice((1.0, 1.0, 1.0, 0.85, 1.2)))
    return Type(zh, latin, size, accent, bold, stretch=stretch, tight=body.tight, air=body.air)


def _sample(rng: np.random.Generator, faces: Faces, body: Type) -> Type:
    """Kai or, seldom, a brushed or childlike face, for quotations, models to copy and notes."""
    zh, latin = _like(rng, faces.print_zh, ("kai",)), body.latin
    if rng.random() < 0.12:
        zh = _like(rng, faces.print_zh, ("ma-shan-zheng", "zcool-kuaile"))
    if rng.random() < 0.3:
        latin = _like(rng, faces.print_latin, _INFORMAL)
    return Type(zh, latin, body.size, body.colour, tight=body.tight, air=body.air)


def _numbering(rng: np.random.Generator) -> str:
    forms = ("{}. ", "{}．", "{}、", "({}) ", "（{}）", "{} ", "{}) ", "ring", "disc")
    shares = (0.2, 0.17, 0.12, 0.11, 0.1, 0.04, 0.04, 0.16, 0.06)
    return str(rng.choice(forms, p=shares))
