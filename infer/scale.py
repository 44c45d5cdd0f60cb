"""How tall a page's print is, and the scale at which networks should see it.

A network knows the sizes of print that it was shown. Tiles of pages with smaller print are
enlarged, those of pages with larger print shrunk, and the change is brought back onto the page's
own pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

SCALES = (0.5, 1, 2)
AUTOMATIC = "auto"  # by the height of a page's print
BY_SIZE = "size"  # by the picture's own: a watermark is as large as its photograph asks for
LARGEST = 1280  # pixels of the shorter side that networks for photographs see well
# Networks know print of 8 to 60 pixels: what they know, enlarged, is erased worse and slower.
ENLARGED = {2: 6}  # scale: pixels of height up to which print is seen so much larger
LEAST_SHRUNK = 80  # from so many on print is seen half as large, if a quarter is not below
LEAST_QUARTER = 60  # so many: lines that are joined with others seem taller

_WINDOW, _WINDOWS = 1024, 3  # larger pages are sampled: side in pixels, windows along an axis
_PAPER = 51  # side of the square whose mean is the paper around a pixel
_DARKER = 18  # grey levels that ink is darker than it
_LETTERS = 20  # fewer tell nothing


def scale(text: str) -> float | str:
    """A command line's scale: a number, AUTOMATIC or BY_SIZE."""
    if text in (AUTOMATIC, BY_SIZE):
        return text
    number = float(text)
    return next((known for known in SCALES if known == number), number)  # as a quality has it


def scale_of(page: np.ndarray, scale: float | str) -> float:
    """A number, or what AUTOMATIC or BY_SIZE makes of a page, uint8 H,W,3 RGB."""
    if scale == AUTOMATIC:
        return best_scale(page)
    if scale == BY_SIZE:
        return 0.5 if min(page.shape[:2]) > LARGEST else 1  # less would leave outlines
    return scale


def best_scale(page: np.ndarray, enlarged: Mapping[int, float] = ENLARGED) -> float:
    """0.5, 1 or the largest of `enlarged` (see ENLARGED) that a page's print is small enough for.

    For uint8 H,W,3 RGB; 1 where there is too little print to tell.
    """
    height = print_height(page)
    if height is None:
        return 1
    if height >= LEAST_SHRUNK and print_height(page, 0.25) >= LEAST_QUARTER:
        return 0.5
    return max((scale for scale, tallest in enlarged.items() if height <= tallest), default=1)


def resize(pictures: np.ndarray, scale: float) -> np.ndarray:
    """N,H,W,C resized by `scale`."""
    if scale == 1:
        return pictures
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.stack([cv2.resize(p, None, fx=scale, fy=scale, interpolation=how) for p in pictures])


def change_at(
    height: int, width: int, tiles: np.ndarray, erase: Callable[[np.ndarray], np.ndarray],
    whole: bool = False,
) -> np.ndarray:
    """What `erase` makes of tiles resized, its change brought back onto their own pixels.

    `tiles` are N,H,W,C, RGB first; `erase` returns float32 N,H,W,D of those it gets, RGB in the
    same units and a mask in [0, 1], and so does this. With `whole` it is not the change that is
    brought back but the picture: where one is replaced, nothing of the tiles may stay.
    """
    size = tiles.shape[1:3]
    if (height, width) == size:
        return erase(tiles)
    seen = _fit(tiles, height, width)
    planes = erase(seen)
    if not whole:
        planes[..., :3] -= seen[..., :3]
    planes = _fit(planes, *size)
    if not whole:
        planes[..., :3] += tiles[..., :3]
    planes[..., 3].clip(0, 1, out=planes[..., 3])  # cubic interpolation overshoots
    return planes


def _fit(pictures: np.ndarray, height: int, width: int) -> np.ndarray:
    how = cv2.INTER_CUBIC if height > pictures.shape[1] else cv2.INTER_AREA
    return np.stack([cv2.resize(p, (width, height), interpolation=how) for p in pictures])


def print_height(page: np.ndarray, share: float = 0.5) -> float | None:
    """Height in pixels of a page's characters, None where there is too little print to tell.

    `page` is uint8 H,W,3 RGB; large ones are sampled. Components of the size of letters are joined
    into lines, of whose heights by length this is the median, or another quantile: pictures and
    rules make none.
    """
    heights, widths = np.concatenate([_lines(part) for part in _parts(page)], axis=1)
    return _weighted_quantile(heights, widths, share) if heights.size else None


def lies_on_side(page: np.ndarray) -> bool:
    """True where lines of print run down a page, uint8 H,W,3 RGB, rather than across it.

    Text that is set in columns does so, too, on an upright page.
    """
    parts = _parts(page)
    return sum(map(_down, parts)) > sum(int(_lines(part)[1].sum()) for part in parts)


def window_with_lines_down(page: np.ndarray, side: int) -> np.ndarray:
    """The part of a page, H,W,3, `side` pixels a side at most, in which most lines run down."""
    rows, columns = (_windows(length, side) for length in page.shape[:2])
    windows = [page[top, left] for top in rows for left in columns]
    return windows[0] if len(windows) == 1 else max(windows, key=_down)


def _down(page: np.ndarray) -> int:
    """How long the lines are that run down, in pixels."""
    return int(_lines(cv2.rotate(page, cv2.ROTATE_90_CLOCKWISE))[1].sum())


def _parts(page: np.ndarray) -> list[np.ndarray]:
    """The page, or windows of a large one."""
    rows, columns = map(_samples, page.shape[:2])
    return [np.ascontiguousarray(page[top, left]) for top in rows for left in columns]


def _samples(length: int) -> list[slice]:
    if length <= _WINDOW * _WINDOWS:
        return [slice(0, length)]
    return _windows(length, _WINDOW)


def _windows(length: int, side: int) -> list[slice]:
    """Up to _WINDOWS, `side` long at most, from one end to the other."""
    count = min(_WINDOWS, -(-length // side))
    return [slice(begin, begin + side)
            for begin in np.linspace(0, max(0, length - side), count).astype(int)]


def _lines(page: np.ndarray) -> np.ndarray:
    """Heights and widths of pieces of lines of print in pixels: int 2,N."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    paper = cv2.blur(grey, (_PAPER, _PAPER))
    ink = (cv2.subtract(paper, grey) > _DARKER).astype(np.uint8)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(ink)
    width, height, area = boxes[:, 2:].T
    letters = (
        (height >= 3) & (height <= 160) & (width <= 4 * height) & (height <= 6 * width)
        & (area >= 6) & (area < 0.9 * width * height + 9)  # no specks, rules, blots
    )
    letters[0] = False  # the paper
    if letters.sum() < _LETTERS:
        return np.empty((2, 0), int)
    size = _weighted_quantile(height[letters], height[letters])
    gaps = np.ones((max(1, round(size / 4)), max(1, round(0.6 * size))), np.uint8)
    lines = cv2.morphologyEx(letters[labels].astype(np.uint8), cv2.MORPH_CLOSE, gaps)
    lines[:, ::max(8, round(6 * size))] = 0  # cut, since tilted lines are taller
    width, height = cv2.connectedComponentsWithStats(lines)[2][1:, 2:4].T
    good = (height >= 0.75 * size) & (height <= 2.5 * size) & (width >= 1.5 * height)
    return np.stack([height[good], width[good]])


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float = 0.5) -> float:
    order = np.argsort(values)
    total = weights[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] * share)])
