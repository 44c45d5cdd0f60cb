"""How many words were found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

ENOUGH = 0.5  # intersection over union of a word that counts as found; ICDAR 2015's rule


class Counts(NamedTuple):
    """How many words of a page were matched, found, and are there; `summed` adds pages up."""

    matched: int
    found: int
    true: int

    @property
    def precision(self) -> float:
        return self.matched / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.matched / self.true if self.true else 1.0

    @property
    def hmean(self) -> float:
        """The harmonic mean of both."""
        total = self.found + self.true
        return 2 * self.matched / total if total else 1.0


def summed(counts: Sequence[Counts]) -> Counts:
    return Counts(*np.sum(counts, axis=0).tolist())


def count_words(found: Sequence[np.ndarray], true: Sequence[np.ndarray],
                ignored: Sequence[np.ndarray] = (),
                others: Sequence[np.ndarray] = ()) -> Counts:
    """Match convex outlines, N,2 each, one to one, those that overlap most first.

    What was found with half of it in an outline of `others` counts neither way; nor does what has
    no match and half of it in an `ignored` one.
    """
    found = [quad for quad in found if not _within(quad, others)]
    pairs = []
    for i, one in enumerate(found):
        for j, other in enumerate(true):
            both, union = _shared(one, other)
            if both >= ENOUGH * union > 0:
                pairs.append((both / union, i, j))
    left, right = set(), set()
    for _, i, j in sorted(pairs, reverse=True):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
    surplus = [quad for i, quad in enumerate(found) if i not in left and not _within(quad, ignored)]
    return Counts(len(left), len(left) + len(surplus), len(true))


def _within(quad: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    """Whether half of an outline lies in one of the others."""
    return any(_shared(quad, other)[0] >= ENOUGH * _area(quad) for other in others)


def _area(quad: np.ndarray) -> float:
    return cv2.contourArea(np.float32(quad))


def _shared(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Areas of the intersection and of the union."""
    if (one.max(axis=0) <= other.min(axis=0)).any() or (other.max(axis=0) <= one.min(axis=0)).any():
        both = 0.0
    else:
        both = _area(_cut(one, other))
    return both, _area(one) + _area(other) - both


def _cut(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """What of an outline lies in another one, N,2: cut along each of its sides in turn.

    Not cv2.intersectConvexConvex, which errs where tilted outlines have sides on one line.
    """
    turn = np.sign(cv2.contourArea(np.float32(other), oriented=True))
    for begin, (x, y) in zip(other, np.roll(other, -1, axis=0) - other, strict=True):
        if not (x or y):
            continue  # a corner that is there twice
        depths, kept = turn * ((one - begin) @ (-y, x)), []  # above 0 on the inner side
        for i, (point, depth) in enumerate(zip(one, depths, strict=True)):
            before = depths[i - 1]
            if (depth > 0) != (before > 0):
                kept.append(point + depth / (depth - before) * (one[i - 1] - point))
            if depth > 0:
                kept.append(point)
        one = np.reshape(kept, (-1, 2))
    return one
