import threading
import time

import pytest

from data.pipeline import overlapped


def fail_on(*bad):
    def step(item):
        if item in bad:
            raise OSError(f"no {item}")
        return item
    return step


def test_results_come_in_order_and_errors_in_their_place():
    items = list(range(20))
    done = overlapped(items, fail_on(0, 7), fail_on(8), fail_on(9, 19))
    for item, (given, future) in zip(items, done, strict=True):
        assert given == item
        if item in (0, 7, 8, 9, 19):
            with pytest.raises(OSError, match=f"no {item}$"):
                future.result()
        else:
            assert future.result() == item


@pytest.mark.parametrize("items", [[], [5]])
def test_few_items(items):
    done = overlapped(items, lambda x: x + 1, lambda x: x * 2, lambda x: x - 1)
    assert [future.result() for _, future in done] == [2 * (item + 1) - 1 for item in items]


def test_reading_and_writing_run_beside_the_work():
    """Each step waits for the others to be at their own items: in turn, none would go on."""
    meet = threading.Barrier(3, timeout=20)

    def step(name, first, last):
        def run(item):
            names.add(threading.current_thread().name if name != "work" else "caller")
            if first <= item <= last:
                meet.wait()
            return item
        return run

    names = set()
    done = overlapped(range(5), step("read", 2, 4), step("work", 1, 3), step("write", 0, 2))
    assert [future.result() for _, future in done] == list(range(5))
    assert len(names) == 3


def test_three_items_at_once_at_most():
    alive, most, lock = set(), [], threading.Lock()

    def read(item):
        with lock:
            alive.add(item)
            most.append(len(alive))
        return item

    def write(item):
        time.sleep(0.001)
        with lock:
            alive.remove(item)
        return item

    for _, future in overlapped(range(50), read, lambda item: item, write):
        future.result()
    assert max(most) <= 3


def test_an_error_of_the_caller_ends_it():
    written = []
    with pytest.raises(KeyError):
        for _ in overlapped(range(9), lambda x: x, lambda x: x, written.append):
            raise KeyError
    assert len(written) < 9
