"""Crops of a pair for training. Image, ground truth and mask always move together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass
class AugmentConfig:
    """How a training crop is drawn; probabilities in [0, 1]."""

    crop: int = 512  # pixels a side, a multiple of 32
    flip: float = 0.3  # probability of a horizontal flip
    rotate: float = 0.3  # probability of a rotation
    max_angle: float = 10.0  # degrees either way
    enlarge: float = 0.0  # probability of a smaller crop, enlarged: photos out of focus look so
    max_enlarged: float = 2.2  # times
    redraw: float = 0.9  # probability that a crop without ink is drawn again (blank ones stall)
    min_ink: float = 0.002  # share of the crop's pixels that must be ink
    redraws: int = 8  # how often at most

    def __post_init__(self):
        if self.crop <= 0 or self.crop % 32:
            raise ValueError(f"crop must be a positive multiple of 32 pixels, got {self.crop}")
        for name in ("flip", "rotate", "enlarge", "redraw"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability in [0, 1], got {getattr(self, name)}")
        if not 0 <= self.min_ink <= 1:
            raise ValueError(f"min_ink is a share in [0, 1], got {self.min_ink}")
        if self.redraws < 0:
            raise ValueError(f"redraws must be 0 or more, got {self.redraws}")
        if not 0 <= self.max_angle <= 90:
            raise ValueError(f"max_angle must lie in [0, 90] degrees, got {self.max_angle}")
        if not 1 <= self.max_enlarged <= self.crop:
            raise ValueError(f"max_enlarged must lie in [1, crop] times, got {self.max_enlarged}")


def augment(
    image: np.ndarray,
    gt: np.ndarray,
    mask: np.ndarray | None,
    rng: np.random.Generator,
    config: AugmentConfig,
    make_mask: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one crop of a page: image and gt uint8 S,S,3, mask float32 S,S in [0, 1].

    `mask` is the page's, uint8 H,W with 255 = ink; where it is None, `make_mask(image, gt)` makes
    the crop's. A crop with hardly any ink is drawn again.
    """
    for attempt in range(config.redraws + 1):
        left, top = rng.random(2)
        angle = draw_angle(rng, config)
        flip = rng.random() < config.flip
        side = draw_side(rng, config)
        accept_blank = rng.random() >= config.redraw or attempt == config.redraws

        def cut(array, left=left, top=top, side=side, angle=angle, flip=flip):
            patch = rotated_crop(array, left, top, side, angle)
            if side < config.crop:
                patch = cv2.resize(patch, (config.crop, config.crop))
            return np.ascontiguousarray(patch[:, ::-1]) if flip else patch

        crop, crop_gt = cut(image), cut(gt)
        crop_mask = make_mask(crop, crop_gt) if mask is None else cut(mask) / np.float32(255)
        if accept_blank or (crop_mask > 0.5).mean() >= config.min_ink:
            break
    return crop, crop_gt, crop_mask


def draw_angle(rng: np.random.Generator, config: AugmentConfig) -> float:
    """Degrees by which a crop is turned."""
    if rng.random() < config.rotate:
        return rng.uniform(-config.max_angle, config.max_angle)
    return 0.0


def draw_side(rng: np.random.Generator, config: AugmentConfig) -> int:
    """Pixels a side of a crop before it is enlarged to `config.crop`."""
    if config.enlarge and rng.random() < config.enlarge:
        return round(config.crop / config.max_enlarged ** rng.random())
    return config.crop


def rotated_crop(array: np.ndarray, left: float, top: float, size: int, angle: float) -> np.ndarray:
    """A size×size crop, turned by `angle` degrees about its centre.

    `left` and `top` in [0, 1) place it between the page's edges. What lies outside the page is its
    reflection: a black fill would read as ink.
    """
    height, width = array.shape[:2]
    x, y, window, matrix = _placed(height, width, left, top, size, angle)
    rows, columns = reflect(y, y + window, height), reflect(x, x + window, width)
    patch = array[rows[:, None], columns[None, :]]
    if angle == 0:
        return patch
    return cv2.warpAffine(patch, matrix, (size, size), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REFLECT_101)


def crop_matrix(shape: tuple[int, ...], left: float, top: float, size: int,
                angle: float) -> np.ndarray:
    """Where `rotated_crop` takes points of a page of this shape: float64 3,3, of x, y, 1.

    A pixel covers [i, i + 1) along each axis.
    """
    x, y, _, matrix = _placed(*shape[:2], left, top, size, angle)
    to_edges = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    moved = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    return to_edges @ np.vstack([matrix, [0, 0, 1]]) @ moved @ np.linalg.inv(to_edges)


def _placed(height: int, width: int, left: float, top: float, size: int, angle: float
            ) -> tuple[int, int, int, np.ndarray]:
    """Left, top and side of the smallest upright window that holds a turned crop, and a pixel for
    bilinear sampling; and the matrix, 2,3, that turns it.
    """
    turn = math.radians(angle)
    window = size if angle == 0 else math.ceil(size * (math.cos(turn) + abs(math.sin(turn)))) + 2
    window += (window - size) % 2  # the same margin on both sides
    margin = (window - size) // 2
    centre = (window - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), angle, 1.0)
    matrix[:, 2] -= margin
    return (round(left * max(0, width - size)) - margin,
            round(top * max(0, height - size)) - margin, window, matrix)


def reflect(begin: int, end: int, length: int) -> np.ndarray:
    """Indices begin..end-1 folded into 0..length-1 by reflection about the edge pixels.

    Any distance works, and so does a length of 1.
    """
    period = max(1, 2 * (length - 1))
    folded = np.abs(np.arange(begin, end)) % period
    return np.minimum(folded, period - folded) if length > 1 else folded * 0
