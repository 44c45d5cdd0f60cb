"""How close an image is to its ground truth: MSE, PSNR, SSIM, MS-SSIM.

All take uint8 H,W,3 RGB images of one size and raise ValueError naming both sizes where they
differ. All but the mean squared error rise with quality.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from metric.inputs import check, luma

SIGMA, WINDOW = 1.5, 11  # pixels; Wang et al. 2004
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al. 2003, finest scale first


def mse(image: np.ndarray, gt: np.ndarray) -> float:
    """Mean squared error over pixels and channels, these taken in [0, 1] as papers do."""
    check(gt, image=image)
    return cv2.norm(image, gt, cv2.NORM_L2SQR) / (gt.size * 255**2)


def psnr(image: np.ndarray, gt: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, peak 255, over all three channels; inf for equal images."""
    error = mse(image, gt)
    return 10 * math.log10(1 / error) if error else math.inf


def ssim(image: np.ndarray, gt: np.ndarray) -> float:
    """Structural similarity of the luma, in [-1, 1] (Wang et al., IEEE TIP 2004).

    As in the paper: grey, not per colour channel; Gaussian window of 11×11 pixels and sigma 1.5;
    K1 .01, K2 .03; mean over the windows that lie wholly on the page. A page under 11 pixels a
    side has none: there the windows reach beyond it, onto its reflection.
    """
    check(gt, image=image)
    return float(structural_similarity(
        luma(image), luma(gt), win_size=2 * _border(gt) + 1, data_range=255, K1=K1, K2=K2,
        gaussian_weights=True, sigma=SIGMA, use_sample_covariance=False,
    ))


def ms_ssim(image: np.ndarray, gt: np.ndarray) -> float:
    """Multi-scale structural similarity of the luma, in [0, 1].

    Wang, Simoncelli, Bovik, Asilomar 2003: contrast and structure at five scales, luminance at the
    coarsest, each scale the 2×2 means of the one before. EraseNet's published evaluation forgets
    to pass these on and measures the full size five times; we follow the paper, so our figures
    are not comparable with those.

    A page under 176 pixels a side does not hold the 11-pixel window at all five scales: it gets as
    many as hold it, their weights scaled to sum 1; under 22 pixels that is `ssim`. A scale whose
    mean is negative (an inverted page) counts 0, since its power is not real.
    """
    check(gt, image=image)
    scales = min(len(SCALE_WEIGHTS), max(1, (min(gt.shape[:2]) // WINDOW).bit_length()))
    weights = np.array(SCALE_WEIGHTS[:scales])
    if scales < len(SCALE_WEIGHTS):
        weights /= weights.sum()
    x, y = luma(image), luma(gt)
    result = 1.0
    for scale, weight in enumerate(weights):
        if scale:
            x, y = _halve(x), _halve(y)
        similarity, contrast = _similarity(x, y)
        result *= max(0.0, similarity if scale == scales - 1 else contrast) ** weight
    return float(result)


def _similarity(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Means of the SSIM and of its contrast-structure factor over a float64 H,W pair."""

    def blur(array):
        return cv2.GaussianBlur(array, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT)

    c1, c2 = (K1 * 255) ** 2, (K2 * 255) ** 2
    mean_x, mean_y = blur(x), blur(y)
    mean_xy, mean_squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance = blur(x * y) - mean_xy
    variances = blur(x**2 + y**2) - mean_squares
    contrast = (2 * covariance + c2) / (variances + c2)
    similarity = contrast * (2 * mean_xy + c1) / (mean_squares + c1)
    border = _border(x)
    inside = np.s_[border : x.shape[0] - border, border : x.shape[1] - border]
    return similarity[inside].mean(), contrast[inside].mean()


def _border(image: np.ndarray) -> int:
    """Pixels at each edge that no window is centred on; fewer where the page is too small."""
    return min(WINDOW // 2, (min(image.shape[:2]) - 1) // 2)


def _halve(image: np.ndarray) -> np.ndarray:
    """Means of 2×2 blocks; an odd side's last line counts twice."""
    height, width = image.shape
    image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    size = image.shape[1] // 2, image.shape[0] // 2
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
