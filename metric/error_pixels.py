"""Error pixels: AGE, pEPs and pCEPs as the evaluation of EraseNet counts them.

Liu et al., "EraseNet: End-to-End Text Removal in the Wild", IEEE TIP 2020, after the measures of
background estimation. Only the divisor differs: theirs is 512×512 whatever the image, ours its own
number of pixels, the same for their 512×512 images. All take uint8 H,W,3 RGB images of one size,
raise ValueError naming both sizes where they differ, and fall with quality.
"""

from __future__ import annotations

import cv2
import numpy as np

from metric.inputs import check

ERROR_LEVELS = 20  # a pixel is an error from the next grey level up


def age(image: np.ndarray, gt: np.ndarray) -> float:
    """Average grey error: mean absolute difference of the lumas, in grey levels."""
    return float(_grey_difference(image, gt).mean())


def peps(image: np.ndarray, gt: np.ndarray) -> float:
    """Share of error pixels, in [0, 1]: those whose lumas differ by more than 20 grey levels."""
    return float(_errors(image, gt).mean())


def pceps(image: np.ndarray, gt: np.ndarray) -> float:
    """Share of clustered error pixels, in [0, 1]: those whose four neighbours are errors as well.

    What lies beyond the edge is no error.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    clustered = cv2.erode(
        _errors(image, gt), cross, borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return float(clustered.mean())


def _errors(image: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """uint8 H,W: 1 where the page is wrong."""
    return (_grey_difference(image, gt) > ERROR_LEVELS).astype(np.uint8)


def _grey_difference(image: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """Absolute difference of the lumas, uint8 H,W: rounded to whole levels, halves to even."""
    check(gt, image=image)
    difference = image.astype(np.float32) - gt
    # In thousandths all is whole numbers, exact in float32; with .299 halves would fall by chance.
    thousandths = cv2.transform(difference, np.array([[299, 587, 114]], np.float32))
    return np.rint(np.abs(thousandths) / 1000).astype(np.uint8)
