"""What every measure asks of its images, and the grey that some of them look at."""

from __future__ import annotations

import cv2
import numpy as np


def check(gt: np.ndarray, **images: np.ndarray) -> None:
    """Raise ValueError unless `gt` and the named images are uint8 H,W,3 of one size, not empty."""
    for name, image in (("ground truth", gt), *images.items()):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ValueError(
                f"{name}: expected uint8 H,W,3 RGB, got {image.dtype} of shape {image.shape}"
            )
        if image.shape != gt.shape:
            raise ValueError(
                f"sizes differ: {name} is {image.shape[1]}x{image.shape[0]} pixels, "
                f"ground truth {gt.shape[1]}x{gt.shape[0]}"
            )


def luma(image: np.ndarray) -> np.ndarray:
    """.299 R + .587 G + .114 B of uint8 H,W,3 RGB: float64 H,W in [0, 255], not rounded.

    In float64 since variances are taken of it, which are small differences of large numbers.
    """
    return cv2.transform(image.astype(np.float64), np.array([[0.299, 0.587, 0.114]]))
