"""Crops of pages with text, and what CRAFT has to see in them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from data.augment import crop_matrix, draw_angle, draw_side, rotated_crop
from data.char_labels import STEP, label_maps
from data.characters import Characters
from data.generated import GeneratedCrops, GeneratedPage, validation_pages
from data.page_cache import PageCache
from data.pairs import DataConfig, split, to_chw
from data.text_pages import TextPage, Whole, Words, find_text
from data.weak_labels import Region, characters

MOST_WORDS = 64  # of a crop, of which only outlines and lengths are known
SPARE = 1.25  # sides of a crop that a generated picture has: room to place and to turn it
NOTHING = np.full((MOST_WORDS, 9), np.nan, np.float32)


def open_text(config: DataConfig, seed: int) -> tuple[TextDataset, list[TextPage | GeneratedPage]]:
    """The crops to train on and the whole pages to validate on. ValueError where there are none."""
    weak = find_text(config.weak) if config.weak else []
    if config.layout == "synth":
        val = validation_pages(config.synth, config.val_pages or 8)
        return TextDataset([], weak, config, seed), val
    if not config.root:
        raise ValueError("no pages given: --data DATA, or data.layout=synth for generated pages")
    pages = find_text(config.root)
    train, val = split(pages, config.val_fraction, seed, config.val_list or None)
    return TextDataset(train, weak, config, seed), val[:config.val_pages or None]


class TextDataset:
    """Training crops of pages with known characters, of generated ones, and of `weak` pages.

    As `data.pairs.PairDataset`: an index is (draw, page), one draw of one page is always the same
    crop. Items are (image, labels, wholes, name): float32 3,S,S in [0, 1]; float32 3,S/2,S/2,
    region, affinity and how far they are to be trusted; float32 MOST_WORDS,9, a row for each word
    of which only the outline is known, x, y of its corners and its length (0: ignore it), NaN in
    rows left over; str.
    """

    def __init__(self, pages: Sequence[TextPage], weak: Sequence[TextPage], config: DataConfig,
                 seed: int = 0):
        self.config = config
        self._pages, self._weak, self._seed = list(pages), list(weak), seed
        self._generated, self._share = None, config.synth.share if self._pages else 1.0
        if self._share > 0:
            self._generated = GeneratedCrops(
                config.synth, round(SPARE * config.augment.crop), seed, len(self._pages),
                chars=True)
        self._read = PageCache(TextPage.read_words, config.cache_mb)

    def __len__(self) -> int:
        return len(self._pages or self._generated)

    def __getitem__(self, index: tuple[int, int]):
        draw, page = index
        rng = np.random.default_rng([self._seed, draw, page])
        if self._weak and rng.random() < self.config.weak_share:
            return self._crop_of(self._weak[rng.integers(len(self._weak))], rng)
        if self._generated is not None and rng.random() < self._share:
            pair, name = self._generated.rendered(index)
            return self._crop(pair.image, pair.words, name, rng)
        return self._crop_of(self._pages[page], rng)

    def _crop_of(self, page: TextPage, rng: np.random.Generator):
        return self._crop(*self._read[page], page.name, rng)

    def _crop(self, image: np.ndarray, words: Words, name: str, rng: np.random.Generator):
        how = self.config.augment
        for attempt in range(how.redraws + 1):
            left, top = rng.random(2)
            angle = draw_angle(rng, how)
            side = draw_side(rng, how)
            enlarge = np.diag([how.crop / side, how.crop / side, 1])
            matrix = enlarge @ crop_matrix(image.shape, left, top, side, angle)
            seen = [word for word in (_moved(word, matrix) for word in words)
                    if _shown(word, how.crop)]
            if seen or rng.random() >= how.redraw or attempt == how.redraws:
                break
        crop = rotated_crop(image, left, top, side, angle)
        if side < how.crop:
            crop = cv2.resize(crop, (how.crop, how.crop))
        shape = crop.shape[:2]
        known = [word for word in seen if isinstance(word, Characters)]
        labels = np.concatenate([label_maps(known, shape), trusted(known, shape)])
        # Beyond the page's edges the crop is a mirror image, whose characters nobody listed.
        there = np.ones(tuple(length // STEP for length in image.shape[:2]), np.float32)
        to_half = np.diag([1 / STEP, 1 / STEP, 1])
        half = to_half @ matrix @ np.linalg.inv(to_half)
        labels[2] *= cv2.warpPerspective(there, half, labels.shape[:0:-1])
        wholes = NOTHING.copy()
        # Of a word that the crop cuts off nobody knows how many characters are left.
        rows = [[*word.quad.reshape(-1), len(word.text) * _whole(word, how.crop)]
                for word in seen if isinstance(word, Whole)][:MOST_WORDS]
        wholes[:len(rows)] = np.reshape(rows, (-1, 9))
        return to_chw(crop), labels, wholes, name


def trusted(words: Sequence[Characters], shape: tuple[int, int]) -> np.ndarray:
    """How far a label map is to be trusted: 1, and 0 on text that nobody knows; float32 1,h,w."""
    trust = np.ones(tuple(-(-length // STEP) for length in shape), np.float32)
    for word in words:
        if not word.text:
            _fill(trust, word.quads[0], 0)
    return trust[None]


def weak_labels(image: np.ndarray, labels: np.ndarray, wholes: np.ndarray, see: Region) -> None:
    """Fill in the labels, float32 3,h,w, of a crop with words of which outlines are known.

    `see` gives a network's region scores; `image` is uint8 H,W,3, `wholes` a `TextDataset`'s.
    """
    split = []
    for *corners, length in wholes[~np.isnan(wholes[:, 0])].astype(float):
        quad = np.reshape(corners, (4, 2))
        if not length:
            _fill(labels[2], quad, 0)
            continue
        quads, trust = characters(image, quad, int(length), see)
        _fill(labels[2], quad, trust)
        split.append(Characters("x" * len(quads), quads))
    np.maximum(labels[:2], label_maps(split, image.shape[:2]), out=labels[:2])


def _fill(trust: np.ndarray, quad: np.ndarray, value: float) -> None:
    points = np.rint((quad / STEP - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(trust, [points], value, shift=4)


def _moved(word: Characters | Whole, matrix: np.ndarray) -> Characters | Whole:
    if isinstance(word, Characters):
        return word.moved(matrix)
    return word._replace(quad=cv2.perspectiveTransform(word.quad.reshape(1, 4, 2), matrix)[0])


def _whole(word: Whole, size: int) -> bool:
    return bool((word.quad > -2).all() and (word.quad < size + 2).all())


def _shown(word: Characters | Whole, size: int) -> bool:
    """Whether a crop of this size shows any of a word."""
    points = (word.quads if isinstance(word, Characters) else word.quad).reshape(-1, 2)
    return bool((points.max(axis=0) > 0).all() and (points.min(axis=0) < size).all())
