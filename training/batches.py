"""Which crops make up which step. Nothing here has a state: a step's number says it all."""

from __future__ import annotations

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


def loader(dataset: PairDataset, sampler: StepSampler) -> paddle.io.DataLoader:
    """Batches (image, gt, mask, names): float32 arrays N,3,S,S, N,3,S,S, N,1,S,S and a list."""
    return paddle.io.DataLoader(
        dataset, batch_sampler=sampler, collate_fn=_collate, num_workers=dataset.config.workers,
        return_list=True,
    )


def _collate(items: list) -> tuple:
    image, gt, mask, names = zip(*items, strict=True)
    return np.stack(image), np.stack(gt), np.stack(mask), list(names)
