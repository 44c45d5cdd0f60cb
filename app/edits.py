"""What a brush changes: places that stay as they came, and places to be filled."""

from __future__ import annotations

import cv2
import numpy as np

from app.schema import Stroke
from infer.eraser import Eraser, Progress, Result

RADIUS = 4  # pixels around a filled one that it is made of
AROUND = 16  # pixels around the strokes that inpainting is shown
SHIFT = 4  # bits of a pixel that strokes are drawn with


def draw(strokes: list[Stroke], shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Bool H,W maps of what to keep and of what to fill; they have no pixel in common."""
    keep, erase = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for stroke in strokes:
        # Pixels' centres lie on whole numbers here, at halves in a browser. A dot is a short line.
        points = (np.array(stroke.points * 2 if len(stroke.points) == 1 else stroke.points) - 0.5)
        line = [(points * (1 << SHIFT)).round().astype(np.int32)]
        for target, value in ((keep, stroke.kind == "keep"), (erase, stroke.kind == "erase")):
            cv2.polylines(target, line, False, int(value), max(1, round(stroke.width)), shift=SHIFT)
    return keep.astype(bool), erase.astype(bool)


def apply(
    eraser: Eraser, page: np.ndarray, erased: Result, strokes: list[Stroke], progress: Progress,
) -> Result:
    """An erased page with strokes: `page` where kept, filled and erased again where to erase.

    Raises Cancelled as `Eraser.run` does.
    """
    keep, erase = draw(strokes, page.shape[:2])
    image, mask = erased.image.copy(), erased.mask.copy()
    if erase.any():
        fill(image, erase)
        image = eraser.run(image, only=erase, progress=progress).image
        mask[erase] = 1
    image[keep], mask[keep] = page[keep], 0
    return Result(image, mask)


def fill(image: np.ndarray, where: np.ndarray) -> None:
    """Fill pixels of uint8 H,W,3 from those around them, in place."""
    left, top, width, height = cv2.boundingRect(where.astype(np.uint8))
    near = np.s_[max(0, top - AROUND):top + height + AROUND,
                 max(0, left - AROUND):left + width + AROUND]
    holes = where[near].astype(np.uint8)
    image[near] = cv2.inpaint(image[near], holes, RADIUS, cv2.INPAINT_TELEA)
