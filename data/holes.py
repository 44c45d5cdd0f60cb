"""Holes for networks that fill them: a pair's own ink, or strokes and boxes on a clean page."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

INK = 0.5  # from which mask value on a pixel is ink to cut out


@dataclass
class HoleConfig:
    """How holes are cut into training crops."""

    own: float = 0.5  # share of crops whose hole is the pair's own ink; others are clean pages
    dilate: int = 7  # ink is widened by the maximum over N×N pixels, for its rims; 0: not at all
    shapes: int = 8  # strokes and boxes on a clean page, at most
    largest: float = 0.25  # a box's side and a stroke's segment, of the crop's side, at most

    def __post_init__(self):
        if not 0 <= self.own <= 1:
            raise ValueError(f"own must lie in [0, 1], got {self.own}")
        if self.dilate < 0 or self.shapes < 1:
            raise ValueError("dilate must be 0 or more and shapes 1 or more, got "
                             f"{self.dilate}, {self.shapes}")
        if not 0 < self.largest <= 1:
            raise ValueError(f"largest must lie in (0, 1], got {self.largest}")


def ink_hole(mask: np.ndarray, dilate: int) -> np.ndarray:
    """A mask in [0, 1], float32 H,W, as a hole: float32 H,W of 0 and 1."""
    hole = (mask >= INK).astype(np.float32)
    return cv2.dilate(hole, np.ones((dilate, dilate), np.uint8)) if dilate > 1 else hole


def random_hole(size: int, rng: np.random.Generator, config: HoleConfig) -> np.ndarray:
    """Strokes, like handwriting and thicker, and boxes: float32 size,size of 0 and 1."""
    hole = np.zeros((size, size), np.float32)
    longest = max(2, int(config.largest * size))
    for _ in range(rng.integers(1, config.shapes + 1)):
        start = rng.integers(0, size, 2)
        if rng.random() < 0.3:
            end = start + rng.integers(2, longest + 1, 2)
            cv2.rectangle(hole, start.tolist(), end.tolist(), 1, cv2.FILLED)
        else:
            steps = rng.integers(-longest, longest + 1, (rng.integers(2, 9), 2))
            points = np.cumsum(np.vstack([start, steps]), axis=0).clip(0, size - 1)
            width = int(rng.integers(2, max(3, size // 20) + 1))
            cv2.polylines(hole, [points.astype(np.int32)], False, 1, width)
    return hole


def cut_hole(
    image: np.ndarray, gt: np.ndarray, mask: np.ndarray, rng: np.random.Generator,
    config: HoleConfig,
) -> tuple[np.ndarray, np.ndarray]:
    """The page to look at and its hole: the image and its ink, or the gt and a random one.

    `image` and `gt` uint8 S,S,3, `mask` float32 S,S in [0, 1]. A crop without ink is a clean page.
    """
    hole = ink_hole(mask, config.dilate)
    if rng.random() < config.own and hole.any():
        return image, hole
    return gt, random_hole(len(gt), rng, config)
