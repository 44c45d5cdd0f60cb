"""Staggered tiles: a page is cut into overlapping tiles, and only each tile's middle is kept.

Tiles of 512 with a margin of 106 thrown away on every side, so a step of 300, are those of the
contest's winning entry. Beyond the page's edge tiles see its reflection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.augment import reflect

MULTIPLE = 32  # networks take sides that are multiples of this


class Span(NamedTuple):
    """A tile along one axis, in the page's pixels."""

    start: int  # where the tile begins: below 0 beyond the page
    begin: int  # its kept part
    end: int


class Place(NamedTuple):
    """The part of a page that a tile is kept for."""

    rows: slice
    columns: slice


@dataclass(frozen=True)
class Tiling:
    """Tile side and discarded margin, in pixels, and what sides are multiples of.

    Published tiles all have the side `tile` and see the page's reflection all around it; the last
    one is pulled back. `even` ones are as few as sides up to `tile` allow, all of the least side
    that is enough, overlap evenly and end with the page, but for the multiple. `aligned` even ones
    begin, and meet, at multiples of it: a network then sees each pixel where it would in one tile.
    """

    tile: int = 512
    margin: int = 106
    even: bool = False
    multiple: int = MULTIPLE
    aligned: bool = False

    def __post_init__(self):
        if self.tile <= 0 or self.tile % self.multiple:
            raise ValueError(
                f"tile must be a positive multiple of {self.multiple}, got {self.tile}"
            )
        if not 0 <= self.margin < self.tile / 2:
            raise ValueError(f"margin must lie in [0, tile / 2), got {self.margin} of {self.tile}")

    @property
    def step(self) -> int:
        return self.tile - 2 * self.margin

    def spans(self, length: int) -> list[Span]:
        """The tiles along an axis: their kept parts meet without gap or overlap.

        The last published tile is pulled back so that its kept part ends with the axis, and wins
        over its neighbour where both saw a pixel.
        """
        if self.even:
            return self._even_spans(length)
        last = max(0, length - self.step)
        begins = [*range(0, last, self.step), last]
        return [Span(begin - self.margin, begin, end)
                for begin, end in zip(begins, [*begins[1:], length], strict=True)]

    def side(self, length: int) -> int:
        """The tiles' side along an axis: smaller for a page that needs less than a whole tile."""
        if not self.even:
            return min(self.tile, self._round_up(length + 2 * self.margin))
        count = self._even_count(length)
        return self._round_up(-(-(length + (count - 1) * 2 * self.margin) // count))

    def scaled(self, scale: float) -> Tiling:
        """The tiles of a page that become these tiles when they are resized by `scale`."""
        return Tiling(round(self.tile / scale), int(self.margin / scale), self.even,
                      round(self.multiple / scale), self.aligned)

    def _even_count(self, length: int) -> int:
        return max(1, -(-(length - 2 * self.margin) // self.step))

    def _even_spans(self, length: int) -> list[Span]:
        count, side = self._even_count(length), self.side(length)
        slack = max(0, length - side)
        grid = self.multiple if self.aligned else 1
        starts = [-(-(i * slack // max(1, count - 1)) // grid) * grid for i in range(count)]
        # Neighbours meet in the middle of what both see.
        meets = [(start + side + other) // 2 // grid * grid
                 for start, other in zip(starts, starts[1:], strict=False)]
        return [Span(*span) for span in zip(starts, [0, *meets], [*meets, length], strict=True)]

    def _round_up(self, length: int) -> int:
        return -(-length // self.multiple) * self.multiple


# A batch of tiles, uint8 N,S,S,3, to what they become: float32 N,S,S,C; of aligned tiles also
# N,S/k,S/k,C, for a k that divides the multiple.
TileFunction = Callable[[np.ndarray], np.ndarray]
EVERYTHING = Place(slice(0, None), slice(0, None))


def each_tile(
    page: np.ndarray, erase: TileFunction, tiling: Tiling, batch: int = 1,
    wanted: Callable[[Place], bool] = lambda place: True, box: Place = EVERYTHING,
) -> Iterator[tuple[Place, np.ndarray | None]]:
    """Yield the parts of `page`, uint8 H,W,3 of any size, and what they become: float32 h,w,C, or
    smaller where `erase` makes them so.

    Only `box` is cut into tiles, which see the page around it, too. Parts that are not `wanted` are
    not computed: None. `batch` tiles are computed at once. Memory beyond the page is theirs.
    """
    height, width = page.shape[:2]
    top, bottom, _ = box.rows.indices(height)
    left, right, _ = box.columns.indices(width)
    tile_h, tile_w = tiling.side(bottom - top), tiling.side(right - left)
    group: list[tuple[Place, Span, Span]] = []

    def computed():
        result = erase(np.stack([
            _cut(page, top + y.start, left + x.start, tile_h, tile_w) for _, y, x in group
        ]))
        k = tile_h // result.shape[1]
        for (place, y, x), tile in zip(group, result, strict=True):
            yield place, tile[tuple(
                slice((s.begin - s.start) // k, -(-(s.end - s.start) // k)) for s in (y, x))]
        group.clear()

    for y in tiling.spans(bottom - top):
        for x in tiling.spans(right - left):
            place = Place(slice(top + y.begin, top + y.end), slice(left + x.begin, left + x.end))
            if not wanted(place):
                yield place, None
                continue
            group.append((place, y, x))
            if len(group) == batch:
                yield from computed()
    if group:
        yield from computed()


def _cut(page: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
    """A tile of the page, which is mirrored beyond its edges."""
    bottom, right = top + height, left + width
    if top >= 0 and left >= 0 and bottom <= page.shape[0] and right <= page.shape[1]:
        return page[top:bottom, left:right]
    return page[reflect(top, bottom, page.shape[0])[:, None],
                reflect(left, right, page.shape[1])[None, :]]


def check_page(image: np.ndarray) -> None:
    """Raise ValueError unless `image` is a page as uint8 H,W,3 that is not empty."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"expected a page as uint8 H,W,3, got {image.dtype} {image.shape}")


def count_tiles(box: Place, shape: tuple[int, ...], tiling: Tiling) -> int:
    """How many tiles a page of this shape (H, W, ...) is cut into."""
    lengths = (len(range(length)[part]) for part, length in zip(box, shape, strict=False))
    return int(np.prod([len(tiling.spans(length)) for length in lengths]))
