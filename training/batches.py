"""Which crops make up which step. Nothing here has a state: a step's number says it all."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import numpy as np
import paddle

from data.pairs import PairDataset


class StepSampler(paddle.io.BatchSampler):
    """Yields, from step `begin` to `end`, the (draw, page) indices of this process's crops.

    Every page comes once an epoch in an order seeded by the epoch, so a resumed run goes on with
    what an unbroken one would have seen. Processes take every `world`-th crop of a step.
    """

    def __init__(self, pages: int, batch: int, begin: int, end: int, seed: int, rank: int = 0,
                 world: int = 1):
        if batch % world:
            raise ValueError(f"a batch of {batch} cannot be shared by {world} processes evenly")
        self._pages, self._batch, self._begin, self._end = pages, batch, begin, end
        self._seed, self._rank, self._world = seed, rank, world

    def __len__(self) -> int:
        return self._end - self._begin

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch, order = -1, None
        for step in range(self._begin, self._end):
            indices = []
            for position in range(step * self._batch, (step + 1) * self._batch):
                if position // self._pages != epoch:
                    epoch = position // self._pages
                    order = np.random.default_rng([self._seed, epoch]).permutation(self._pages)
                indices.append((epoch, int(order[position % self._pages])))
            yield indices[self._rank::self._world]


def loader(dataset: PairDataset, sampler: StepSampler) -> Iterator[tuple]:
    """Yields batches (image, gt, mask, names): float32 N,3,S,S, N,3,S,S, N,1,S,S and a list.

    Raises ValueError naming the file that cannot be read.
    """
    for batch in paddle.io.DataLoader(
        _Reported(dataset), batch_sampler=sampler, collate_fn=_collate, return_list=True,
        num_workers=dataset.config.workers,
    ):
        if isinstance(batch[-1], Exception):
            raise batch[-1]
        yield batch


class _Reported:
    """A dataset that hands out errors as items: Paddle's loader would hang on one."""

    def __init__(self, dataset: PairDataset):
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: tuple[int, int]):
        try:
            return self._dataset[index]
        except (ValueError, OSError) as error:
            return ValueError(str(error))
        except Exception:  # a bug: where it happened, in another process perhaps, is lost otherwise
            return RuntimeError(traceback.format_exc())


def _collate(items: list) -> tuple:
    for item in items:
        if isinstance(item, Exception):
            return np.zeros(1), item  # the loader passes no batch without an array
    image, gt, mask, names = zip(*items, strict=True)
    return np.stack(image), np.stack(gt), np.stack(mask), list(names)
