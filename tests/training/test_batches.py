import multiprocessing
import signal
import subprocess
import sys
import time
import traceback
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from data.augment import AugmentConfig
from data.pairs import DataConfig, PairDataset, find_pairs
from training.batches import StepSampler, loader


def sampled(begin, end, pages=5, batch=4, seed=0, **process):
    return list(StepSampler(pages, batch, begin, end, seed, **process))


@pytest.mark.parametrize("pages, batch", [(5, 4), (1, 3), (7, 7), (3, 8)])
def test_every_page_comes_once_an_epoch(pages, batch):
    steps = sampled(0, 4 * pages, pages, batch)
    assert {len(step) for step in steps} == {batch}
    crops = [crop for step in steps for crop in step]
    assert len(crops) == len(set(crops)) == 4 * pages * batch
    for epoch in range(4 * batch):
        part = crops[epoch * pages:(epoch + 1) * pages]
        assert sorted(part) == [(epoch, page) for page in range(pages)]


def test_epochs_and_seeds_differ():
    orders = {tuple(page for _, page in step) for step in sampled(0, 20, 8, 8)}
    assert len(orders) > 15
    assert sampled(0, 5, seed=1) != sampled(0, 5) == sampled(0, 5)


@pytest.mark.parametrize("k", [0, 1, 3, 7, 11])
def test_a_resumed_run_sees_the_tail(k):
    assert sampled(k, 12) == sampled(0, 12)[k:]
    assert len(StepSampler(5, 4, k, 12, 0)) == 12 - k


@pytest.mark.parametrize("world", [1, 2, 4])
def test_processes_share_the_batch(world):
    shares = [sampled(2, 9, rank=rank, world=world) for rank in range(world)]
    for step, whole in enumerate(sampled(2, 9)):
        parts = [share[step] for share in shares]
        assert {len(part) for part in parts} == {4 // world}
        assert sorted(sum(parts, [])) == sorted(whole)


def test_a_batch_that_cannot_be_shared():
    with pytest.raises(ValueError, match="a batch of 4 cannot be shared by 3 processes evenly"):
        StepSampler(5, 4, 0, 1, 0, 0, 3)


def dataset(root, workers):
    config = DataConfig(workers=workers, augment=AugmentConfig(crop=32))
    return PairDataset(find_pairs(root)[0], config)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_samplers_crops(tmp_path, make_set, workers):
    pages = dataset(make_set(tmp_path), workers)
    sampler = StepSampler(3, 2, 1, 5, 0)
    batches = list(loader(pages, sampler))
    assert len(batches) == 4
    for (image, gt, mask, names), indices in zip(batches, sampler, strict=True):
        assert image.shape == gt.shape == [2, 3, 32, 32] and mask.shape == [2, 1, 32, 32]
        expected = [pages[index] for index in indices]
        assert names == [item[3] for item in expected]
        for tensor, column in zip((image, gt, mask), range(3), strict=True):
            np.testing.assert_array_equal(tensor.numpy(), [item[column] for item in expected])


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_page_is_named(tmp_path, make_set, workers):
    page = make_set(tmp_path) / "images" / "b.bmp"
    page.write_bytes(page.read_bytes()[:200])
    with pytest.raises(ValueError, match="b.bmp: cannot be read"):
        list(loader(dataset(tmp_path, workers), StepSampler(3, 2, 0, 4, 0)))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bug_is_not_swallowed(tmp_path, make_set, workers):
    pages = dataset(make_set(tmp_path), workers)
    pages.pairs = None
    with pytest.raises(TypeError, match="'NoneType' object is not subscriptable") as caught:
        list(loader(pages, StepSampler(3, 2, 0, 4, 0)))
    trace = "".join(traceback.format_exception(caught.value))
    assert "in __getitem__" in trace  # where it happened, in another process perhaps


def test_a_loader_left_half_way_leaves_no_process(tmp_path, make_set):
    with closing(loader(dataset(make_set(tmp_path), 2), StepSampler(3, 2, 0, 100, 0))) as batches:
        next(batches)
        assert len(multiprocessing.active_children()) == 2
    assert not multiprocessing.active_children()


def test_a_loading_process_that_dies(tmp_path, make_set):
    batches = loader(dataset(make_set(tmp_path), 2), StepSampler(3, 2, 0, 1000, 0))
    next(batches)
    multiprocessing.active_children()[0].kill()
    with pytest.raises(OSError, match="a process that loads pages died.*data.workers"):
        list(batches)


def test_loading_processes_end_with_a_killed_parent(tmp_path, make_set):
    make_set(tmp_path)
    code = f"""if True:
        import multiprocessing, os, signal
        from tests.training.test_batches import StepSampler, dataset, loader
        batches = loader(dataset({str(tmp_path)!r}, 2), StepSampler(3, 2, 0, 1000, 0))
        next(batches)
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL, done.stderr
    children = [int(pid) for pid in done.stdout.split()]
    assert len(children) == 2
    deadline = time.monotonic() + 60
    while any(map(alive, children)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid):
    """Whether a process runs, not counting one that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_nothing_left_to_draw(tmp_path, make_set):
    assert list(loader(dataset(make_set(tmp_path), 0), StepSampler(3, 2, 4, 4, 0))) == []
