"""Graphs that are kept between runs: what can go wrong with files must never stop an eraser."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest

from infer import cache, engines
from infer.cache import cached
from infer.engines import PaddleEngine, load
from model import ModelConfig, build, weights

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("TEXT_ERASER_CACHE", str(tmp_path / "deep" / "cache"))
    return tmp_path / "deep" / "cache"


def never():
    raise AssertionError("not to be made again")


def test_made_once(place):
    assert cached("a", lambda: b"graph a") == b"graph a"
    assert cached("b", lambda: b"") == b""
    assert cached("a", never) == b"graph a"
    assert cached("b", never) == b""
    assert sorted(os.listdir(place)) == ["a.graph", "b.graph"]


@pytest.mark.parametrize("damage", [
    lambda entry: b"", lambda entry: entry[:-1], lambda entry: entry[:20],
    lambda entry: entry + b"x", lambda entry: entry[:-1] + b"?", lambda entry: b"\0" * len(entry),
])
def test_a_damaged_entry_is_made_again(place, damage):
    cached("a", lambda: b"graph")
    path = place / "a.graph"
    path.write_bytes(damage(path.read_bytes()))
    assert cached("a", lambda: b"graph") == b"graph"
    assert cached("a", never) == b"graph"


def test_no_place_to_write(place, tmp_path, full_disk, monkeypatch):
    def works():
        return cached("a", lambda: b"graph") == b"graph"

    (place / "a.graph").mkdir(parents=True)  # a folder stands where the entry should
    assert works()
    with full_disk(3):
        assert cached("b", lambda: b"graph") == b"graph"
    assert os.listdir(place) == ["a.graph"]
    (tmp_path / "file").write_text("a file")
    for bad in (tmp_path / "file", tmp_path / "file" / "below", "/dev/null", "/proc/none"):
        monkeypatch.setenv("TEXT_ERASER_CACHE", str(bad))
        assert works()
    assert (tmp_path / "file").read_text() == "a file"

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("TEXT_ERASER_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert works()


def test_where_it_is(monkeypatch):
    monkeypatch.delenv("TEXT_ERASER_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache.folder() == Path("/x/text-eraser")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.folder() == Path.home() / ".cache/text-eraser"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.folder() == Path.home() / "Library/Caches/text-eraser"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache.folder() == Path("/local/text-eraser")


def test_the_oldest_entries_go_and_nothing_else(place):
    place.mkdir(parents=True)
    (place / "mine.txt").write_text("mine")
    killed = place / ".a.graph.0123abcd.tmp"
    killed.touch()
    os.utime(killed, (0, 0))
    for i in range(cache.KEEP):
        cached(f"k{i}", lambda: b"graph")
        os.utime(place / f"k{i}.graph", (100 + i, 100 + i))
    cached("k0", never)  # used again: now k1 is the oldest
    cached("new", lambda: b"graph")
    assert sorted(os.listdir(place)) == sorted(
        ["mine.txt", "new.graph", "k0.graph", *(f"k{i}.graph" for i in range(2, cache.KEEP))])


@pytest.fixture
def path(tmp_path):
    paddle.seed(0)
    net = build(ModelConfig(width=2))
    weights.save(tmp_path / "net.pdparams", weights.state_of(net), net.config)
    return tmp_path / "net.pdparams"


needs_openvino = pytest.mark.skipif(bool(engines._missing("openvino")), reason="not installed")


@needs_openvino
def test_graphs_are_kept_by_what_is_in_a_checkpoint(place, path, tmp_path, monkeypatch):
    batch = np.full((1, 3, 32, 32), 0.5, np.float32)
    (first,), _ = load([path], "openvino", "f32")
    expected = first(batch)
    copy = tmp_path / "copy.pdparams"
    copy.write_bytes(path.read_bytes())
    with monkeypatch.context() as patch:
        patch.setattr(engines, "_graph", lambda *_: never())
        (again,), _ = load([copy], "openvino", "f32")
        np.testing.assert_array_equal(again(batch)[0], expected[0])
    # Another training step under the same name, and another version of the exporter.
    net = build(ModelConfig(width=2))
    weights.save(path, weights.state_of(net), net.config)
    (other,), _ = load([path], "openvino", "f32")
    np.testing.assert_allclose(other(batch)[0], PaddleEngine(net)(batch)[0], atol=1e-5)
    assert len(os.listdir(place)) == 2
    monkeypatch.setattr("model.graph.VERSION", "other")
    load([copy], "openvino", "f32")
    assert len(os.listdir(place)) == 3


@needs_openvino
def test_two_processes_at_once(place, path):
    program = ("import sys; from infer.engines import load; import numpy as np\n"
               "(net,), _ = load([sys.argv[1]], 'openvino', 'f32')\n"
               "print(float(net(np.full((1, 3, 32, 32), 0.5, np.float32))[0].sum()))")
    started = [
        subprocess.Popen([sys.executable, "-c", program, path], cwd=ROOT, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0, 0], outputs
    assert len({out for out, _ in outputs}) == 1
    assert [Path(name).suffix for name in os.listdir(place)] == [".graph"]
