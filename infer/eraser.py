"""The one way to erase a page, whatever the front end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from data.holes import HoleConfig
from infer.blank import Blankness
from infer.engines import load
from infer.quality import DEFAULT, TTA, View, settings
from infer.record import certainty
from infer.scale import change_at, lies_on_side, scale_of, window_with_lines_down
from infer.tiles import EVERYTHING, MULTIPLE, Place, Tiling, check_page, count_tiles, each_tile
from infer.two_step import FILLS, Fill, Filler
from infer.where import Where
from model import Erased, Inpainted, Segmented

# Composing keeps a page's pixels but for ink and what is within COMPOSE_REACH pixels of it: strokes
# fade out over a pixel or two, and their rims must be erased with them. Ink are the connected
# regions of a tile's mask above COMPOSE_ABOVE that have a mean of COMPOSE_MEAN and a pixel of
# COMPOSE_SURE at least; others are print that looks a little like it.
COMPOSE_ABOVE = 0.15
COMPOSE_MEAN = 0.4
COMPOSE_SURE = 0.9
COMPOSE_REACH = 3
# No stroke holds a square of THICK pixels, as networks see them: what is so thick and dark is a
# table around the page, a printed block or a picture. It stays where it would become half as bright
# again, and around that where it would become brighter by more than FADED grey levels.
THICK = 64
BRIGHTER = 1.5
FADED = 12
SMOOTH = 5  # side of the square whose mean counts: wood has a grain, a camera noise
FLIP_ABOVE = 0.1  # a tile's largest mask value from which on it is seen again; see `flip_ink`

Progress = Callable[[int, int], object]


class Cancelled(Exception):
    """Raised by `Eraser.run` when `progress` returned False."""


class Result(NamedTuple):
    image: np.ndarray  # uint8 H,W,3 RGB: the page without what was erased
    mask: np.ndarray  # float32 H,W in [0, 1]: where ink was seen; 0 in tiles not computed


class Eraser:
    """Erases pages: staggered tiles, views, networks fused by a weighted average.

    `networks` are checkpoints' paths or functions from float32 N,3,H,W in [0, 1] to (image N,3,H,W,
    mask N,1,H,W in [0, 1]); by default the bundled ones that `quality` takes. `fuse`
    weights them, equally by default. `quality` names a bundle of `quality.QUALITIES`; `changes` to
    its `Settings` by name win over it, but for None. `batch` tiles run at once, `engine`,
    `precision` and `threads` say what runs checkpoints (see `engines.choose`). `where` has the
    words on a page say where it may change. The attributes `settings` and `engine` are the Settings
    and the Choice made. Raises ValueError for settings out of range, for what this machine cannot
    do and for weights that cannot be loaded.

    With `fill` the networks only say where ink is, and may be text segmenters. Widened by `dilate`
    pixels that is a hole, which one of `two_step.FILLS` fills, or an inpainting network: a
    checkpoint's path, or a function. There may be no networks then, if pages come with their holes.
    """

    def __init__(
        self,
        networks: Sequence | None = None,
        fuse: Sequence[float] | None = None,
        quality: str = DEFAULT,
        batch: int = 1,
        engine: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
        where: Where | None = None,
        fill: str | Path | Fill | None = None,
        dilate: int = HoleConfig.dilate,
        **changes,
    ):
        self.settings = settings(quality, **changes)
        networks = self.settings.weights if networks is None else networks
        fuse = [1.0] * len(networks) if fuse is None else list(fuse)
        if not networks and fill is None:
            raise ValueError("an eraser needs one network at least")
        good = all(0 <= weight < np.inf for weight in fuse) and (sum(fuse) > 0 or not networks)
        if len(fuse) != len(networks) or not good:
            raise ValueError(f"the average of {len(networks)} networks needs as many weights of 0 "
                             f"or more, not all of them 0; got {fuse}")
        if batch < 1:
            raise ValueError(f"batch must be 1 or more, got {batch}")
        self._tiling = Tiling(self.settings.tile, self.settings.margin, self.settings.even)
        finds = (Erased,) if fill is None else (Erased, Segmented)
        self._networks, self.engine = load(
            networks, engine, precision, threads, self.settings.refine, finds)
        self._filler = None
        if fill is not None:
            if fill not in FILLS:
                (fill,), _ = load([fill], self.engine.engine, self.engine.precision, threads,
                                  outputs=(Inpainted,))
            self._filler = Filler(FILLS.get(fill, fill), dilate)
        self._shares = [weight / sum(fuse) for weight in fuse]
        self._batch = batch
        self._where = where
        if where is not None:
            from infer.detector import Detector  # only now: it imports SciPy, which takes time

            self._find = Detector(where.weights, engine=engine, precision=precision,
                                  threads=threads)

    def __call__(self, image: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """Erase a page: uint8 H,W,3 RGB in and out. Memory beyond both is a batch's."""
        if self._where is not None:
            return self.run(image, progress=progress).image
        turns = self._turns(image)
        return _turned(self._run(np.rot90(image, turns), progress), -turns)

    def run(
        self,
        image: np.ndarray,
        where: np.ndarray | Sequence[tuple[int, int, int, int]] | None = None,
        only: np.ndarray | None = None,
        progress: Progress | None = None,
        holes: np.ndarray | None = None,
        marked: np.ndarray | None = None,
    ) -> Result:
        """Erase a page and say where ink was seen.

        `where` says what may be erased: a bool H,W map, or boxes (left, top, right, bottom) in
        pixels. `only`, a bool H,W map, says what to redo. Pixels outside either, and those that the
        eraser's own `where` keeps, stay as they are; tiles without any other are not computed.
        `progress(done, total)` counts tiles; when it returns False, `Cancelled` is raised. `holes`,
        a bool H,W map, is the ink, which no network is asked for then; it needs a `fill`. `marked`,
        a bool H,W map, is what may be erased besides words, or alone where the eraser's own `where`
        does not say `only` words. ValueError for arrays of a wrong kind or size, and where there
        are neither networks nor holes.
        """
        shape, turns = image.shape[:2], self._turns(image)
        maps = [_as_map(where, shape, "where"), _as_map(only, shape, "only")]
        marked = _as_map(marked, shape, "marked")
        if holes is not None:
            if self._filler is None or holes.shape != shape or holes.dtype != bool:
                raise ValueError(f"holes must be a bool map of {shape} for an eraser with a "
                                 f"fill, got {holes.dtype} {holes.shape}")
            maps.append(self._filler.hole(holes) > 0)
        image, marked, *maps = (each if each is None else _turned(each, turns)
                                for each in (image, marked, *maps))
        mask = np.zeros(image.shape[:2], np.float32)
        if self._where is not None:
            words = self._find(image)
            marked = self._where.change(words, mask.shape, marked)
        maps = [one for one in (*maps, marked) if one is not None]
        change = np.logical_and.reduce(maps) if maps else None
        out = self._run(image, progress, change, mask, holes)
        if self._where is not None:
            self._where.restore(words, image, out, mask)
        return Result(_turned(out, -turns), _turned(mask, -turns))

    def _turns(self, image: np.ndarray) -> int:
        """By how many quarters counter-clockwise the networks are to see a page turned.

        Where its lines run down, that of the three ways in which the networks are surest; of a
        large page a tile is seen.
        """
        check_page(image)
        if not self.settings.turn or self._filler is not None or not lies_on_side(image):
            return 0
        part = window_with_lines_down(image, self.settings.tile)

        def sureness(turns: int) -> float:
            seen = np.rot90(part, turns)
            mask = np.zeros(seen.shape[:2], np.float32)
            self._run(seen, None, mask=mask)
            return certainty(np.rint(mask * 255).astype(np.uint8))["certainty"]

        return max((0, 1, 3), key=sureness)

    def _run(
        self,
        image: np.ndarray,
        progress: Progress | None,
        change: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        holes: np.ndarray | None = None,
    ) -> np.ndarray:
        """Erase `image` into a new array where `change` allows; `mask` takes what was seen."""
        if not self._networks and holes is None:
            raise ValueError("without networks to find ink a page needs its holes")
        scale = 1 if holes is not None else scale_of(image, self.settings.scale)
        tiling = self._tiling.scaled(scale)
        blank = Blankness(image) if self.settings.skip_blank and holes is None else None
        box = blank.box() if blank else EVERYTHING

        def wanted(place: Place) -> bool:
            return (change is None or change[place].any()) and not (blank and blank(place))

        total = count_tiles(box, image.shape, tiling)
        out = image.copy()
        if holes is not None and not self._filler.learnt:  # `change` is within the holes
            for place, own, filled in self._filler.fill_large(image, holes, tiling.step):
                own = own & change[place]
                out[place][own] = filled[own]
                change[place][own] = False  # for tiles
                if mask is not None:
                    mask[place][own & holes[place]] = 1
        erase_tiles = partial(self._erase, scale=scale)
        page = image if holes is None else np.dstack([image, holes.astype(np.uint8) * 255])
        parts = each_tile(page, erase_tiles, tiling, self._batch, wanted, box)
        for done, (place, planes) in enumerate(parts, 1):
            if planes is not None:
                erased = np.rint(planes[..., :3].clip(0, 255)).astype(np.uint8)
                erase = None if change is None else change[place]
                if planes.shape[-1] > 4:
                    seen = planes[..., 4] > 0
                    erase = seen if erase is None else seen & erase
                if erase is None:
                    out[place] = erased
                else:
                    out[place][erase] = erased[erase]
                if mask is not None:
                    mask[place] = planes[..., 3]
            if progress is not None and progress(done, total) is False:
                raise Cancelled
        return out

    def _erase(self, tiles: np.ndarray, scale: float) -> np.ndarray:
        """A batch of tiles, uint8 N,S,S,3 or with their holes 4, to float32 N,S,S,4 or 5.

        RGB in [0, 255], the mask, and where not all of the page may change what of it may, as 0 and
        1: for composing what is near ink, for a fill the holes.
        Networks see the tiles resized by `scale`; their change is resized back and added, what a
        fill made is resized back.
        """
        height, width = (round(side * scale) for side in tiles.shape[1:3])
        planes = change_at(height, width, tiles, partial(self._average, scale=scale),
                           whole=self._filler is not None)
        if self._filler is not None:
            near = self._filler.hole
        elif self.settings.composite:
            near = _near_ink
            for page, tile in zip(tiles, planes, strict=True):
                tile[..., 3][_thick(page, tile, round(THICK / scale))] = 0
        else:
            return planes
        return np.stack([cv2.merge([*cv2.split(tile), near(tile[..., 3])]) for tile in planes])

    def _average(self, tiles: np.ndarray, scale: float) -> np.ndarray:
        """What becomes of uint8 N,S,S,3, or 4: float32 N,S,S,4, RGB in [0, 255] and mask."""
        batch = np.ascontiguousarray(tiles.transpose(0, 3, 1, 2)).astype(np.float32) / 255
        planes = batch if batch.shape[1] == 4 else self._seen(batch)
        if self._filler is not None:
            planes[:, :3] = self._filler(batch[:, :3], planes[:, 3], scale)
        planes[:, :3] *= 255
        return np.stack([cv2.merge(list(tile)) for tile in planes])

    def _seen(self, batch: np.ndarray) -> np.ndarray:
        """All networks and views on float32 N,3,H,W in [0, 1]: N,4,H,W, RGB and mask."""
        planes = self._fuse(batch)
        others = TTA[self.settings.tta][1:]
        again = np.full(len(batch), bool(others))
        if self.settings.flip_ink:
            again &= planes[:, 3].max(axis=(1, 2)) > FLIP_ABOVE
        if again.any():
            batch = batch[again]
            views = [planes[again], *(self._view(batch, view) for view in others)]
            planes[again] = _middle(*views) if len(views) == 3 else sum(views) / len(views)
        return planes

    def _view(self, batch: np.ndarray, view: View) -> np.ndarray:
        """As `_fuse`, of the batch flipped and zoomed, turned back."""
        def erase(tiles: np.ndarray) -> np.ndarray:
            return self._fuse(tiles.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)

        height, width = (round(side * view.zoom / MULTIPLE) * MULTIPLE for side in batch.shape[2:])
        tiles = np.flip(batch, view.flip).transpose(0, 2, 3, 1)
        return np.flip(change_at(height, width, tiles, erase).transpose(0, 3, 1, 2), view.flip)

    def _fuse(self, batch: np.ndarray) -> np.ndarray:
        """All networks on float32 N,3,H,W in [0, 1]: their average, N,4,H,W, RGB and mask."""
        batch = np.ascontiguousarray(batch)
        planes = np.zeros((len(batch), 4, *batch.shape[2:]), np.float32)
        for net, share in zip(self._networks, self._shares, strict=True):
            *pictures, mask = net(batch)  # a text segmenter makes no picture
            for picture in pictures:
                planes[:, :3] += picture * np.float32(share)
            planes[:, 3:] += mask * np.float32(share)
        return planes


