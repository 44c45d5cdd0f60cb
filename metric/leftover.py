"""What can still be found and read after erasing: of what should be gone, and of what should stay.

Words are found with CRAFT and matched one to one, as EraseNet was evaluated: Liu, Liu, Jin, Zhang,
Luo, Wang: EraseNet: End-to-End Text Removal in the Wild, IEEE TIP 2020. What is read is read by
RapidOCR, where it is installed, in the places of its lines on the ground truth and of the words
that should be gone.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from metric.detection import Counts, count_words
from metric.erasure import differs

INKED = 0.03  # share of a word's rectangle that is ink where it was written by hand
KNOWN = 1024  # crops whose text is remembered
INSTALL = "pip install rapidocr onnxruntime"

Find = Callable[[np.ndarray], Sequence[np.ndarray]]  # uint8 H,W,3 to words' rectangles


class Words(NamedTuple):
    """Rectangles, 4,2, clockwise."""

    gone: Sequence[np.ndarray]  # about the words that should be erased
    stay: Sequence[np.ndarray]  # about all others
    neither: Sequence[np.ndarray] = ()  # about print and writing at once, and what is no word


class Reader:
    """RapidOCR. Raises ImportError where it, or what it computes with, is not installed."""

    def __init__(self):
        import onnxruntime  # noqa: F401  which RapidOCR does not miss before it reads
        from rapidocr import RapidOCR

        self._run = RapidOCR(params={  # a second thread only costs: crops are small
            "Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": 1})
        # What erasing left alone is the same in several pictures of a page.
        self._text = lru_cache(KNOWN)(self._text)

    def lines(self, image: np.ndarray) -> list[np.ndarray]:
        """The rectangles of a page's lines, clockwise."""
        boxes = self._run(_bgr(image), use_det=True, use_cls=False, use_rec=False).boxes
        return [] if boxes is None else [np.asarray(box, float) for box in boxes]

    def read(self, image: np.ndarray, quad: np.ndarray) -> str:
        """What a rectangle of a page, clockwise, says, without blanks."""
        quad = np.roll(quad, -int(quad.sum(axis=1).argmin()), axis=0)
        sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
        width, height = (max(1, math.ceil(side)) for side in sides[:2])
        target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        matrix = cv2.getPerspectiveTransform(np.float32(quad), target)
        crop = cv2.warpPerspective(image, matrix, (width, height),
                                   borderMode=cv2.BORDER_REPLICATE)
        return self._text(crop.tobytes(), crop.shape)

    def _text(self, content: bytes, shape: tuple[int, ...]) -> str:
        crop = _bgr(np.frombuffer(content, np.uint8).reshape(shape))
        texts = self._run(crop, use_det=False, use_cls=False, use_rec=True).txts
        return "".join(unicodedata.normalize("NFKC", "".join(texts or ())).split())


class Leftover:
    """Measures what is left. `find` finds words, `reader` reads, where there is one."""

    def __init__(self, find: Find, reader: Reader | None = None):
        self._find, self._reader = find, reader

    def measure(
        self, images: Sequence[np.ndarray], gt: np.ndarray, input: np.ndarray,
        words: Words | None = None,
    ) -> list[dict[str, float]]:
        """The figures of several results of one page, uint8 H,W,3 RGB, of one size all.

        `words` are the page's where somebody listed them. A share of nothing is nan.
        """
        pages = {id(page): page for page in (*images, *([] if words else [gt, input]))}
        found = {key: self._find(page) for key, page in pages.items()}  # each page once
        words = words or guess_words(found[id(gt)], found[id(input)], differs(input, gt))
        rows = []
        for image in images:
            gone = count_words(found[id(image)], words.gone, others=[*words.stay, *words.neither])
            stay = count_words(found[id(image)], words.stay, [*words.gone, *words.neither])
            rows.append(_figures("gone", gone) | _figures("stay", stay))
        if self._reader:
            lines = self._reader.lines(gt)
            print_, hand, without = (
                [self._reader.read(page, quad) for quad in quads]
                for page, quads in ((gt, lines), (input, words.gone), (gt, words.gone)))
            for row, image in zip(rows, images, strict=True):
                row["print_cer"] = error_rate(
                    print_, [self._reader.read(image, quad) for quad in lines])
                row["hand_read"] = still_read(
                    hand, without, [self._reader.read(image, quad) for quad in words.gone])
        return rows


def guess_words(stay: Sequence, before: Sequence, ink: np.ndarray) -> Words:
    """The words of a page whose words nobody listed, from those found on both its pictures.

    Those of the ground truth stay; those of the untouched page that are not among them, and in
    which both differ (`ink`), go. One that holds a word of the ground truth as well does neither.
    """
    gone, neither = [], []
    for quad in before:
        if _share(ink, quad) >= INKED and not count_words([quad], stay).matched:
            pure = count_words(stay, (), [quad]).found == len(stay)
            (gone if pure else neither).append(quad)
    return Words(gone, stay, neither)


def _figures(name: str, counts: Counts) -> dict[str, float]:
    return {f"{name}_recall": counts.recall if counts.true else math.nan,
            f"{name}_precision": counts.precision if counts.found else math.nan,
            f"{name}_f": counts.hmean if counts.true else math.nan}


def error_rate(true: Sequence[str], found: Sequence[str]) -> float:
    """Characters read wrong, of all; nan where there are none."""
    length = sum(map(len, true))
    return sum(map(distance, true, found)) / length if length else math.nan


def still_read(hand: Sequence[str], without: Sequence[str], found: Sequence[str]) -> float:
    """The share of the characters in `hand` that are still `found`, in [0, 1]; nan without any.

    Those that are found `without` the writing, too, do not count: they are print beneath it.
    """
    length = left = 0
    for text, beneath, now in zip(hand, without, found, strict=True):
        right, never = (max(0, len(text) - distance(text, other)) for other in (now, beneath))
        length += len(text) - never
        left += max(0, right - never)
    return left / length if length else math.nan


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
