"""Where a page may change: by the words on it, by masks and by boxes.

A mask is an image of its page's size, white (grey from 128 up) where it marks, and black where it
is transparent; for a document it is a TIFF with one page for each that is erased, as `test.py
--mask` writes it. Boxes are JSON, as `infer.detect --json` writes it: a list of {"file", "words":
[{"quad", "polygon"}]}, also with "boxes": [[left, top, right, bottom], ...], and with "page", from
1, for those of a document. A mask of one page counts for all pages.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from data.image_io import SUFFIXES, open_image, page_frames, read_picture
from data.soft_mask import size_of

if TYPE_CHECKING:
    from infer.words import Word  # imports SciPy, which takes time

WORDS, PRINT = "words", "print"  # what a page itself says, in place of a file's name
MARKED = 128  # grey level of a mask
SURE = 0.5  # a mask value of the networks' from which on a pixel is ink to erase
PRINTED = 0.25  # share of a word's strokes that are surely ink, below which it is print
RIM = 3  # pixels about sure ink that go with it
FAR = 1e7  # pixels, beyond any page, that OpenCV can count to in sixteenths


@dataclass(frozen=True)
class Where:
    """Where words let a page change: inside of them `only`, or not where they `protect` it.

    `only` is 'words' or None, `protect` 'words', 'print' (words in which the networks see no ink)
    or None. `weights` finds the words, as in `infer.detector.Detector`. ValueError for others.
    """

    only: str | None = None
    protect: str | None = None
    weights: Path | str | None = None

    def __post_init__(self):
        if self.only not in (None, WORDS) or self.protect not in (None, WORDS, PRINT):
            raise ValueError(f"only may be {WORDS!r} and protect {WORDS!r} or {PRINT!r}, "
                             f"got {self.only!r} and {self.protect!r}")
        if self.only == self.protect:  # or neither
            raise ValueError(f"only {self.only} and protect {self.protect}: nothing to choose")

    def change(
        self, words: Sequence[Word], shape: tuple[int, int], marked: np.ndarray | None = None
    ) -> np.ndarray | None:
        """A bool H,W map of what may change, as far as that is known before the page is erased.

        `marked`, such a map, is what may change besides words, or alone where these do not.
        """
        inside = [cover(polygons(words), shape)] if self.only else []
        if marked is not None:
            inside.append(marked)
        change = np.logical_or.reduce(inside) if inside else None
        if self.protect == WORDS:
            free = ~cover(polygons(words), shape)
            return free if change is None else change & free
        return change

    def restore(
        self, words: Sequence[Word], image: np.ndarray, erased: np.ndarray, mask: np.ndarray
    ) -> None:
        """Put protected print back into the erased page, and out of the mask, float32 H,W."""
        if self.protect == PRINT:
            keep = printed(words, image, mask)
            erased[keep], mask[keep] = image[keep], 0


def polygons(words: Sequence[Word]) -> list[np.ndarray]:
    return [word.polygon for word in words]


def printed(words: Sequence[Word], image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Words whose strokes are no ink in the networks' mask, but for sure ink that crosses them."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    keep = np.zeros(mask.shape, bool)
    for polygon in polygons(words):
        low = np.floor(polygon.min(axis=0)).astype(int).clip(0)
        right, bottom = np.floor(polygon.max(axis=0)).astype(int) + 1
        place = np.s_[low[1]:bottom, low[0]:right]
        inside = cover([polygon - low], mask[place].shape)
        if not inside.any():
            continue
        level, _ = cv2.threshold(grey[place][inside], 0, 255, cv2.THRESH_OTSU)
        dark = grey[place] <= level
        # Strokes cover less of a word than its paper does, whichever is darker.
        strokes = inside & (dark if dark[inside].mean() <= 0.5 else ~dark)
        if (mask[place][strokes] > SURE).sum() < PRINTED * strokes.sum():
            keep[place] |= inside
    near = np.ones((2 * RIM + 1,) * 2, np.uint8)
    return keep & (cv2.dilate((mask > SURE).astype(np.uint8), near) == 0)


def cover(outlines: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """A bool H,W map of the pixels that outlines, N,2 each, touch; pixel 0 covers [0, 1)."""
    covered = np.zeros(shape, np.uint8)
    for outline in outlines:
        points = np.rint((outline.clip(-FAR, FAR) - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(covered, [points], 1, shift=4)
    return covered.astype(bool)


class Marks(NamedTuple):
    """Masks and boxes that were given for one file: names and contents.

    `holes` are what to erase, instead of what networks would find.
    """

    only: tuple[tuple[Path, bytes], ...] = ()
    protect: tuple[tuple[Path, bytes], ...] = ()
    holes: tuple[tuple[Path, bytes], ...] = ()

    @classmethod
    def read(
        cls, only: Sequence[Path], protect: Sequence[Path], page: Path, holes: Sequence[Path] = ()
    ) -> Marks:
        """What concerns the file `page`. ValueError where a folder has nothing for it, OSError."""
        return cls(*(tuple((path, path.read_bytes()) for path in (_of(p, page) for p in paths))
                     for paths in (only, protect, holes)))

    def maps(
        self, page: Path, number: int | None, index: int, pages: int, shape: tuple[int, int]
    ) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
        """Bool H,W maps: what `only` marks of a page, what `protect` leaves free, and holes.

        None where none was given. The page is number `number` of its document and the one of this
        index among `pages` that are erased. ValueError naming the file at fault.
        """
        found = ([_marked(path, content, page, number, index, pages, shape)
                  for path, content in files] for files in self)
        marked, kept, holes = (np.logical_or.reduce(maps) if maps else None for maps in found)
        return marked, None if kept is None else ~kept, holes


def _of(given: Path, page: Path) -> Path:
    """The file of masks or boxes for `page`: `given` itself, or the one of its stem in there."""
    if not given.is_dir():
        return given
    found = sorted(path for path in given.iterdir() if path.stem == page.stem
                   and path.suffix.lower() in (*SUFFIXES, ".json"))
    if len(found) != 1:
        what = "no mask or boxes" if not found else "several files"
        raise ValueError(f"{page}: {what} {given / page.stem}.* for it; there has to be one")
    return found[0]


def _marked(
    path: Path, content: bytes, page: Path, number: int | None, index: int, pages: int,
    shape: tuple[int, int],
) -> np.ndarray:
    if path.suffix.lower() == ".json":
        return cover(_outlines(path, content, page, number or 1, shape), shape)
    with open_image(path, content) as image:
        frames = page_frames(image)
    if len(frames) not in (1, pages):
        raise ValueError(f"{path}: is of {len(frames)} pages, but {pages} of {page} are erased")
    frame = frames[index if len(frames) > 1 else 0]
    # A layer of strokes marks these, and nothing where one can see through it.
    mask = read_picture(path, content, frame, paper="black").image
    if mask.shape[:2] != shape:
        raise ValueError(f"{path}: is {size_of(mask)} pixels, but its page {page} is "
                         f"{shape[1]}x{shape[0]}; a mask has its page's size")
    return cv2.cvtColor(mask, cv2.COLOR_RGB2GRAY) >= MARKED


def _outlines(
    path: Path, content: bytes, page: Path, number: int, shape: tuple[int, int]
) -> list[np.ndarray]:
    """The outlines that a file of boxes has for a page, N,2 each."""
    try:
        entries = [entry for entry in json.loads(content)
                   if Path(entry["file"]).stem == page.stem and entry.get("page", 1) == number]
        outlines = [word.get("polygon") or word["quad"]
                    for entry in entries for word in entry.get("words", ())]
        for left, top, right, bottom in (box for e in entries for box in e.get("boxes", ())):
            outlines.append([[left, top], [right, top], [right, bottom], [left, bottom]])
        outlines = [np.array(outline, float).reshape(-1, 2) for outline in outlines]
        sizes = {(e["height"], e["width"]) for e in entries if "width" in e}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError,
            RecursionError) as error:
        raise ValueError(f"{path}: not boxes as infer.detect --json writes them: "
                         f"{error!r}") from None
    if not entries:
        raise ValueError(f"{path}: has no entry for page {number} of {page}; add one, without "
                         "boxes where there is nothing to mark")
    for height, width in sizes - {shape}:
        raise ValueError(f"{path}: is about {width}x{height} pixels, but its page {page} is "
                         f"{shape[1]}x{shape[0]}")
    if not all(len(outline) > 2 and np.isfinite(outline).all() for outline in outlines):
        raise ValueError(f"{path}: an outline of {page} is not three points or more")
    return outlines
