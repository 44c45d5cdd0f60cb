"""What a brush changes: places that stay as they came, and places to be filled."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import cv2
import numpy as np

from app.schema import Stroke
from infer.eraser import Cancelled, Eraser, Progress, Result

RADIUS = 4  # pixels around a filled one that it is made of
AROUND = 16  # pixels around the strokes that inpainting is shown
PIECE = 512  # pixels a side that are filled at once: a second's work
LINES = 50  # of a stroke that are drawn at once
SHIFT = 4  # bits of a pixel that strokes are drawn with
KEEP, ERASE = 1, 2
PAPER = 255


def draw(
    strokes: list[Stroke], shape: tuple[int, int], check: Callable[[], object] = lambda: None
) -> tuple[np.ndarray, np.ndarray]:
    """Bool H,W maps of what to keep and of what to fill; they have no pixel in common.

    `check` is called now and then: what it raises ends the work.
    """
    drawn = np.zeros(shape, np.uint8)
    for stroke in strokes:
        # Pixels' centres lie on whole numbers here, at halves in a browser. A dot is a short line.
        points = (np.array(stroke.points * 2 if len(stroke.points) == 1 else stroke.points) - 0.5)
        points = (points * (1 << SHIFT)).round().astype(np.int32)
        value, width = KEEP if stroke.kind == "keep" else ERASE, max(1, round(stroke.width))
        for begin in range(0, len(points) - 1, LINES):
            check()
            line = points[begin:begin + LINES + 1]
            cv2.polylines(drawn, [line], False, value, width, shift=SHIFT)
    return drawn == KEEP, drawn == ERASE


def apply(
    eraser: Eraser, page: np.ndarray, erased: Result, strokes: list[Stroke], progress: Progress,
) -> Result:
    """An erased page with strokes: `page` where kept, filled and erased again where to erase.

    Raises Cancelled as `Eraser.run` does.
    """
    def check() -> None:
        if progress(0, 0) is False:
            raise Cancelled

    keep, erase = draw(strokes, page.shape[:2], check)
    image, mask = erased.image.copy(), erased.mask.copy()
    if erase.any():
        fill(image, erase, check)
        image = eraser.run(image, only=erase, progress=progress).image
        mask[erase] = 1
    image[keep], mask[keep] = page[keep], 0
    return Result(image, mask)


def fill(
    image: np.ndarray, where: np.ndarray, check: Callable[[], object] = lambda: None
) -> None:
    """Fill pixels of uint8 H,W,3 from those around them, in place; all of them white.

    `check` is as of `draw`.
    """
    if where.all():  # nothing to fill it from
        image[:] = PAPER
        return
    holes = where.astype(np.uint8)
    left, top, width, height = cv2.boundingRect(holes)
    pieces = list(product(range(top, top + height, PIECE), range(left, left + width, PIECE)))
    while pieces:
        later = []
        for y, x in pieces:
            check()
            piece = np.s_[y:y + PIECE, x:x + PIECE]
            near = np.s_[max(0, y - AROUND):y + PIECE + AROUND,
                         max(0, x - AROUND):x + PIECE + AROUND]
            if holes[near].all():
                later.append((y, x))
            elif holes[piece].any():
                image[near] = cv2.inpaint(image[near], holes[near], RADIUS, cv2.INPAINT_TELEA)
                holes[piece] = 0  # what is filled helps to fill what is beside it
        pieces = later
