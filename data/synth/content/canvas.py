"""A sheet under the press: pixels, and a record of what was printed where.

Positions are pixels (floats; drawn to a sixteenth of a pixel), colours RGB in 0..255. Whatever
lies outside the canvas is clipped.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from data.characters import Characters
from data.synth.content.glyphs import BASELINE, Glyph, Glyphs, glyphs
from data.synth.fonts import Face, Faces, is_hanzi
from data.synth.lettering import Lettered, joined, words_of
from data.synth.sheet import Box, Slot, TextLine

Colour = tuple[int, int, int]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
_SHIFT = 4  # OpenCV's fixed point: sixteenths of a pixel


@dataclass(frozen=True)
class Type:
    """How a run of text is set.

    zh, latin: faces for Chinese and for Latin characters.
    size: em in pixels.
    bold: stroke widening as a share of the em, 0 for none.
    slant: shear to the right, 0 for upright.
    stretch: width as a multiple of the natural one.
    spacing: extra distance between characters in em; word: between words.
    tight: Chinese punctuation takes half an em instead of a whole one, and quotation marks come
        from the Latin face.
    air: distance between Chinese characters and Latin letters or figures in em.
    pitch: every character takes so many em, as on a typewriter; 0 for its own width.
    """

    zh: Face
    latin: Face
    size: float
    colour: Colour = (0, 0, 0)
    bold: float = 0.0
    slant: float = 0.0
    stretch: float = 1.0
    spacing: float = 0.0
    word: float = 0.0
    tight: bool = False
    air: float = 0.0
    pitch: float = 0.0

    def sized(self, factor: float) -> "Type":
        return replace(self, size=max(4.0, self.size * factor))

    def tinted(self, colour: Colour) -> "Type":
        return replace(self, colour=colour)


_SPACES = {" ": 0.27, "\u3000": 1.0}  # em
_NO_LETTERS = frozenset("_＿")  # blanks to be filled in
_QUOTES = frozenset("“”‘’")
_RIGHT_HALF = frozenset("（《「『【")  # ink in the right half of the em
_HALF = _RIGHT_HALF | frozenset("，。、；：！？）》」』】")


def pale(colour: Colour, share: float) -> Colour:
    """A colour on white, `share` of it."""
    return tuple(round(255 - (255 - c) * share) for c in colour)


def needs_air(before: str, after: str) -> bool:
    """True where a Chinese character meets a Latin letter or a figure; '' meets nothing."""
    if before < after:
        before, after = after, before
    return is_hanzi(before) and after.isascii() and after.isalnum()


class _Listed(NamedTuple):
    """A run of which `words[begin:end]` of a canvas were made."""

    letters: list[Lettered]
    slant: np.ndarray
    begin: int
    end: int

    def meets(self, letters: list[Lettered]) -> bool:
        """Whether these come after its own on the same line; words_of sees to how far."""
        if not (self.letters and letters and self.letters[-1] and letters[0]):
            return False
        (_, (_, top, right, bottom)), (_, (left, above, _, below)) = self.letters[-1], letters[0]
        height = min(bottom - top, below - above)
        shared = min(bottom, below) - max(top, above)
        return left > right - 0.3 * height and shared > 0.6 * height


class Canvas:
    """Pixels (H, W, 3), 255 = bare paper, with the slots, lines and figures printed so far.

    `words` lists the printed words, None where `chars` does not ask for them.
    """

    def __init__(self, width: int, height: int, faces: Faces, chars: bool = False):
        self.width, self.height = width, height
        self.pixels = np.full((height, width, 3), 255, np.uint8)
        self.slots: list[Slot] = []
        self.lines: list[TextLine] = []
        self.figures: list[Box] = []
        self.words: list[Characters] | None = [] if chars else None
        self._last: _Listed | None = None
        self.faces = faces
        self._spare = faces.print_zh + faces.print_latin
        self._glyphs_of: dict[tuple[str, str, str, bool, int], Glyphs | None] = {}

    # -- text ---------------------------------------------------------------------------------

    def _glyphs(self, char: str, kind: Type, size: int) -> Glyphs | None:
        """The face that prints `char`, at `size` pixels; None if no face can."""
        key = (char, kind.zh.name, kind.latin.name, kind.tight, size)
        if key not in self._glyphs_of:
            latin = char < "\u2010" or (kind.tight and char in _QUOTES)
            first = (kind.latin, kind.zh) if latin else (kind.zh, kind.latin)
            choices = (face for face in first + self._spare if char in face.coverage)
            face = next(choices, None)
            self._glyphs_of[key] = glyphs(face, size) if face else None
        return self._glyphs_of[key]

    def _place(self, text: str, kind: Type) -> tuple[list[tuple[str, Glyphs, float]], float]:
        """(character, its face, pen x) of a run that starts at 0, and its advance in pixels."""
        size = max(4, round(kind.size))
        placed, pen, before = [], 0.0, ""
        for char in text:
            if kind.air and needs_air(before, char):
                pen += kind.air * size
            before = char
            if char in _SPACES:
                pen += size * (kind.pitch or _SPACES[char] + kind.word)
                continue
            face = self._glyphs(char, kind, size)
            if face is None:
                continue
            advance = face.advance(char)
            if kind.pitch:
                placed.append((char, face, pen + (kind.pitch * size - advance) / 2))
                advance = kind.pitch * size
            elif kind.tight and advance > 0.9 * size and char in _HALF:
                back = 0.5 * size if char in _RIGHT_HALF else 0.0
                placed.append((char, face, pen - back))
                advance = 0.55 * size
            else:
                placed.append((char, face, pen))
            pen += advance + kind.spacing * size
        return placed, pen

    def measure(self, text: str, kind: Type) -> float:
        """The run's advance in pixels."""
        return self._place(text, kind)[1] * kind.stretch

    def coverage(self, text: str, kind: Type, phase: float = 0.0) -> tuple[np.ndarray, int, int]:
        """A run's coverage map uint8 (h, w), and its corner relative to (pen, em top).

        phase: the pen's offset within its pixel, in [0, 1).
        """
        size = max(4, round(kind.size))
        placed, advance = self._place(text, kind)
        pad = size  # swashes may reach out
        run = np.zeros((3 * size, int(advance) + 2 * pad + 2), np.uint8)
        baseline = size + round(size * BASELINE)
        for _, glyph, left, top in self._glyphs_of_run(placed, run.shape, size, phase):
            h, w = glyph.mask.shape
            spot = run[top : top + h, left : left + w]
            np.maximum(spot, glyph.mask, out=spot)
        if kind.bold:
            wide = max(1, round(kind.bold * size))
            run = cv2.dilate(run, np.ones((1, wide + 1), np.uint8))
        if kind.slant:
            shear = np.float32([[1, -kind.slant, kind.slant * baseline], [0, 1, 0]])
            run = cv2.warpAffine(run, shear, run.shape[::-1])
        if kind.stretch != 1:
            wide = max(1, round(run.shape[1] * kind.stretch))
            run = cv2.resize(run, (wide, run.shape[0]), interpolation=cv2.INTER_AREA)
            pad = round(pad * kind.stretch)
        return run, -pad, -size

    @staticmethod
    def _glyphs_of_run(
        placed: list[tuple[str, Glyphs, float]], shape: tuple[int, int], size: int, phase: float
    ) -> Iterator[tuple[int, Glyph, int, int]]:
        """(number in `placed`, glyph, left, top) in a run's coverage map of this shape."""
        baseline = size + round(size * BASELINE)
        for number, (char, face, pen) in enumerate(placed):
            x, glyph = face.at(char, size + pen + phase)
            if glyph is None:
                continue
            h, w = glyph.mask.shape
            top, left = baseline + glyph.top, x + glyph.left
            if top < 0 or left < 0 or top + h > shape[0] or left + w > shape[1]:
                continue  # an accent of no use here: taller than the line itself
            yield number, glyph, left, top

    def _letters(
        self, text: str, kind: Type, phase: float, x: float = 0, y: float = 0
    ) -> tuple[list[Lettered], np.ndarray]:
        """A run's letters, upright, and the 3×3 matrix that slants them about their baseline.

        x, y: where its coverage map lies.
        """
        size = max(4, round(kind.size))
        placed, advance = self._place(text, kind)
        shape = 3 * size, int(advance) + 2 * size + 2
        boxes = {
            number: (
                x + kind.stretch * left,
                y + top,
                x + kind.stretch * (left + glyph.mask.shape[1]),
                y + top + glyph.mask.shape[0],
            )
            for number, glyph, left, top in self._glyphs_of_run(placed, shape, size, phase)
        }
        letters: list[Lettered] = []
        number = 0
        for char in text:
            if char in _SPACES:
                letters.append(None)
            elif number < len(placed) and placed[number][0] == char:  # else no face has it
                known = number in boxes and char not in _NO_LETTERS
                letters.append((char, boxes[number]) if known else None)
                number += 1
        lean, baseline = kind.slant * kind.stretch, y + size + round(size * BASELINE)
        return letters, np.array([[1, -lean, lean * baseline], [0, 1, 0], [0, 0, 1]])

    def _list(self, letters: list[Lettered], slant: np.ndarray) -> None:
        """List a run's words.

        Where the last run left off a word goes on: a number and its question, say.
        """
        begin = len(self.words)
        last = self._last
        if last and last.end == begin and np.allclose(last.slant, slant) and last.meets(letters):
            letters, begin = last.letters + letters, last.begin
            del self.words[begin:]
        self.words += [word.moved(slant) for word in words_of(letters)]
        self._last = _Listed(letters, slant, begin, len(self.words))

    def text(self, x: float, y: float, text: str, kind: Type, record: bool = True) -> float:
        """Print a run with its em square's top left at (x, y); returns the x where it ends.

        record: list it among the printed lines of the page.
        """
        end = x + self.measure(text, kind)
        if x > self.width or end < 0 or y > self.height or y + 1.2 * kind.size < 0:
            return end
        run, left, top = self.coverage(text, kind, x - math.floor(x))
        place = math.floor(x) + left, round(y) + top
        self.stamp(run, *place, kind.colour)
        if self.words is not None:
            self._list(*self._letters(text, kind, x - math.floor(x), *place))
        if record and text.strip():
            self.lines.append(TextLine(Box(x, y, end - x, kind.size), text))
        return end

    def centred(self, x: float, y: float, text: str, kind: Type, record: bool = True) -> None:
        """Print a run around the point (x, y), both ways in the middle of its em square."""
        self.text(x - self.measure(text, kind) / 2, y - kind.size / 2, text, kind, record)

    def turned(self, x: float, y: float, text: str, kind: Type, quarters: int) -> None:
        """Print a run centred on (x, y), turned by quarters of a turn counter-clockwise."""
        run, left, top = self.coverage(text, kind)
        height, width = run.shape
        run = np.rot90(run, quarters)
        left, top = round(x - run.shape[1] / 2), round(y - run.shape[0] / 2)
        self.stamp(run, left, top, kind.colour)
        if self.words is not None:
            turn = np.eye(3)
            for _ in range(quarters % 4):  # x, y become y, width - x
                turn = np.array([[0.0, 1, 0], [-1, 0, width], [0, 0, 1]]) @ turn
                height, width = width, height
            letters, slant = self._letters(text, kind, 0.0)
            words = [word.moved(turn @ slant) for word in words_of(letters)]
            self.words += [word.shifted(left, top) for word in words]

    def column(self, x: float, y: float, text: str, kind: Type, step: float = 1.1) -> float:
        """Print characters one below the other, centred on x; returns the y where they end."""
        before = len(self.words or ())
        for char in text:
            self.centred(x, y + kind.size / 2, char, kind, record=False)
            y += step * kind.size
        if self.words is not None:
            self.words[before:] = joined(self.words[before:])
        return y

    def stamp(self, mask: np.ndarray, left: int, top: int, colour: Colour) -> None:
        """Lay a colour on through a coverage map, uint8 (h, w), its corner at (left, top)."""
        spot, mask = overlap(self.pixels, mask, left, top)
        inked = np.flatnonzero(mask.any(axis=1))
        if not inked.size:
            return
        # Most of a run's box is the room above and below its characters.
        spot, mask = (part[inked[0] : inked[-1] + 1] for part in (spot, mask))
        cover = mask[..., None].astype(np.uint16)
        mixed = spot * (255 - cover) + np.uint16(colour) * cover  # at most 255 * 255
        spot[:] = mixed // 255

    def image(self, picture: np.ndarray, left: float, top: float) -> None:
        """Multiply a picture, uint8 (h, w, 3), into the page."""
        spot, part = overlap(self.pixels, picture, round(left), round(top))
        if part.size:
            cv2.multiply(spot, part, dst=spot, scale=1 / 255)

    # -- lines and shapes ---------------------------------------------------------------------

    @staticmethod
    def _fixed(points: Sequence[Point] | np.ndarray) -> np.ndarray:
        return np.round(np.asarray(points, np.float64) * (1 << _SHIFT)).astype(np.int32)

    def path(
        self,
        points: Sequence[Point] | np.ndarray,
        colour: Colour = (0, 0, 0),
        width: float = 1,
        closed: bool = False,
    ) -> None:
        """Draw straight pieces from point to point; a width below one pixel makes them paler."""
        if width < 1:
            colour = pale(colour, width)
        shape = self._fixed(points).reshape(-1, 1, 2)
        cv2.polylines(
            self.pixels, [shape], closed, colour, max(1, round(width)), cv2.LINE_AA, _SHIFT
        )

    def line(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: Colour = (0, 0, 0),
        width: float = 1,
        dash: float = 0,
        dotted: bool = False,
    ) -> None:
        """A straight line; dash: length in pixels of its dashes, dotted: dots a dash apart."""
        length = math.hypot(x1 - x0, y1 - y0)
        if not dash:
            if y0 == y1:
                self._rule(slice(*sorted((round(x0), round(x1)))), y0, colour, width, True)
            elif x0 == x1:
                self._rule(slice(*sorted((round(y0), round(y1)))), x0, colour, width, False)
            else:
                self.path([(x0, y0), (x1, y1)], colour, width)
            return
        count = max(1, int(length / (dash * (1.0 if dotted else 1.7))))
        step_x, step_y = (x1 - x0) / count, (y1 - y0) / count
        for i in range(count):
            x, y = x0 + i * step_x, y0 + i * step_y
            if not (-dash < x < self.width + dash and -dash < y < self.height + dash):
                continue
            if dotted:
                self.disc(x, y, max(0.6, width * 0.8), colour)
            else:
                self.path([(x, y), (x + 0.6 * step_x, y + 0.6 * step_y)], colour, width)

    def _rule(self, span: slice, at: float, colour: Colour, width: float, level: bool) -> None:
        """A level or upright line that covers its last row of pixels in part."""
        pixels = self.pixels if level else self.pixels.transpose(1, 0, 2)
        span = slice(max(0, span.start), max(0, span.stop))
        first, left = round(at - width / 2), width
        while left > 0.05:
            if 0 <= first < len(pixels):
                row, cover = pixels[first, span], min(1.0, left)
                row[:] = row + cover * (np.array(colour) - row)
            first, left = first + 1, left - 1

    def wave(
        self,
        x0: float,
        x1: float,
        y: float,
        size: float,
        colour: Colour = (0, 0, 0),
        width: float = 1,
    ) -> None:
        """A wavy underline from x0 to x1 for text with an em of `size`."""
        if x1 - x0 < 2:
            return
        x = np.arange(x0, x1, max(1.0, size / 16))
        y = y + 0.08 * size * np.sin((x - x0) * (2 * math.pi / (0.42 * size)))
        self.path(np.stack([x, y], 1), colour, width)

    def rect(
        self,
        box: Box,
        colour: Colour = (0, 0, 0),
        width: float = 1,
        fill: Colour | None = None,
        dash: float = 0,
        corner: float = 0,
    ) -> None:
        """A rectangle; width 0 draws no outline, corner rounds its corners by so many pixels."""
        left, top, right, bottom = (round(v) for v in (box.left, box.top, box.right, box.bottom))
        corner = min(corner, box.width / 2, box.height / 2)
        if corner > 1:
            outline = _rounded(left, top, right, bottom, corner)
            if fill:
                self.polygon(outline, fill)
            if width:
                self.path(outline, colour, width, closed=True)
            return
        if fill:
            spot = self.pixels[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
            spot[:] = fill
        if not width:
            return
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        if dash:
            for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
                self.line(x0, y0, x1, y1, colour, width, dash)
        else:
            self.path(corners, colour, width, closed=True)

    def polygon(self, points: Sequence[Point] | np.ndarray, colour: Colour) -> None:
        """A filled shape."""
        cv2.fillPoly(self.pixels, [self._fixed(points)], colour, cv2.LINE_AA, _SHIFT)

    def disc(self, x: float, y: float, radius: float, colour: Colour = (0, 0, 0)) -> None:
        self.ellipse(x, y, radius, radius, colour, width=0, fill=colour)

    def ellipse(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        colour: Colour = (0, 0, 0),
        width: float = 1,
        fill: Colour | None = None,
        start: float = 0,
        end: float = 360,
        turn: float = 0,
    ) -> None:
        """An ellipse around (x, y) with the given half axes, or its arc between two angles.

        Angles are degrees, clockwise on the page from the right; `fill` fills the whole or the
        arc's sector.
        """
        reach = max(across, down) + width
        if not (-reach < x < self.width + reach and -reach < y < self.height + reach):
            return
        steps = max(8, min(90, int(math.sqrt(max(across, down, 1)) * 5)))
        angles = np.radians(np.linspace(start, end, steps))
        points = np.stack([across * np.cos(angles), down * np.sin(angles)], 1)
        if turn:
            c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
            points = points @ np.array([[c, s], [-s, c]])
        points = points + (x, y)
        whole = end - start >= 360
        if fill:
            self.polygon(points if whole else np.vstack([points, (x, y)]), fill)
        if width:
            self.path(points, colour, width, closed=whole)

    def arrow(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: Colour = (0, 0, 0),
        width: float = 1,
        head: float = 8,
    ) -> None:
        """A line with a filled head of `head` pixels at its end."""
        angle = math.atan2(y1 - y0, x1 - x0)
        sides = [
            (x1 - head * math.cos(angle + turn), y1 - head * math.sin(angle + turn))
            for turn in (0.4, -0.4)
        ]
        self.line(x0, y0, x1, y1, colour, width)
        self.polygon([(x1, y1), *sides], colour)


def overlap(onto: np.ndarray, part: np.ndarray, left: int, top: int):
    """Views of two pictures where they lie on each other, the second's corner at (left, top)."""
    x0, y0 = max(0, left), max(0, top)
    part = part[y0 - top : max(0, onto.shape[0] - top), x0 - left : max(0, onto.shape[1] - left)]
    return onto[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]], part


