"""One person's handwriting: characters as strokes of a pen, never twice the same.

Hanzi are written along the middle lines of their printed strokes, bent to the person's habits;
letters, digits and signs follow `assets/letters.txt`, of which everybody picks shapes of their
own. Some people write with a handwritten font instead, distorted anew for every character.
"""

import functools
import math
import re
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from data.synth import fonts
from data.synth.fonts import ASSETS, Face, Faces
from data.synth.lettering import Lettered
from data.synth.strokes import DISTANCE_STEPS, Mark, Patch, Stroke

# Sizes below are shares of the height of writing, which is the side of a hanzi's square.
_LETTER_UNIT = 0.08  # of letters.txt: capitals and digits are 9 units high
_BASELINE = 0.36  # below the middle
_SPACE = 0.32
_UNKNOWN = 0.5  # left free for a character that nobody here can write
_GLYPH_SIZE = 64  # pixels to the em at which a font is traced
_GLYPH_MARGIN = 10
_HAIRLINE = 0.5  # of the pen's line: as thin as a font's thinnest strokes may get
_POWER = re.compile(r"\^([+\-−]?\d+)")
_POWER_SIZE = 0.6  # of an exponent, which is written without its sign ^
_POWER_LIFT = 0.35


@dataclass(frozen=True)
class Letter:
    """One way to write a letter: see assets/letters.txt.

    strokes: float32 (n, 2) each, x right and y down in letter units, 0 at the baseline.
    joints: for each stroke, the index of the first of each run of equal points.
    width: in letter units.
    """

    strokes: tuple[np.ndarray, ...]
    joints: tuple[np.ndarray, ...]
    width: float


