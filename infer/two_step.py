"""Erasing in two steps: what is ink becomes a hole, and something else fills it.

`Eraser(networks, fill=...)` takes a fill: one of FILLS, or an inpainting network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from data.holes import INK, ink_hole

# float32 N,4,H,W, RGB in [0, 1] and the hole of 0 and 1, to N,3,H,W: as an inpainting network's
# engine, whose other results are not looked at.
Fill = Callable[[np.ndarray], tuple[np.ndarray, ...]]
# Where on the page, which pixels of that (bool), and what it looks like filled (uint8 RGB).
Filled = tuple[tuple[slice, slice], np.ndarray, np.ndarray]
AROUND = 6  # pixels about a hole whose colour it takes
REACH = 3  # pixels around a hole that OpenCV's methods look at


class Filler:
    """Widens masks by `dilate` pixels of the page to holes, and fills them."""

    def __init__(self, fill: Fill, dilate: int):
        if dilate < 0:
            raise ValueError(f"dilate must be 0 or more pixels, got {dilate}")
        self._fill, self._dilate = fill, dilate
        self.learnt = fill not in FILLS.values()

    def __call__(self, pictures: np.ndarray, masks: np.ndarray, scale: float) -> np.ndarray:
        """N,3,H,W in [0, 1] and N,H,W in [0, 1], both enlarged by `scale`, to N,3,H,W.

        Outside holes pictures stay as they are. Holes that are resized later are a pixel wider.
        """
        dilate = round(self._dilate * scale) + 2 * (scale != 1)
        holes = np.stack([ink_hole(mask, dilate) for mask in masks])[:, None]
        filled = self._fill(np.concatenate([pictures, holes], axis=1))[0]
        return np.where(holes > 0, filled, pictures)

    def hole(self, mask: np.ndarray) -> np.ndarray:
        """A page's mask, H,W in [0, 1] or bool, as a hole: float32 H,W of 0 and 1."""
        return ink_hole(mask, self._dilate)

    def fill_large(self, page: np.ndarray, holes: np.ndarray, side: int) -> Iterator[Filled]:
        """Fill each hole about `side` pixels wide and high or more, one by one, whole.

        Inside of such a hole a tile would have nothing that is known. `page` is uint8 H,W,3,
        `holes` bool H,W before they are widened.
        """
        hole = self.hole(holes)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8))
        for label in range(1, count):
            left, top, width, height, _ = boxes[label]
            if min(width, height) < side:
                continue
            place = np.s_[max(0, top - AROUND):top + height + AROUND,
                          max(0, left - AROUND):left + width + AROUND]
            planes = np.dstack([page[place].astype(np.float32) / 255, hole[place]])
            filled = self._fill(planes.transpose(2, 0, 1)[None])[0][0].transpose(1, 2, 0)
            yield place, labels[place] == label, np.rint(filled * 255).astype(np.uint8)


def page_colour(batch: np.ndarray) -> tuple[np.ndarray]:
    """Each hole plainly in the median colour of what is known within AROUND pixels of it.

    White where nothing is.
    """
    filled = batch[:, :3].copy()
    for tile, out in zip(batch, filled, strict=True):
        hole = (tile[3] >= INK).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(hole)
        for label in range(1, count):
            left, top, width, height, _ = stats[label]
            place = np.s_[..., max(0, top - AROUND):top + height + AROUND,
                          max(0, left - AROUND):left + width + AROUND]
            own = labels[place] == label
            near = cv2.dilate(own.astype(np.uint8), np.ones((2 * AROUND + 1,) * 2, np.uint8))
            known = (near > 0) & (hole[place] == 0)
            colour = np.median(tile[:3][place][:, known], axis=1) if known.any() else np.ones(3)
            out[place][:, own] = colour[:, None]
    return (filled,)


def _opencv(method: int) -> Fill:
    def fill(batch: np.ndarray) -> tuple[np.ndarray]:
        filled = []
        for tile in batch:
            picture = np.rint(tile[:3].transpose(1, 2, 0).clip(0, 1) * 255).astype(np.uint8)
            hole = (tile[3] >= INK).astype(np.uint8)
            filled.append(cv2.inpaint(picture, hole, REACH, method).transpose(2, 0, 1))
        return (np.stack(filled).astype(np.float32) / 255,)

    return fill


FILLS: dict[str, Fill] = {
    "page": page_colour,
    "telea": _opencv(cv2.INPAINT_TELEA),  # Telea, Journal of Graphics Tools 2004
    "ns": _opencv(cv2.INPAINT_NS),  # Bertalmio, Bertozzi, Sapiro, CVPR 2001: Navier-Stokes
}
