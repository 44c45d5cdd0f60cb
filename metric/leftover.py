"""What can still be found and read after erasing: of what should be gone, and of what should stay.

Words are found with CRAFT and matched one to one, as EraseNet was evaluated: Liu, Liu, Jin, Zhang,
Liu, Wang: EraseNet: End-to-End Text Removal in the Wild, IEEE TIP 2020. What is read is read by
RapidOCR, where it is installed, in the places of its lines on the ground truth and of the words
that should be gone.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from metric.detection import Counts, count_words
from metric.erasure import differs

INKED = 0.03  # share of a word's rectangle that is ink where it was written by hand
INSTALL = "pip install rapidocr onnxruntime"

Find = Callable[[np.ndarray], Sequence[np.ndarray]]  # uint8 H,W,3 to rectangles, 4,2


class Words(NamedTuple):
    """Rectangles, 4,2, from the top left, clockwise."""

    gone: Sequence[np.ndarray]  # about the words that should be erased
    stay: Sequence[np.ndarray]  # about all others


class Reader:
    """RapidOCR. Raises ImportError where it is not installed."""

    def __init__(self):
        from rapidocr import RapidOCR

        self._run = RapidOCR(params={"Global.log_level": "error"})

    def lines(self, image: np.ndarray) -> list[np.ndarray]:
        """The rectangles of a page's lines, from the top left, clockwise."""
        boxes = self._run(_bgr(image), use_det=True, use_cls=False, use_rec=False).boxes
        return [] if boxes is None else [np.asarray(box, float) for box in boxes]

    def read(self, image: np.ndarray, quad: np.ndarray) -> str:
        """What a rectangle of a page says, without blanks."""
        sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
        width, height = (max(1, math.ceil(side)) for side in sides[:2])
        target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        matrix = cv2.getPerspectiveTransform(np.float32(quad), target)
        crop = cv2.warpPerspective(image, matrix, (width, height),
                                   borderMode=cv2.BORDER_REPLICATE)
        texts = self._run(_bgr(crop), use_det=False, use_cls=False, use_rec=True).txts
        return "".join(unicodedata.normalize("NFKC", "".join(texts or ())).split())


class Leftover:
    """Measures what is left. `find` finds words, `reader` reads, where there is one."""

    def __init__(self, find: Find, reader: Reader | None = None):
        self._find, self._reader = find, reader

    def words(self, gt: np.ndarray, input: np.ndarray) -> Words:
        """The words of a page whose words nobody listed.

        Those of the ground truth stay; those of the untouched page that are not among them, and in
        which both differ, go.
        """
        stay = self._find(gt)
        ink = differs(input, gt)
        gone = [quad for quad in self._find(input)
                if _share(ink, quad) >= INKED and not count_words([quad], stay).matched]
        return Words(gone, stay)

    def measure(
        self, images: Sequence[np.ndarray], gt: np.ndarray, input: np.ndarray, words: Words
    ) -> list[dict[str, float]]:
        """The figures of several results of one page, uint8 H,W,3 RGB, of one size all.

        A share of nothing is nan.
        """
        rows = []
        for image in images:
            found = self._find(image)
            gone = count_words(found, words.gone, words.stay)
            stay = count_words(found, words.stay, words.gone)
            rows.append(_figures("gone", gone) | _figures("stay", stay))
        if self._reader:
            read = self._reader.read
            for name, quads, page in (("print", self._reader.lines(gt), gt),
                                      ("hand", words.gone, input)):
                true = [read(page, quad) for quad in quads]
                for row, image in zip(rows, images, strict=True):
                    row |= _read(name, true, [read(image, quad) for quad in quads])
        return rows


def _figures(name: str, counts: Counts) -> dict[str, float]:
    return {f"{name}_recall": counts.recall if counts.true else math.nan,
            f"{name}_precision": counts.precision if counts.found else math.nan,
            f"{name}_f": counts.hmean if counts.true else math.nan}


def _read(name: str, true: Sequence[str], found: Sequence[str]) -> dict[str, float]:
    """The print's character error rate, or the share of the writing's characters still read."""
    length = sum(map(len, true))
    wrong = [distance(one, other) for one, other in zip(true, found, strict=True)]
    if name == "print":
        return {"print_cer": sum(wrong) / length if length else math.nan}
    right = sum(max(0, len(one) - errors) for one, errors in zip(true, wrong, strict=True))
    return {"hand_read": right / length if length else math.nan}


def distance(one: str, other: str) -> int:
    """Levenshtein's: characters to insert, delete or replace."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        corner, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            corner, row[j] = row[j], min(corner + (a != b), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def _share(ink: np.ndarray, quad: np.ndarray) -> float:
    inside = cv2.fillConvexPoly(np.zeros(ink.shape, np.uint8), np.rint(quad).astype(np.int32), 1)
    return float(ink[inside > 0].mean()) if inside.any() else 0.0


def _bgr(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
