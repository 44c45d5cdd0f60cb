"""Which crops make up which step. Nothing here has a state: a step's number says it all."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import numpy as np
import paddle

from data.pairs import PairDataset
from data.text_crops import TextDataset

# The copy that fork makes of a process with threads, Paddle's for one, may wait for ever for what
# one of them held: a server without any makes the copies, once it has imported this module.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["__main__", __name__])


class StepSampler:
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


def loader(dataset: PairDataset | TextDataset, sampler: StepSampler) -> Iterator[tuple]:
    """Yields batches of what the dataset's items hold: tensors, and a list of the names.

    Batches are loaded ahead by `dataset.config.workers` processes, or by a thread. Raises
    ValueError naming the file that cannot be read, and OSError where a process died. Close it to
    end them. Paddle's own loader hangs on errors, and left half-way it crashes some time later.
    """
    workers = dataset.config.workers
    if workers:
        pool, load = ProcessPoolExecutor(workers, _SERVER, _begin, (dataset,)), _load
    else:
        pool, load = ThreadPoolExecutor(1), partial(_collate, dataset)
    ahead: deque[Future] = deque()
    try:
        for indices in sampler:
            ahead.append(pool.submit(load, indices))
            if len(ahead) > 2 * max(1, workers):
                yield _batch(ahead.popleft())
        while ahead:
            yield _batch(ahead.popleft())
    except BrokenProcessPool:
        raise OSError("a process that loads pages died; is memory short? Fewer data.workers need "
                      "less") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _batch(future: Future) -> tuple:
    *arrays, names = future.result()
    return *map(paddle.to_tensor, arrays), names


def _collate(dataset: PairDataset | TextDataset, indices: list[tuple[int, int]]) -> tuple:
    *columns, names = zip(*(dataset[index] for index in indices), strict=True)
    return *map(np.stack, columns), list(names)


def _begin(dataset: PairDataset | TextDataset) -> None:
    """Prepare a loading process."""
    global _dataset
    _dataset = dataset
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the training process says when to end

    def end_with_parent() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _load(indices: list[tuple[int, int]]) -> tuple:
    return _collate(_dataset, indices)
