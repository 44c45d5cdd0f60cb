"""Finding the lettering of artwork, pixel by pixel: `Segmenter()(image) -> mask`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from infer.blank import Blankness
from infer.engines import Network, load
from infer.scale import SCALES, resize
from infer.tiles import Tiling, check_page, each_tile
from model import Segmented

BUNDLED = Path(__file__).parent.parent / "weights" / "text_seg_lite.pdparams"
# A tile's largest side in the network's pixels, and what of it sees too little around it.
TILE, MARGIN = 1024, 128


class Segmenter:
    """Tells lettering from artwork on aligned tiles.

    `network` is a checkpoint's path, or a function like an engine's; `scale` says how much enlarged
    it sees a page; `engine`, `precision` and `threads` say what runs it (see `engines.choose`).
    Raises ValueError for what this machine cannot do and for weights that cannot be loaded or are
    none of a text segmenter.
    """

    def __init__(
        self,
        network: Path | str | Network = BUNDLED,
        scale: float = 1.0,
        engine: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
        tile: int = TILE,
        margin: int = MARGIN,
    ):
        if scale not in SCALES:
            raise ValueError(f"unknown scale {scale!r}; known: {', '.join(map(str, SCALES))}")
        self._scale = scale
        self._tiling = Tiling(tile, margin, even=True, aligned=True).scaled(scale)
        (self._network,), self.engine = load(
            [network], engine, precision, threads, outputs=(Segmented,))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The mask of a page, uint8 H,W,3 RGB: float32 H,W in [0, 1], 1 is text.

        0 where the page is blank. ValueError for other arrays.
        """
        check_page(image)
        mask = np.zeros(image.shape[:2], np.float32)
        blank = Blankness(image)
        parts = each_tile(image, self._segment, self._tiling,
                          wanted=lambda place: not blank(place), box=blank.box())
        for place, tile in parts:
            if tile is not None:
                mask[place] = tile[..., 0]
        return mask

    def _segment(self, tiles: np.ndarray) -> np.ndarray:
        batch = resize(tiles, self._scale).transpose(0, 3, 1, 2).astype(np.float32) / 255
        (masks,) = self._network(np.ascontiguousarray(batch))
        _, height, width, _ = tiles.shape
        return np.stack([cv2.resize(mask[0], (width, height)) for mask in masks])[..., None]