@functools.cache
def letters() -> dict[str, tuple[Letter, ...]]:
    """All ways to write every letter of assets/letters.txt.

    Raises ValueError for a missing file and for a line that cannot be read.
    """
    path = ASSETS / "letters.txt"
    if not path.is_file():
        raise ValueError(f"{path}: missing; restore it from git")
    shapes: dict[str, list[Letter]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("# "):
            continue
        try:
            strokes = tuple(_points(part) for part in line[2:].split("|"))
        except ValueError as error:
            raise ValueError(f'{path}:{number}: expected "C x,y x,y | x,y ...": {error}') from error
        joints = tuple(
            np.maximum.accumulate(
                [i * (i == 0 or bool((s[i] != s[i - 1]).any())) for i in range(len(s))]
            )
            for s in strokes
        )
        width = max(float(s[:, 0].max()) for s in strokes)
        shapes.setdefault(line[0], []).append(Letter(strokes, joints, width))
    return {character: tuple(ways) for character, ways in shapes.items()}


def _points(text: str) -> np.ndarray:
    points = np.array([[float(v) for v in pair.split(",")] for pair in text.split()], np.float32)
    if points.ndim != 2 or points.shape[0] < 2 or points.shape[1] != 2:
        raise ValueError(f"{text!r} are not two or more points")
    return points * (1, -1)


class Hand:
    """How one person writes. All lengths are shares of the height of writing."""

    def __init__(self, rng: np.random.Generator, faces: Faces, stem: float):
        """Makes a person up.

        stem: usual width of this person's lines in page pixels; fonts are thinned to it.
        """
        self.stem = stem
        own_hanzi = not faces.hand_zh or rng.random() < 0.68
        own_letters = not faces.hand_latin or rng.random() < 0.6
        self.hanzi_face = None if own_hanzi else faces.hand_zh[rng.integers(len(faces.hand_zh))]
        self.letter_face = (
            None if own_letters else faces.hand_latin[rng.integers(len(faces.hand_latin))]
        )
        # Many a font of letters has digits that nobody would write.
        self.digits_by_font = not own_letters and rng.random() < 0.5
        choices = rng.random(len(letters()))
        self.ways = {
            c: int(u * len(ways)) for u, (c, ways) in zip(choices, letters().items(), strict=True)
        }
        self.fickle = float(rng.choice([0.02, 0.1, 0.3]))  # takes another way than usual

        self.untidy = float(rng.uniform(0.65, 1.6))  # the neatest still does not print
        self.slant = float(rng.normal(0.06, 0.13))
        self.rise = float(rng.normal(0.1, 0.06))  # hanzi strokes go up to the right
        self.turn = float(rng.uniform(0.02, 0.055))
        self.aspect = float(rng.uniform(0.78, 1.05))
        self.gap = float(rng.uniform(-0.06, 0.14))
        self.letter_aspect = float(rng.uniform(0.75, 1.15))
        self.letter_gap = float(rng.uniform(0.07, 0.16))
        self.letter_size = float(rng.uniform(0.9, 1.2))
        self.small_letters = float(rng.uniform(0.85, 1.15))
        self.bob = float(rng.uniform(0.025, 0.06))  # off the line, up and down
        self.tilt = float(rng.normal(0, 0.015))
        self.wander = float(rng.uniform(0.008, 0.022))
        self.curl = rng.normal(0, 0.09, 4).astype(np.float32)  # bends that all hanzi share
        self.hasty = float(rng.choice([0.0, 0.0, 0.3, 0.7]))  # leaves out bends of strokes
        self.running = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.6 else 0.0
        self.joined = float(rng.uniform(0.5, 1.0)) if rng.random() < 0.4 else 0.0

    def write(
        self,
        text: str,
        left: float,
        middle: float,
        height: float,
        rng: np.random.Generator,
        letters: list[Lettered] | None = None,
    ) -> tuple[list[Mark], float]:
        """Writes one line.

        left, middle: where it starts and the height of its middle; height: of the writing; all
        in page pixels. letters: takes up where the characters are. Returns the marks and where the
        writing ends.
        """
        marks: list[Mark] = []
        tilt = self.tilt + rng.normal(0, 0.006)
        x, last_end = left, None
        for character, raised in _with_powers(text):
            if character.isspace():
                x += _SPACE * height * rng.uniform(0.8, 1.3)
                last_end = None
                if letters is not None:
                    letters.append(None)
                continue
            y = middle + tilt * (x - left) + rng.normal(0, self.bob) * height
            size = height * (1 + rng.normal(0, 0.05))
            if raised:
                y, size = y - _POWER_LIFT * height, _POWER_SIZE * size
            marks_of_it, advance = self._character(character, x, y, size, rng)
            if letters is not None and marks_of_it:
                letters.append((character, self._covered(marks_of_it)))
            last_end = self._join(marks, marks_of_it, character, last_end, size, rng)
            marks += marks_of_it
            x += advance
        return marks, x

    def _covered(self, marks: list[Mark]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of marks, of which pixels' middles are at whole numbers."""
        low, high = [], []
        for mark in marks:
            if isinstance(mark, Patch):
                glyph = np.array(mark.glyph.shape[::-1]) / 2 - _GLYPH_MARGIN
                half = np.abs(mark.matrix) @ glyph + mark.growth
                low.append(mark.centre - half)
                high.append(mark.centre + half)
            else:
                low.append(mark.points.min(axis=0) - self.stem / 2)
                high.append(mark.points.max(axis=0) + self.stem / 2)
        return (*(np.min(low, axis=0) + 0.5), *(np.max(high, axis=0) + 0.5))

    def width(self, text: str, height: float) -> float:
        """About how long a line becomes, in pixels."""
        total = 0.0
        for character, raised in _with_powers(text):
            share = _POWER_SIZE if raised else 1.0
            if character.isspace():
                total += _SPACE
            elif fonts.is_hanzi(character):
                total += self.aspect + self.gap
            elif character in letters():
                letter = letters()[character][0]
                total += share * (
                    letter.width * _LETTER_UNIT * self.letter_size * self.letter_aspect
                    + self.letter_gap
                )
            else:
                total += _UNKNOWN
        return total * height

    def _character(
        self, character: str, x: float, y: float, height: float, rng: np.random.Generator
    ) -> tuple[list[Mark], float]:
        """Marks of a character whose left edge is x and middle y, and how far it advances."""
        if fonts.is_hanzi(character):
            if self.hanzi_face is not None and character in self.hanzi_face.coverage:
                return self._glyph(self.hanzi_face, character, x, y, height, rng)
            found = fonts.hanzi_points(character)
            if found is not None:
                marks = self._hanzi(*found, x, y, height, rng)
                return marks, height * (self.aspect + self.gap * rng.uniform(0.5, 1.5))
            return [], _UNKNOWN * height
        by_font = self.letter_face is not None and character in self.letter_face.coverage
        if by_font and character.isdigit():
            by_font = self.digits_by_font
        if by_font:
            return self._glyph(self.letter_face, character, x, y, height, rng)
        if character in letters():
            return self._letter(character, x, y, height, rng)
        return [], _UNKNOWN * height

    def _hanzi(
        self,
        points: np.ndarray,
        ends: np.ndarray,
        x: float,
        y: float,
        height: float,
        rng: np.random.Generator,
    ) -> list[Mark]:
        untidy, count = self.untidy, len(ends) - 1
        owner = np.repeat(np.arange(count), np.diff(ends))
        noise = rng.standard_normal((len(points) + 2 * count + 4, 2), np.float32)
        jitter, shift, stretch, bends = np.split(
            noise, [len(points), len(points) + count, len(points) + 2 * count]
        )
        centred = points - np.float32(0.5)
        starts = centred[ends[:-1]][owner]
        # Strokes are too long or too short by themselves, so they miss each other at the corners.
        p = starts + (centred - starts) * (1 + 0.085 * untidy * stretch[owner])
        p += 0.027 * untidy * shift[owner] + self.wander * untidy * jitter
        curl = self.curl + 0.05 * untidy * bends.reshape(-1)[:4]
        px, py = p[:, 0], p[:, 1]
        p = np.stack(
            [
                px + curl[0] * py * py + curl[1] * px * py,
                py + curl[2] * px * px + curl[3] * px * py,
            ],
            axis=1,
        )
        p = p @ self._frame(height * self.aspect, height, rng, self.rise) + np.array(
            [x + 0.5 * height * self.aspect, y], np.float32
        )
        luck = rng.random((count, 3))
        marks: list[Mark] = []
        for i in range(count):
            stroke = p[ends[i] : ends[i + 1]]
            if len(stroke) > 4 and luck[i, 0] < self.hasty:
                stroke = stroke[[0, *range(1, len(stroke) - 1, 2), len(stroke) - 1]]
            weight = 0.85 + 0.25 * luck[i, 1]
            if marks and luck[i, 2] < self.running:
                before = marks[-1]
                hop = stroke[0] - before.points[-1]
                if math.hypot(*hop) < 0.4 * height:
                    marks[-1] = Stroke(np.concatenate([before.points, stroke]), weight)
                    continue
            marks.append(Stroke(stroke, weight))
        return marks

    def _letter(
        self, character: str, x: float, y: float, height: float, rng: np.random.Generator
    ) -> tuple[list[Mark], float]:
        ways = letters()[character]
        way = self.ways[character]
        if rng.random() < self.fickle:
            way = int(rng.integers(len(ways)))
        letter = ways[way]
        unit = _LETTER_UNIT * height * self.letter_size * (1 + rng.normal(0, 0.04))
        tall = unit * (self.small_letters if character.islower() else 1.0)
        frame = self._frame(unit * self.letter_aspect, tall, rng, 0.0)
        origin = np.array([x, y + _BASELINE * height], np.float32)
        marks: list[Mark] = []
        for stroke, joint in zip(letter.strokes, letter.joints, strict=True):
            jitter = rng.standard_normal(stroke.shape, np.float32)[joint]
            shift = rng.standard_normal(2, np.float32)
            moved = stroke + self.untidy * (0.17 * jitter + 0.12 * shift)
            marks.append(Stroke(moved @ frame + origin))
        gap = self.letter_gap * height * rng.uniform(0.6, 1.3)
        return marks, letter.width * unit * self.letter_aspect + gap

    def _join(
        self,
        before: list[Mark],
        marks: list[Mark],
        character: str,
        last_end: np.ndarray | None,
        height: float,
        rng: np.random.Generator,
    ) -> np.ndarray | None:
        """Joins a small letter to the one before; returns where the next one may join on."""
        lower = "a" <= character <= "z"
        if not lower or not marks or not isinstance(marks[0], Stroke):
            return None
        first = marks[0].points
        if (
            last_end is not None
            and rng.random() < self.joined
            and abs(first[0, 0] - last_end[0]) < 0.5 * height
        ):
            # Down to the line and up again, as the pen stays on the paper.
            dip = np.float32(
                [
                    0.55 * last_end[0] + 0.45 * first[0, 0],
                    max(last_end[1], first[0, 1]) + 0.02 * height,
                ]
            )
            before[-1] = Stroke(np.concatenate([before[-1].points, dip[None], first]))
            marks.pop(0)
        # Dots and bars come after the word: what ends in one of them is not joined.
        return first[-1] if len(marks) <= 1 and first[-1, 1] > first[:, 1].mean() else None

    def _frame(self, wide: float, tall: float, rng: np.random.Generator, rise: float) -> np.ndarray:
        """float32 (2, 2) that takes row vectors from a character's own frame to page pixels."""
        angle = rng.normal(0, self.turn) * self.untidy
        slant = self.slant + rng.normal(0, 0.03)
        size = 1 + rng.normal(0, 0.035, 2)
        cos, sin = math.cos(angle), math.sin(angle)
        shear = np.array([[1, -rise], [-slant, 1]])
        turn = np.array([[cos, sin], [-sin, cos]])
        return (np.diag([wide * size[0], tall * size[1]]) @ shear @ turn).astype(np.float32)

    def _glyph(
        self,
        face: Face,
        character: str,
        x: float,
        y: float,
        height: float,
        rng: np.random.Generator,
    ) -> tuple[list[Mark], float]:
        traced = _traced(face, character)
        hanzi = fonts.is_hanzi(character)
        scale = height / _GLYPH_SIZE * (1.0 if hanzi else 1.1 * self.letter_size)
        aspect = self.aspect if hanzi else self.letter_aspect
        advance = traced.advance * scale * aspect + height * (
            self.gap if hanzi else 0.3 * (self.letter_gap - 0.1)
        )
        middle = y + (_BASELINE * height + traced.middle[1] * scale)
        centre = (x + traced.middle[0] * scale * aspect, middle)
        # Fonts lie as level as print; who writes does not.
        matrix = self._frame(scale * aspect, scale, rng, self.rise if hanzi else 0.0).T
        bend = rng.normal(0, 1.8 * self.untidy, 2)
        half = _half_stem(face) * scale
        growth = max(0.5 * self.stem * rng.uniform(0.9, 1.1) - half, -0.6 * half)
        growth = min(growth, 0.8 * _GLYPH_MARGIN * scale)
        glyph = traced.glyph
        if growth < 0:  # a brush's hairlines would crumble to dots, which no thin pen leaves
            reach = (_HAIRLINE * 0.5 * self.stem - growth) / scale
            glyph = np.maximum(glyph, cv2.add(traced.spine, DISTANCE_STEPS * reach))
        return [Patch(glyph, centre, matrix, (float(bend[0]), float(bend[1])), growth)], advance


def _with_powers(text: str) -> list[tuple[str, bool]]:
    """The characters to write, and whether each is an exponent's, as the 6 of '10^6' is."""
    parts = _POWER.split(text)  # exponents are every second one
    return [(character, i % 2 == 1) for i, part in enumerate(parts) for character in part]


@dataclass(frozen=True)
class _Traced:
    """A font's glyph: see `Patch`; `middle` from the origin on the baseline, `advance` in px.

    spine: the middle lines of its strokes, as `glyph`: how far each pixel is from them.
    """

    glyph: np.ndarray
    spine: np.ndarray
    middle: tuple[float, float]
    advance: float


def _traced(face: Face, character: str) -> _Traced:
    return _trace(str(face.path), character)


@functools.lru_cache(maxsize=3000)
def _trace(path: str, character: str) -> _Traced:
    used = fonts.font_at(path, _GLYPH_SIZE)
    left, top, right, bottom = used.getbbox(character, anchor="ls")
    width = max(1, math.ceil(right - left)) + 2 * _GLYPH_MARGIN
    height = max(1, math.ceil(bottom - top)) + 2 * _GLYPH_MARGIN
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).text(
        (_GLYPH_MARGIN - left, _GLYPH_MARGIN - top), character, 255, font=used, anchor="ls"
    )
    inside = np.asarray(image)
    solid = (inside > 127).astype(np.uint8)
    distance = cv2.distanceTransform(solid, cv2.DIST_L2, 3) - cv2.distanceTransform(
        1 - solid, cv2.DIST_L2, 3
    )
    # The transform counts whole pixels; the grey of an edge pixel says where in it the edge is.
    edge = np.abs(distance) < 1.6
    distance[edge] += inside[edge] / np.float32(255) - solid[edge]
    reach = 127 / DISTANCE_STEPS
    glyph = (128 + DISTANCE_STEPS * np.clip(distance, -reach, reach)).astype(np.uint8)
    middle = (left + width / 2 - _GLYPH_MARGIN, top + height / 2 - _GLYPH_MARGIN)
    apart = cv2.distanceTransform(1 - _spine(solid), cv2.DIST_L2, 3)
    spine = (128 - DISTANCE_STEPS * np.minimum(apart, reach)).astype(np.uint8)
    return _Traced(glyph, spine, middle, float(used.getlength(character)))


# Where a shape's edge is peeled off without breaking it, from eight sides: 1 in it, -1 beside it.
_PEELED = [
    np.rot90(np.array(side, np.int32), turns).copy()
    for turns in range(4)
    for side in (((-1, -1, -1), (0, 1, 0), (1, 1, 1)), ((0, -1, -1), (1, 1, -1), (0, 1, 0)))
]


def _spine(solid: np.ndarray) -> np.ndarray:
    """A shape, uint8 0 or 1, thinned to lines of one pixel that hang together as it does."""
    left = np.inf
    while solid.sum() < left:
        left = solid.sum()
        for side in _PEELED:
            solid = solid - cv2.morphologyEx(solid, cv2.MORPH_HITMISS, side)
    return solid


@functools.cache
def _half_stem(face: Face) -> float:
    """Half the usual width of a font's lines, in pixels of its traced glyphs."""
    probe = "十日天中木" if face.script == "zh" else "anht4"
    depths = []
    for character in probe:
        if character in face.coverage:
            depth = _traced(face, character).glyph.astype(np.float32) - 128
            depths.append(np.percentile(depth[depth > 0], 85) / DISTANCE_STEPS)
    return float(np.median(depths)) if depths else 2.5