def _turned(array: np.ndarray, turns: int) -> np.ndarray:
    """H,W or H,W,C turned by quarters counter-clockwise."""
    return np.ascontiguousarray(np.rot90(array, turns))


def _middle(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """The median of three."""
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def _near_ink(mask: np.ndarray) -> np.ndarray:
    """1 where a tile, whose mask is float32 H,W, is ink or within COMPOSE_REACH of it: float32."""
    seen = mask > COMPOSE_ABOVE
    count, regions = cv2.connectedComponents(seen.astype(np.uint8))
    total = np.bincount(regions[seen], mask[seen] - COMPOSE_MEAN, count)
    sure = np.bincount(regions[mask >= COMPOSE_SURE], minlength=count) > 0
    kernel = np.ones((2 * COMPOSE_REACH + 1,) * 2, np.uint8)
    return cv2.dilate((sure & (total >= 0))[regions].astype(np.float32), kernel)


def _thick(page: np.ndarray, erased: np.ndarray, side: int) -> np.ndarray:
    """Where a tile, uint8 H,W,3, is dark and thick, and becomes bright: no ink. Bool H,W.

    `erased` is float32 H,W,4, RGB in [0, 255] and the mask; `side` is THICK in the page's pixels.
    """
    page = cv2.blur(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), (SMOOTH, SMOOTH))
    erased = cv2.cvtColor(erased[..., :3].clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    erased = cv2.blur(erased, (SMOOTH, SMOOTH))
    # Without strokes; what is thicker keeps its outline.
    thick = cv2.morphologyEx(page, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    _, regions = cv2.connectedComponents((cv2.subtract(erased, thick) > FADED).astype(np.uint8))
    dark = np.zeros(regions.max() + 1, bool)
    dark[regions[erased > BRIGHTER * thick]] = True
    dark[0] = False
    return dark[regions]


def _as_map(what, shape: tuple[int, int], name: str) -> np.ndarray | None:
    """A bool H,W map from a map or from boxes (left, top, right, bottom)."""
    if what is None:
        return None
    array = np.asarray(what)
    if array.dtype == bool and array.shape == shape:
        return array
    if array.size and (array.ndim != 2 or array.shape[1] != 4 or array.dtype.kind not in "iuf"
                       or np.isnan(array).any()):
        raise ValueError(f"{name} must be a bool map of {shape} or boxes of 4 numbers, "
                         f"got {array.dtype} {array.shape}")
    covered = np.zeros(shape, bool)
    # Clipped first: a float beyond all integers would become a negative one.
    boxes = array.reshape(-1, 4).astype(float).clip(0, max(shape)).round().astype(int)
    for left, top, right, bottom in boxes:
        covered[top:bottom, left:right] = True
    return covered
