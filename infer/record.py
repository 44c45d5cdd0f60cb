"""What a report shows of a page, made where the page is erased and kept beside the results.

A record is two lines of JSON a page: the figures with the length of the next line, which holds the
pictures. So a report of very many pages reads the pictures only of those that it shows.
"""

from __future__ import annotations

import json
import os
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
    """A page, its mask, and the time that erasing it took."""

    before: np.ndarray  # uint8 H,W,3 RGB
    after: np.ndarray
    mask: np.ndarray  # uint8 H,W; 255 is ink
    seconds: float
    number: int | None = None  # of a document's page

    def encode(self) -> bytes:
        figures = {"number": self.number, "seconds": round(self.seconds, 2)}
        before, after, mask = map(shrink, self[:3])
        overlay = np.empty((*mask.shape, 4), np.uint8)
        overlay[..., :3] = COLOUR
        overlay[..., 3] = (mask.astype(int) + STEP // 2) // STEP * STEP
        pictures = {"width": mask.shape[1], "height": mask.shape[0], "before": data_uri(before),
                    "after": data_uri(after), "mask": data_uri(overlay)}
        second = json.dumps(pictures) + "\n"
        first = json.dumps([figures | certainty(self.mask), len(second)]) + "\n"
        return (first + second).encode()


def certainty(mask: np.ndarray) -> dict[str, float]:
    """How sure the networks were of a page, from its mask (uint8, 255 is ink); all in [0, 1].

    With p the mask in [0, 1]:
    certainty: twice the mean of |p − ½| over the page, where p up to SEEN counts as 0: networks'
        doubt about blank paper is noise, and there is much of it. Over the ink alone the mean finds
        fewer of the pages with most wrong pixels, since a little doubtful ink does little harm.
    doubtful: share of the pixels over SEEN that are not over SURE, 0 where there are none; it finds
        pages whose little writing stayed, which the mean over the page does not.
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


def read_figures(path: Path) -> list[tuple[dict, int]]:
    """The figures of each page in a record, and where in the file its pictures are."""
    pages = []
    with path.open("rb") as stream:
        while line := stream.readline():
            figures, length = json.loads(line)
            pages.append((figures, stream.tell()))
            stream.seek(length, os.SEEK_CUR)
    return pages


def read_pictures(path: Path, place: int) -> dict[str, str | int]:
    with path.open("rb") as stream:
        stream.seek(place)
        return json.loads(stream.readline())
