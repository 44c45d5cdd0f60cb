"""What CRAFT learns: Gaussians on characters and between them.

Baek et al., CVPR 2019, section 3.2. A label map has half the page's size and two channels, region
and affinity, in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import cv2
import numpy as np

from data.characters import Characters

STEP = 2  # page pixels a pixel of a label map
SIDE = 64  # pixels of the one Gaussian that all are warped from
DEVIATION = 0.5  # of the Gaussian, in half sides of its square


@cache
def gaussian() -> np.ndarray:
    """An isotropic Gaussian on a square, float32, 1 in the middle and 0 in the corners."""
    x = (np.arange(SIDE) + 0.5) * 2 / SIDE - 1
    bell = np.exp(-(x / DEVIATION) ** 2 / 2)
    bell = np.outer(bell, bell)
    return ((bell - bell.min()) / (bell.max() - bell.min())).astype(np.float32)


def label_maps(words: Iterable[Characters], shape: tuple[int, int]) -> np.ndarray:
    """The label map of a page of this shape (H, W): float32 2,H/2,W/2, the sizes rounded up.

    Where Gaussians overlap the higher one counts.
    """
    maps = np.zeros((2, *(-(-length // STEP) for length in shape)), np.float32)
    for word in words:
        draw(maps[0], word.quads / STEP)
        draw(maps[1], affinity_quads(word.quads) / STEP)
    return maps


def draw(picture: np.ndarray, quads: np.ndarray) -> None:
    """Lay the Gaussian, warped into each of N,4,2 `quads`, over a float32 H,W picture.

    Quads that are not convex or thinner than the grid can show leave no trace.
    """
    height, width = picture.shape
    square = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]]) - 0.5  # OpenCV's pixel centres
    for quad in np.ascontiguousarray(quads, np.float32):
        left, top = np.floor(quad.min(axis=0)).astype(int).clip(0)
        right, bottom = np.ceil(quad.max(axis=0)).astype(int).clip(0, (width, height))
        if left >= right or top >= bottom or not cv2.isContourConvex(quad):
            continue
        if cv2.contourArea(quad) < 0.5:
            continue
        place = quad - np.float32([left, top]) - np.float32(0.5)
        matrix = cv2.getPerspectiveTransform(square.astype(np.float32), place)
        bell = cv2.warpPerspective(gaussian(), matrix, (int(right - left), int(bottom - top)))
        window = picture[top:bottom, left:right]
        np.maximum(window, bell, out=window)


def affinity_quads(quads: np.ndarray) -> np.ndarray:
    """A word's affinity boxes, N-1,4,2, from its characters', N,4,2.

    A box joins the centres of two triangles of one character and two of the next: those that a
    quad's diagonals cut off to both sides of the way to the next, above and below in a line, left
    and right in a column.
    """
    centres = crossings(quads)
    boxes = []
    for one, other, a, b in zip(quads, quads[1:], centres, centres[1:], strict=False):
        way = np.abs((b - a) @ np.linalg.pinv(np.stack([one[1] - one[0], one[3] - one[0]])))
        turn = int(way[1] > way[0])  # the next character is below, in units of this one's sides
        near, far = ((np.roll(quad, -turn, axis=0), centre)
                     for quad, centre in ((one, a), (other, b)))
        above = [(quad[0] + quad[1] + centre) / 3 for quad, centre in (near, far)]
        below = [(quad[2] + quad[3] + centre) / 3 for quad, centre in (near, far)]
        boxes.append([above[0], above[1], below[1], below[0]])
    return np.array(boxes).reshape(-1, 4, 2)


def crossings(quads: np.ndarray) -> np.ndarray:
    """Where the diagonals of N,4,2 quads cross: N,2; the mean of the corners of degenerate ones."""
    start, one, other = quads[:, 0], quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    cross = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    gap = quads[:, 1] - start
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (gap[:, 0] * other[:, 1] - gap[:, 1] * other[:, 0]) / cross
    inside = (share > 0) & (share < 1)
    return np.where(inside[:, None], start + np.where(inside, share, 0)[:, None] * one,
                    quads.mean(axis=1))
