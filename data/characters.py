"""Words whose characters are known, one by one, and files that hold them.

`chars/STEM.json` beside a page is {"width", "height", "words": [{"text", "hand", "quads"}]}, a quad
for each character. Quads are x, y of corners from the top left, clockwise as the character is read,
in the page's pixels, of which the first covers [0, 1) along each axis.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np


class Characters(NamedTuple):
    """A word, its text without blanks; '' for a place whose text nobody knows, with one quad."""

    text: str
    quads: np.ndarray  # float64 N,4,2, one a character
    hand: bool = False  # written by hand, not printed

    def moved(self, matrix: np.ndarray) -> Characters:
        """The word as a 3×3 homography of the page takes it along."""
        points = cv2.perspectiveTransform(self.quads.reshape(-1, 1, 2), matrix)
        return self._replace(quads=points.reshape(-1, 4, 2))

    def shifted(self, x: float, y: float) -> Characters:
        return self._replace(quads=self.quads + [x, y])


def within(words: Iterable[Characters], width: float, height: float) -> list[Characters]:
    """The words less their characters whose middle lies outside of a page of this size."""
    found = []
    for word in words:
        middle = word.quads.mean(axis=1)
        there = ((middle >= 0) & (middle <= [width, height])).all(axis=1)
        if there.all():
            found.append(word)
        elif there.any() and word.text:
            text = "".join(c for c, kept in zip(word.text, there, strict=True) if kept)
            found.append(word._replace(text=text, quads=word.quads[there]))
    return found


def to_json(words: Iterable[Characters], width: int, height: int) -> str:
    described = [{"text": word.text, "hand": word.hand, "quads": word.quads.round(1).tolist()}
                 for word in words]
    return json.dumps({"width": width, "height": height, "words": described}, ensure_ascii=False)


def read_json(path: Path) -> list[Characters]:
    """The words of a file that `to_json` wrote. ValueError naming the file where it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        words = [Characters(word["text"], np.array(word["quads"], float).reshape(-1, 4, 2),
                            bool(word["hand"])) for word in content["words"]]
        for word in words:
            if len(word.quads) != max(1, len(word.text)) or not np.isfinite(word.quads).all():
                raise ValueError(f"{len(word.quads)} quads for the characters of {word.text!r}")
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not the characters of a page: {error!r}") from None
    return words
