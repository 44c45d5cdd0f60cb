"""Training pairs without a data set: the page generator as an endless data set."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.characters import Characters
from data.synth.page import Pair as Rendered
from data.synth.page import SynthOptions, crops, render, use_one_core

# Crops come from this many new pages at a time, and this many crops from each: enough pages to mix
# in one batch, few enough to keep in memory, and a page takes longer to draw than its crops.
PAGES, CROPS = 32, 16
VAL_SEED = 1_000_003  # pages to validate on come from a seed of their own


@dataclass
class SynthConfig:
    """How generated pages take part in training."""

    share: float = 0.0  # of the crops; the rest are real pairs. layout: synth has no other
    val_size: list[int] | None = None  # width, height of pages to validate on; none: 800, 1000
    stamps_kept: bool = True  # stamps are part of the page
    dirt_kept: bool = False  # stains and smudges are erased
    without_faces: list[str] | None = None  # fonts never used: a benchmark may hold them out
    without_captures: list[str] | None = None  # kinds of capture never used
    kinds: list[str] | None = None  # of pages, in equal shares; none: all that have a share, mixed
    fonts: str = ""  # folder of further fonts
    photos: str = ""  # folder of pictures to put watermarks on, beside generated ones

    def __post_init__(self):
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must lie in [0, 1], got {self.share}")
        if self.val_size is not None and (len(self.val_size) != 2 or min(self.val_size) < 1):
            raise ValueError("val_size must be a width and a height of 1 or more pixels, "
                             f"got {self.val_size}")

    def options(self) -> SynthOptions:
        return SynthOptions(
            stamps_kept=self.stamps_kept, dirt_kept=self.dirt_kept,
            without_faces=tuple(self.without_faces or ()),
            without_captures=tuple(self.without_captures or ()),
            kinds=tuple(self.kinds or ()),
            fonts=Path(self.fonts) if self.fonts else None,
            photos=Path(self.photos) if self.photos else None,
        )


class GeneratedCrops:
    """Crops of generated pages by (draw, number): the same ones in every process and order.

    A draw counts as many crops as there are real `pairs` to mix with; with none or with many, as
    many as the pages in memory have, and numbers above begin anew. Each loading process draws the
    pages of its batches' crops for itself, so with N processes most pages are drawn N times.
    """

    def __init__(self, config: SynthConfig, size: int, seed: int, pairs: int = 0,
                 chars: bool = False):
        self._options = replace(config.options(), chars=chars)
        self._size = size
        self._seed = seed
        self._length = min(pairs or PAGES * CROPS, PAGES * CROPS)
        self._pages: OrderedDict[int, list[Rendered]] = OrderedDict()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, str]:
        """Image and gt, uint8 S,S,3, and a name for messages."""
        pair, name = self.rendered(index)
        return pair.image, pair.gt, name

    def rendered(self, index: tuple[int, int]) -> tuple[Rendered, str]:
        """A crop with all that the generator knows of it, and a name for messages."""
        draw, number = index
        group, place = divmod(draw * len(self) + number % len(self), PAGES * CROPS)
        crop, page = divmod(place, PAGES)  # neighbours are of different pages
        page += group * PAGES
        if page not in self._pages:
            use_one_core()
            self._pages[page] = list(
                crops(self._seed, page, self._size, CROPS, options=self._options))
            while len(self._pages) > PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return self._pages[page][crop], f"generated page {page} of seed {self._seed}"


@dataclass(frozen=True)
class GeneratedPage:
    """A generated page to validate on; like `data.pairs.Pair`, it has a name and can be read."""

    name: str
    number: int
    size: tuple[int, int]
    options: SynthOptions

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Image and gt, uint8 H,W,3."""
        pair = self._render()
        return pair.image, pair.gt

    def read_words(self) -> tuple[np.ndarray, list[Characters]]:
        """Image, uint8 H,W,3, and its words."""
        pair = self._render(chars=True)
        return pair.image, pair.words

    def _render(self, **changes) -> Rendered:
        options = replace(self.options, **changes)
        return render(VAL_SEED, self.number, size=self.size, options=options)


def validation_pages(config: SynthConfig, count: int) -> list[GeneratedPage]:
    width, height = config.val_size or (800, 1000)
    return [GeneratedPage(f"generated_{n}", n, (width, height), config.options())
            for n in range(count)]
