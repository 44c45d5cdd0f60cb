"""Even light on a page: paper becomes white, print and pictures keep their colours.

The paper's colour is followed from coarse to fine over a small copy of the page: at each step it is
averaged, over ever smaller surroundings, from where the page differs little from what the step
before expects. So it follows light that falls off and shadows with soft edges, and passes over
print, pictures, tinted boxes and what lies around the page.
"""

from __future__ import annotations

import cv2
import numpy as np

from data.picture import shrink

COPY = 256  # pixels of the small copy's longer side
STROKE = 5  # pixels of a copy four times as large: wider strokes count as pictures
# Widths of the surroundings as parts of the longer side, each with how much darker than expected
# paper may be there.
STEPS = ((1 / 2, 0.4), (1 / 4, 0.25), (1 / 8, 0.15), (1 / 12, 0.15), (1 / 16, 0.12), (1 / 24, 0.12))
TINT = 0.12  # paper's channels differ less in how much brighter than expected they are
DARKEST = 64  # grey levels of paper: noise is not made more than four times as strong
# Parts of the paper's brightness from which on all is white: the lower, the noisier the paper is.
WHITE = 0.8, 0.94
RAMP = 0.2  # so much below that, light begins to be lifted
NOISE = 3.7  # times what a quarter of the paper is darker than half of it: 2.5 deviations
BAND = 64  # rows done at once, so that memory stays small


def flatten(image: np.ndarray) -> np.ndarray:
    """The page, uint8 H,W,3, on white paper in even light; as it is where it shows no paper."""
    found = _paper(image)
    if found is None:
        return image
    paper, white = found
    levels = np.maximum(np.arange(256), 1)
    lift = np.interp(levels, (0, (white - RAMP) * 255, white * 255), (0, (white - RAMP) * 255, 255))
    lift = (lift / levels).astype(np.float32)
    height, width = image.shape[:2]
    paper = cv2.resize(255 / paper, (width, len(paper)), interpolation=cv2.INTER_LINEAR)
    rows = ((np.arange(height) + 0.5) * len(paper) / height - 0.5).clip(0, len(paper) - 1)
    out = np.empty_like(image)
    for begin in range(0, height, BAND):
        place = slice(begin, begin + BAND)
        above, part = np.divmod(rows[place, None, None].astype(np.float32), 1)
        above = above.ravel().astype(int)
        gain = paper[above]
        gain += (paper[np.minimum(above + 1, len(paper) - 1)] - gain) * part
        light = np.minimum(image[place] * gain, 255)
        # By the darkest channel: a highlighter's yellow is bright, and no paper.
        light *= lift[light.min(axis=2).astype(np.uint8)][..., None]
        out[place] = np.minimum(light + 0.5, 255)
    return out


def _paper(image: np.ndarray) -> tuple[np.ndarray, float] | None:
    """The paper's colour in the light that falls on it, and what part of that is white.

    The colour is a small float32 h,w,3 in grey levels.
    """
    copy = shrink(image, 4 * COPY)
    copy = cv2.morphologyEx(copy, cv2.MORPH_CLOSE, np.ones((STROKE, STROKE), np.uint8))
    copy = shrink(copy, COPY)
    grey = cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY)
    _, bright = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = bright.astype(bool)
    if not bright.any():
        return None
    copy = copy.astype(np.float32)
    paper = np.full_like(copy, np.median(copy[bright], axis=0))
    for width, darker in STEPS:
        ratio = copy / paper
        light = ratio.mean(axis=2)
        there = (light > 1 - darker) & (light < 1 + darker)
        there &= np.ptp(ratio, axis=2) < TINT
        weight = there.astype(np.float32)
        sigma = width * max(weight.shape) / 2
        total = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
        seen = cv2.GaussianBlur(copy * weight[..., None], (0, 0), sigma)
        paper = (seen + 0.01 * paper) / (total + 0.01)
    paper = np.maximum(paper, DARKEST)
    darkest = (cv2.resize(image, grey.shape[::-1], interpolation=cv2.INTER_NEAREST) / paper).min(2)
    if not there.any():
        return paper, WHITE[1]
    # Print is less than a quarter of a page.
    low, middle = np.percentile(darkest[there], (25, 50))
    return paper, float(np.clip(middle - NOISE * (middle - low), *WHITE))
