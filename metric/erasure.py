"""What was erased and what was kept: measures that tell ink from the rest of the page.

Ink is where the input differs from the ground truth by more than 20 grey levels in any channel; a
pixel is right where the result does not. Whole-page figures hide both failures, since ink covers
a few per cent of a page. All take result, ground truth and input as uint8 H,W,3 RGB of one size,
raise ValueError naming both sizes where they differ, are nan where there is no pixel to count,
and rise with quality.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from metric.inputs import check

INK_LEVELS = 20


def ink_gone(image: np.ndarray, gt: np.ndarray, input: np.ndarray) -> float:
    """Share of the ink pixels that end right, in [0, 1]; nan without ink."""
    check(gt, image=image, input=input)
    return _share(~differs(image, gt), differs(input, gt))


def print_kept(image: np.ndarray, gt: np.ndarray, input: np.ndarray) -> float:
    """Share of the other pixels that stay right, in [0, 1]; nan where all is ink."""
    check(gt, image=image, input=input)
    return _share(~differs(image, gt), ~differs(input, gt))


def ink_psnr(image: np.ndarray, gt: np.ndarray, input: np.ndarray) -> float:
    """PSNR in dB, peak 255, over the ink pixels; inf where these equal gt, nan without ink."""
    check(gt, image=image, input=input)
    ink = differs(input, gt)
    if not ink.any():
        return math.nan
    error = float(((image[ink].astype(np.float64) - gt[ink]) ** 2).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def differs(image: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """bool H,W: some channel is more than 20 grey levels off."""
    red, green, blue = cv2.split(cv2.absdiff(image, gt))
    return cv2.max(cv2.max(red, green), blue) > INK_LEVELS


def _share(right: np.ndarray, among: np.ndarray) -> float:
    return float(right[among].mean()) if among.any() else math.nan
