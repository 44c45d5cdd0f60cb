"""Reading ahead and writing behind, so that what computes does not wait for either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice


def overlapped(
    items: Iterable, read: Callable, work: Callable, write: Callable
) -> Iterator[tuple[object, Future]]:
    """Yield every item with what `write(work(read(item)))` gave or raised, in order.

    The next item is read and the last one written, each in a thread, while `work` runs in the
    caller's: three items are in memory at most.
    """
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        opened = ((item, reader.submit(read, item)) for item in items)
        ahead, behind = list(islice(opened, 1)), []
        while ahead:
            [(item, image)] = ahead
            ahead = list(islice(opened, 1))
            try:
                done = writer.submit(write, work(image.result()))
            except Exception as error:  # whoever takes the result sees it
                done = Future()
                done.set_exception(error)
            yield from behind
            behind = [(item, done)]
        yield from behind
