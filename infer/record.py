"""What a report shows of a page, made where the page is erased and kept beside the results.

A record is two lines of JSON, figures and pictures, so that a report of very many pages reads the
pictures only of those that it shows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data.picture import data_uri, shrink

RECORDS = ".report"  # their folder, below that of the results
SEEN = 0.1  # a mask value up to which a pixel is paper: networks are seldom down at 0
SURE = 0.9  # and from which on it is ink beyond doubt
STEP = 51  # of the mask in its picture: how sure can be seen, and it takes a tenth of all 256
COLOUR = (255, 0, 170)  # of the mask: neither a pen's nor a printer's


class Record(NamedTuple):
    """A page, uint8 H,W,3 RGB, what was made of it, its mask (uint8 H,W) and the time it took."""

    before: np.ndarray
    after: np.ndarray
    mask: np.ndarray
    seconds: float

    def encode(self) -> bytes:
        figures = certainty(self.mask) | {"seconds": round(self.seconds, 2)}
        before, after, mask = map(shrink, self[:3])
        overlay = np.empty((*mask.shape, 4), np.uint8)
        overlay[..., :3] = COLOUR
        overlay[..., 3] = (mask.astype(int) + STEP // 2) // STEP * STEP
        pictures = {"width": mask.shape[1], "height": mask.shape[0], "before": data_uri(before),
                    "after": data_uri(after), "mask": data_uri(overlay)}
        return "\n".join(map(json.dumps, (figures, pictures))).encode()


def certainty(mask: np.ndarray) -> dict[str, float]:
    """How sure the networks were of a page, from its mask (uint8, 255 is ink); all in [0, 1].

    With p the mask in [0, 1]:
    certainty: twice the mean of |p − ½| over the page, where p up to SEEN counts as 0: networks'
        doubt about blank paper is noise, and there is much of it. Over the ink alone the mean finds
        fewer of the pages with most wrong pixels, since a little doubtful ink does little harm.
    doubtful: share of the pixels over SEEN that are not over SURE; 0 where there are none.
    ink: share of the page's pixels over ½.
    """
    counts = np.bincount(mask.ravel(), minlength=256)
    p = np.arange(256) / 255
    seen = p > SEEN
    doubt = counts @ np.where(seen, 1 - 2 * np.abs(p - 0.5), 0) / mask.size
    figures = {
        "certainty": 1 - doubt,
        "doubtful": counts[seen & (p <= SURE)].sum() / max(1, counts[seen].sum()),
        "ink": counts[p > 0.5].sum() / mask.size,
    }
    return {name: round(float(value), 6) for name, value in figures.items()}


def read_figures(path: Path) -> dict[str, float]:
    with path.open("rb") as stream:
        return json.loads(stream.readline())


def read_pictures(path: Path) -> dict[str, str | int]:
    return json.loads(path.read_bytes().split(b"\n")[1])
