"""Letters over finished artwork: blocks of text, level or upright, and sounds drawn large."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from data.synth.content.canvas import Canvas, Colour, Type, overlap

_TURNED = frozenset("ー—―…〜～（）()「」『』-~")  # lie on their side in a column
_CORNER = frozenset("、。，．")  # stand in the upper right corner there
_SMALL = frozenset("ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
_NO_START = _CORNER | _SMALL | frozenset("ー…〜～！？）」』!?")
_LARGEST = 200  # pixels; glyphs above are enlarged


@dataclass(frozen=True)
class Ink:
    """colour: of the letters; rim: around them, `reach` pixels wide, None for none."""

    colour: Colour
    rim: Colour | None = None
    reach: int = 0


class Letters(Canvas):
    """A copy of the artwork to letter; alpha: uint8 (H, W), where letters and their rims are."""

    def __init__(self, artwork: Canvas):
        super().__init__(artwork.width, artwork.height, artwork.faces)
        self.pixels = artwork.pixels.copy()
        self.alpha = np.zeros((self.height, self.width), np.uint8)

    def put(self, mask: np.ndarray, left: int, top: int, ink: Ink) -> None:
        """Lay letters on: coverage uint8 (h, w), its corner at (left, top)."""
        if ink.rim:
            around = cv2.copyMakeBorder(mask, *[ink.reach] * 4, cv2.BORDER_CONSTANT, value=0)
            side = 2 * ink.reach + 1
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
            self._lay(cv2.dilate(around, disc), left - ink.reach, top - ink.reach, ink.rim)
        self._lay(mask, left, top, ink.colour)

    def _lay(self, mask: np.ndarray, left: int, top: int, colour: Colour) -> None:
        spot, part = overlap(self.alpha, mask, left, top)
        if part.size:
            self.stamp(part, max(0, left), max(0, top), colour)
            np.maximum(spot, part, out=spot)


def paste(onto: np.ndarray, mask: np.ndarray, x: float, y: float) -> None:
    """Add coverage whose middle is to lie at (x, y), as far as it fits."""
    left, top = round(x - mask.shape[1] / 2), round(y - mask.shape[0] / 2)
    spot, part = overlap(onto, mask, left, top)
    np.maximum(spot, part, out=spot)


def cell(canvas: Canvas, char: str, kind: Type) -> np.ndarray:
    """A character's coverage in a square of two em, uint8; its em square is in the middle."""
    size = max(4, round(kind.size))
    run, left, _ = canvas.coverage(char, kind)
    middle = canvas.measure(char, kind) / 2 - left
    square = np.zeros((2 * size, 2 * size), np.uint8)
    paste(square, run, size + run.shape[1] / 2 - middle, size)
    return square


def wrapped(text: str, length: int) -> list[str]:
    """Lines of about `length` characters: words of Latin text whole, no line begun by a comma."""
    if " " in text:
        lines = [""]
        for word in text.split():
            if lines[-1] and len(lines[-1]) + len(word) >= length:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        return lines
    lines = []
    while text:
        end = length
        while end < len(text) and text[end] in _NO_START:
            end += 1
        lines.append(text[:end])
        text = text[end:]
    return lines


def level(canvas: Canvas, lines: list[str], kind: Type, leading: float) -> np.ndarray:
    """Centred lines from the top to the bottom: their coverage, cut to what is inked."""
    size = max(4, round(kind.size))
    runs = [canvas.coverage(line, kind)[0] for line in lines]
    block = np.zeros((round((len(lines) * leading + 2) * size), max(r.shape[1] for r in runs)),
                     np.uint8)
    for i, run in enumerate(runs):
        paste(block, run, block.shape[1] / 2, size + (i + 0.5) * leading * size)
    return cut(block)


def upright(canvas: Canvas, lines: list[str], kind: Type, leading: float,
            ruby: list[str] | None = None) -> np.ndarray:
    """Columns from the right to the left; ruby: for each line small kana to set beside it."""
    size = max(4, round(kind.size))
    longest = max(map(len, lines))
    block = np.zeros((round((1.04 * longest + 1) * size), round((len(lines) * leading + 2) * size)),
                     np.uint8)
    small = replace(kind, size=max(4.0, 0.45 * size))
    for i, line in enumerate(lines):
        x = block.shape[1] - (1 + (i + 0.5) * leading) * size
        for j, char in enumerate(line):
            glyph, dx, dy = cell(canvas, char, kind), 0.0, 0.0
            if char in _TURNED:
                glyph = np.rot90(glyph, -1)
            elif char in _CORNER:
                dx, dy = 0.6, -0.6
            elif char in _SMALL:
                dx, dy = 0.1, -0.1
            paste(block, glyph, x + dx * size, (1 + 1.04 * j + dy) * size)
        for j, char in enumerate(ruby[i] if ruby else ""):
            if char != " ":
                paste(block, cell(canvas, char, small), x + 0.74 * size, (0.77 + 0.52 * j) * size)
    return cut(block)


def cut(block: np.ndarray) -> np.ndarray:
    """The part of a coverage map that is inked; of an empty one a single pixel."""
    rows, columns = (np.flatnonzero(block.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return block[:1, :1]
    return block[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def sound(canvas: Canvas, rng: np.random.Generator, text: str, kind: Type) -> np.ndarray:
    """Characters that grow, turn and stagger along a line, bent as by hand: their coverage."""
    size = kind.size
    drawn = replace(kind, size=min(size, _LARGEST))
    growth, spread = rng.uniform(-0.1, 0.25), rng.uniform(0.02, 0.16)
    way = rng.uniform(-0.35, 0.35) + (np.pi / 2 if rng.random() < 0.55 else 0.0)
    sizes = size * np.clip(1 + growth * np.arange(len(text)), 0.5, 2.2)
    steps = np.concatenate([[0], (sizes[1:] + sizes[:-1]) / 2]).cumsum() * rng.uniform(0.8, 1.05)
    at = np.stack([np.cos(way) * steps, np.sin(way) * steps], 1)
    at += rng.normal(0, spread, at.shape) * size
    corner = at.min(axis=0) - 1.2 * sizes.max()
    width, height = np.ceil(at.max(axis=0) + 1.2 * sizes.max() - corner).astype(int)
    block = np.zeros((height, width), np.uint8)
    shear = rng.normal(0, 0.15)
    for char, (x, y), side in zip(text, at - corner, sizes, strict=True):
        glyph = cell(canvas, char, drawn)
        if char in _TURNED and way > 1:
            glyph = np.ascontiguousarray(np.rot90(glyph, -1))
        angle, scale = rng.normal(0, spread), side / drawn.size
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        matrix = np.array([[cos, -sin + shear, 0], [sin, cos, 0]])
        middle = np.array(glyph.shape) / 2
        half = np.ceil(1.3 * middle * scale)
        matrix[:, 2] = half - matrix[:, :2] @ middle
        turned = cv2.warpAffine(glyph, matrix, (int(2 * half[0]), int(2 * half[1])))
        paste(block, turned, x, y)
    return cut(_bent(block, rng, 0.05 * size))


def _bent(block: np.ndarray, rng: np.random.Generator, reach: float) -> np.ndarray:
    """A coverage map on paper that gives: every point moves by some pixels, near ones together."""
    height, width = block.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    moves = rng.normal(0, reach, (2, 5, 5)).astype(np.float32)
    dx, dy = (cv2.resize(move, (width, height), interpolation=cv2.INTER_CUBIC) for move in moves)
    return cv2.remap(block, x + dx, y + dy, cv2.INTER_LINEAR)
