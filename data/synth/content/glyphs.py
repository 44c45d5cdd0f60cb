"""Printed characters as small coverage maps, cached by face and size.

Setting a page glyph by glyph from this cache takes a tenth of the time that Pillow needs for
whole lines, because a page repeats its characters. Small print is rendered enlarged and averaged
down without snapping to the pixel grid, as a scanner would see it.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from data.synth.fonts import Face, font

BASELINE = 0.86  # of the em square, measured from its top
# Below these sizes in pixels glyphs are rendered enlarged this many times.
_OVERSAMPLING = ((14, 4), (24, 2))


@dataclass(frozen=True)
class Glyph:
    """mask: uint8 (h, w) coverage; left, top: its corner relative to the pen on the baseline."""

    mask: np.ndarray
    left: int
    top: int


class Glyphs:
    """The glyphs of one face at one size in pixels."""

    def __init__(self, face: Face, size: int):
        self.size = size
        self.over = next((over for limit, over in _OVERSAMPLING if size < limit), 1)
        self._font = font(face, size * self.over)
        self._glyphs: dict[tuple[str, int], Glyph | None] = {}
        self._advances: dict[str, float] = {}

    def advance(self, char: str) -> float:
        """How far the pen moves, in pixels."""
        advance = self._advances.get(char)
        if advance is None:
            advance = self._advances[char] = self._font.getlength(char) / self.over
        return advance

    def at(self, char: str, x: float) -> tuple[int, Glyph | None]:
        """The glyph for a pen at x, and the whole pixel to place it at; None if it is blank."""
        whole = int(np.floor(x))
        phase = int((x - whole) * self.over)
        if self.over == 1 and x - whole >= 0.5:
            whole += 1
        key = (char, phase)
        if key not in self._glyphs:
            self._glyphs[key] = self._render(char, phase)
        return whole, self._glyphs[key]

    def _render(self, char: str, phase: int) -> Glyph | None:
        em = self.size * self.over
        # Generous: a swash of a handwriting face may reach beyond its em square.
        pen, baseline = em, 2 * em
        image = Image.new("L", (4 * em, 3 * em))
        ImageDraw.Draw(image).text((pen, baseline), char, 255, font=self._font, anchor="ls")
        box = image.getbbox()
        if box is None:
            return None
        if self.over == 1:
            mask = np.asarray(image.crop(box))
            return Glyph(mask, box[0] - pen, box[1] - baseline)
        over = self.over
        # Widen the box to whole output pixels, counted from the pen shifted by the phase.
        left = (box[0] - pen + phase) // over
        top = (box[1] - baseline) // over
        right = -(-(box[2] - pen + phase) // over)
        bottom = -(-(box[3] - baseline) // over)
        x0, y0 = pen + left * over - phase, baseline + top * over
        size = (right - left, bottom - top)
        large = image.crop((x0, y0, x0 + size[0] * over, y0 + size[1] * over))
        mask = cv2.resize(np.asarray(large), size, interpolation=cv2.INTER_AREA)
        return Glyph(mask, left, top)


@functools.lru_cache(maxsize=48)
def glyphs(face: Face, size: int) -> Glyphs:
    return Glyphs(face, size)
