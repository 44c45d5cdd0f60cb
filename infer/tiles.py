"""Staggered tiles: a page is cut into overlapping tiles, and only each tile's middle is kept.

Tiles of 512 with a margin of 106 thrown away on every side, so a step of 300, are those of the
contest's winning entry. Beyond the page's edge tiles see its reflection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from data.augment import reflect

MULTIPLE = 32  # networks take sides that are multiples of this


@dataclass(frozen=True)
class Tiling:
    """Tile side and discarded margin, in pixels, and what sides are multiples of."""

    tile: int = 512
    margin: int = 106
    multiple: int = MULTIPLE

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

    def spans(self, length: int) -> list[tuple[int, int]]:
        """The kept parts along an axis as (begin, end): they meet without gap or overlap.

        The last tile is pulled back so that its kept part ends with the axis, and wins over its
        neighbour where both saw a pixel.
        """
        last = max(0, length - self.step)
        begins = [*range(0, last, self.step), last]
        return list(zip(begins, [*begins[1:], length], strict=True))

    def side(self, length: int) -> int:
        """The tile's side along an axis: smaller for a page that needs less than a whole tile."""
        needed = length + 2 * self.margin
        return min(self.tile, -(-needed // self.multiple) * self.multiple)

    def scaled(self, scale: float) -> Tiling:
        """The tiles of a page that become these tiles when they are resized by `scale`."""
        return Tiling(round(self.tile / scale), int(self.margin / scale),
                      round(self.multiple / scale))


# A batch of tiles, uint8 N,S,S,3, to what they become: float32 N,S,S,C.
TileFunction = Callable[[np.ndarray], np.ndarray]


def strips(
    page: np.ndarray, erase: TileFunction, tiling: Tiling, batch: int = 1,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[slice, np.ndarray | None, int]]:
    """Yield (rows, strip, tiles) after every batch: the page after `erase`, strip by strip.

    `page` is uint8 H,W,3 of any size; a strip is float32 h,W,C, and None until its last batch is
    done. `tiles` counts those done since the last time, with those left out. `wanted`, bool H,W,
    leaves out tiles that keep no wanted pixel: their place holds NaN, and a strip of such tiles
    alone stays None. Memory beyond the page is one strip's.
    """
    height, width = page.shape[:2]
    columns = tiling.spans(width)
    tile_h, tile_w = tiling.side(height), tiling.side(width)
    for top, bottom in tiling.spans(height):
        rows = reflect(top - tiling.margin, top - tiling.margin + tile_h, height)
        chosen = [
            (left, right) for left, right in columns
            if wanted is None or wanted[top:bottom, left:right].any()
        ]
        if len(chosen) < len(columns):
            yield slice(top, bottom), None, len(columns) - len(chosen)
        strip = None
        for i in range(0, len(chosen), batch):
            group = chosen[i:i + batch]
            result = erase(np.stack([
                page[rows[:, None],
                     reflect(left - tiling.margin, left - tiling.margin + tile_w, width)[None, :]]
                for left, _ in group
            ]))
            if strip is None:
                strip = np.full((bottom - top, width, result.shape[3]), np.nan, np.float32)
            for (left, right), tile in zip(group, result, strict=True):
                strip[:, left:right] = tile[tiling.margin:tiling.margin + bottom - top,
                                            tiling.margin:tiling.margin + right - left]
            done = i + batch >= len(chosen)
            yield slice(top, bottom), strip if done else None, len(group)


def count_tiles(shape: tuple[int, ...], tiling: Tiling) -> int:
    """How many tiles a page of this shape (H, W, ...) is cut into."""
    return len(tiling.spans(shape[0])) * len(tiling.spans(shape[1]))