def _rounded(left: float, top: float, right: float, bottom: float, corner: float) -> np.ndarray:
    """The outline of a rectangle with round corners, (n, 2)."""
    quarter = np.linspace(0, np.pi / 2, 7)
    parts = []
    for i, (x, y) in enumerate(
        [
            (right - corner, bottom - corner),
            (left + corner, bottom - corner),
            (left + corner, top + corner),
            (right - corner, top + corner),
        ]
    ):
        angles = quarter + i * np.pi / 2
        parts.append(np.stack([x + corner * np.cos(angles), y + corner * np.sin(angles)], 1))
    return np.concatenate(parts)


def smooth(points: Sequence[Point] | np.ndarray, closed: bool = False, rounds: int = 3):
    """Chaikin's corner cutting: a soft curve through the middles of a polygon's sides, (n, 2)."""
    curve = np.asarray(points, np.float64)
    for _ in range(rounds):
        following = np.roll(curve, -1, axis=0) if closed else curve[1:]
        first = curve if closed else curve[:-1]
        cut = np.stack([0.75 * first + 0.25 * following, 0.25 * first + 0.75 * following], 1)
        cut = cut.reshape(-1, 2)  # (pairs, 2, 2) -> (2 * pairs, 2)
        curve = cut if closed else np.concatenate([curve[:1], cut, curve[-1:]])
    return curve
