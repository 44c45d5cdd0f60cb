"""Decoded pages kept in memory, as many as a budget allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np


class PageCache:
    """What `read` returns for a key, a tuple with arrays in it; the least recently used go first.

    At least one is kept, and no more than `megabytes` of arrays otherwise.
    """

    def __init__(self, read: Callable[[Hashable], tuple], megabytes: int):
        self._read, self._budget = read, megabytes * 2**20
        self._kept: OrderedDict[Hashable, tuple] = OrderedDict()

    def __getitem__(self, key: Hashable) -> tuple:
        if key not in self._kept:
            self._kept[key] = self._read(key)
            while len(self._kept) > 1 and _size(self._kept.values()) > self._budget:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _size(pages) -> int:
    return sum(part.nbytes for page in pages for part in page if isinstance(part, np.ndarray))
