"""What a page's erasing costs and how good it is: settings, and the names of bundles of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from infer.scale import AUTOMATIC, BY_SIZE, SCALES

WEIGHTS = Path(__file__).parent.parent / "weights"
PAIR = ("erasenet_lite", "nonlocal_lite")
BUNDLED = (*PAIR, "watermark_lite")


class View(NamedTuple):
    """How a tile is shown to the networks once more."""

    flip: tuple[int, ...] = ()  # axes of N,C,H,W
    zoom: float = 1  # about so many times as large


# Of three views the middle value counts, which leaves no ghost where two agree; else the mean.
TTA = {
    "none": [View()],
    "hflip": [View(), View((3,))],
    "flips": [View(), View((3,)), View((2,)), View((2, 3))],
    "zoom": [View(), View((3,)), View(zoom=1.3)],
}


@dataclass(frozen=True)
class Settings:
    """How pages are erased. Raises ValueError for settings out of range."""

    nets: tuple[str, ...]  # the bundled networks, whose results are averaged
    refine: bool  # run the networks' second stage, too
    tile: int  # the tiles' largest side in the networks' pixels; see infer.tiles.Tiling
    margin: int  # thrown away along a tile's borders
    even: bool  # tiles of the least size that covers the page, not all of the largest
    tta: str  # views whose results are fused, one of TTA
    flip_ink: bool  # further views only of tiles in which ink was seen
    composite: bool  # keep the page's own pixels where no ink was seen
    skip_blank: bool  # leave out what is blank on the page; see infer.blank
    turn: bool  # see a page that lies on its side turned upright
    # How much larger the networks see the page: one of infer.scale.SCALES, 'auto' for what suits
    # the height of its print, 'size' for what suits a photograph of its size.
    scale: float | str

    def __post_init__(self):
        listed = isinstance(self.nets, (tuple, list)) and self.nets
        if not listed or not set(self.nets) <= set(BUNDLED):
            raise ValueError(f"unknown nets {self.nets!r}; known: lists of {', '.join(BUNDLED)}")
        if self.tta not in TTA:
            raise ValueError(f"unknown tta {self.tta!r}; known: {', '.join(TTA)}")
        scales = AUTOMATIC, BY_SIZE, *SCALES
        if self.scale not in scales:
            known = ", ".join(map(str, scales))
            raise ValueError(f"unknown scale {self.scale!r}; known: {known}")

    @property
    def weights(self) -> list[Path]:
        """The bundled networks' files."""
        return [WEIGHTS / f"{name}.pdparams" for name in self.nets]


PUBLISHED = Settings(nets=PAIR, refine=True, tile=512, margin=106, even=False, tta="hflip",
                     flip_ink=False, composite=False, skip_blank=False, turn=False, scale=1)
# The full tile of a lite pair takes less than 2 GB; a margin of 64 erases like one of 106.
_FEW_PIXELS = replace(PUBLISHED, nets=PAIR[:1], tile=1024, margin=64, even=True, flip_ink=True,
                      composite=True, skip_blank=True, turn=True, scale=AUTOMATIC)
# Tiles that are a fourth larger than 768 need what those of 1024 do.
_BEST = replace(_FEW_PIXELS, tile=768, tta="zoom")
# What each setting costs in PSNR and saves in time: python bench/quality.py --each
QUALITIES = {
    "fast": replace(_FEW_PIXELS, refine=False, tta="none"),
    "balanced": replace(_FEW_PIXELS, tta="none"),
    "best": _BEST,
    "published": PUBLISHED,
    # Of photographs nothing is print or blank, and its network has no second stage.
    "watermark": replace(_BEST, nets=("watermark_lite",), refine=False, skip_blank=False,
                         turn=False, scale=BY_SIZE),
}
DEFAULT = "balanced"


def settings(quality: str, **changes) -> Settings:
    """A bundle's settings but for `changes` that are not None."""
    if quality not in QUALITIES:
        raise ValueError(f"unknown quality {quality!r}; known: {', '.join(QUALITIES)}")
    changes = {name: value for name, value in changes.items() if value is not None}
    return replace(QUALITIES[quality], **changes)
