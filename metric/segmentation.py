"""How well a mask tells text from artwork."""

from __future__ import annotations

import math

import numpy as np


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean precision over the steps of recall, as thresholds fall from score to score.

    scores: numbers that rise with the chance of text; labels: bool, as many, of any shape. Equal
    scores are one step. In [0, 1]; the share of text for scores that say nothing, nan without text.
    """
    if scores.shape != labels.shape:
        raise ValueError(f"{scores.shape} scores do not fit {labels.shape} labels")
    order = np.argsort(scores, axis=None)[::-1]  # not of -scores: 0 is the least unsigned number
    scores, labels = scores.ravel()[order], labels.ravel()[order]
    found = np.cumsum(labels, dtype=np.int64)
    if not len(found) or not found[-1]:
        return math.nan
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # last of equal scores
    recall = found[ends] / found[-1]
    return float((np.diff(recall, prepend=0.0) * found[ends] / (ends + 1)).sum())
