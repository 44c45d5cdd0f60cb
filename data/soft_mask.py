"""The soft mask: how far a pixel of a page is from its ground truth.

The definition is that of the winning entry of Baidu Netdisk's handwriting-erasure contest: the mean
of the channels' absolute differences, 1 from `threshold` grey levels up, linear below.
"""

from __future__ import annotations

import cv2
import numpy as np

CHANNELS = ("mean", "max")


def soft_mask(
    image: np.ndarray,
    gt: np.ndarray,
    threshold: float = 20,
    channel: str = "mean",
    dilate: int = 0,
) -> np.ndarray:
    """Soft mask, float32 H,W in [0, 1]: 1 is ink to erase, 0 is page.

    `image` and `gt` are uint8 H,W,3 RGB of one size. `threshold` is in grey levels. `channel`
    'mean' averages the three differences; 'max' takes the largest, which also sees coloured ink
    that is as bright as the paper in two channels. `dilate` takes the maximum over N×N pixels
    (0: off). Raises ValueError for unequal sizes and for settings out of range.
    """
    if image.shape != gt.shape:
        raise ValueError(f"sizes differ: image {size_of(image)}, ground truth {size_of(gt)}")
    if not 0 < threshold < np.inf:
        raise ValueError(f"threshold must be above 0 grey levels, got {threshold}")
    if channel not in CHANNELS:
        raise ValueError(f"unknown channel {channel!r}; known: {', '.join(CHANNELS)}")
    if dilate < 0:
        raise ValueError(f"dilate must be 0 or more pixels, got {dilate}")
    difference = cv2.absdiff(image, gt)
    if channel == "max":
        mask = difference.max(axis=2) / np.float32(threshold)
    else:
        mask = difference.sum(axis=2, dtype=np.float32) / np.float32(3 * threshold)
    np.minimum(mask, 1, out=mask)
    if dilate > 1:
        mask = cv2.dilate(mask, np.ones((dilate, dilate), np.uint8))
    return mask


def size_of(image: np.ndarray) -> str:
    """An image's size for messages, as WIDTHxHEIGHT."""
    return f"{image.shape[1]}x{image.shape[0]}"


def to_uint8(mask: np.ndarray) -> np.ndarray:
    """A mask in [0, 1] as it is stored: uint8, 255 is ink."""
    return np.round(mask * 255).astype(np.uint8)
