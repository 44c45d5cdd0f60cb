"""Where a page is blank: nothing there could be ink, so nothing is computed.

Decided on the page itself, in cells of CELL pixels, and cautiously: pencil that is 5 grey levels
off the paper is not blank, nor is the noise of a camera.
"""

from __future__ import annotations

import cv2
import numpy as np

from infer.tiles import Place

CELL = 32  # pixels
LARGEST_RANGE = 4  # grey levels between the extremes of a blank cell, in each channel


class Blankness:
    """The blank cells of a page, uint8 H,W,3: those where neither they nor a neighbour vary."""

    def __init__(self, page: np.ndarray):
        self._shape = page.shape[:2]
        height, width = (-(-length // CELL) for length in self._shape)
        busy = np.zeros((height, width), np.uint8)
        for i in range(height):  # row by row of cells: memory stays small
            # With the last pixels of the cells before: ink may end where a cell does.
            rows = page[max(0, i * CELL - 1):(i + 1) * CELL]
            low, high = rows.min(axis=0), rows.max(axis=0)
            low[1:], high[1:] = np.minimum(low[1:], low[:-1]), np.maximum(high[1:], high[:-1])
            begins = np.arange(width) * CELL
            low = np.minimum.reduceat(low, begins, axis=0)
            high = np.maximum.reduceat(high, begins, axis=0)
            busy[i] = (high - low > LARGEST_RANGE).any(axis=1)
        # Ink that fills a cell shows in its neighbours, where it ends.
        self._busy = cv2.dilate(busy, np.ones((3, 3), np.uint8)).astype(bool)

    def __call__(self, place: Place) -> bool:
        """Whether this part of the page is blank."""
        rows, columns = (slice(part.start // CELL, -(-part.stop // CELL)) for part in place)
        return not self._busy[rows, columns].any()

    def box(self) -> Place:
        """The smallest part outside which all is blank; one cell where all is."""
        sides = []
        for axis, length in zip((1, 0), self._shape, strict=True):
            there = np.flatnonzero(self._busy.any(axis=axis))
            first, last = (there[0], there[-1]) if there.size else (0, 0)
            sides.append(slice(int(first) * CELL, min(length, int(last + 1) * CELL)))
        return Place(*sides)
