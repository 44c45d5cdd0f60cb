"""How good an erased page is. No page is read or written in here."""

from __future__ import annotations

import numpy as np

from metric.erasure import ink_gone, ink_psnr, print_kept
from metric.error_pixels import age, pceps, peps
from metric.fidelity import ms_ssim, mse, psnr, ssim

# function(image, gt)
METRICS = {
    "psnr": psnr,
    "ssim": ssim,
    "ms_ssim": ms_ssim,
    "mse": mse,
    "age": age,
    "peps": peps,
    "pceps": pceps,
}

# function(image, gt, input)
ERASURE_METRICS = {
    "ink_gone": ink_gone,
    "print_kept": print_kept,
    "ink_psnr": ink_psnr,
}

# of metric.leftover, which needs networks
LEFTOVER_METRICS = ("gone_recall", "gone_precision", "gone_f", "stay_recall", "stay_precision",
                    "stay_f", "print_cer", "hand_read")


def measure(
    image: np.ndarray, gt: np.ndarray, input: np.ndarray | None = None
) -> dict[str, float]:
    """All figures of one page by name; those that need the untouched input only where it is given.

    Images are uint8 H,W,3 RGB of one size, else ValueError. A figure may be inf (PSNR of equal
    images) or nan (a share of no pixels).
    """
    figures = {name: function(image, gt) for name, function in METRICS.items()}
    if input is not None:
        for name, function in ERASURE_METRICS.items():
            figures[name] = function(image, gt, input)
    return figures
