"""Pages on a Ray cluster: two nodes on this machine, each with one core."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import test as command
from data.image_io import read_image, write_image
from infer import cluster, detector
from model import ModelConfig, build, weights

ROOT = Path(__file__).parents[2]
RAY = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus", "1",
       "--object-store-memory", "100000000"]


class Fragile(cluster.Worker):
    """Dies of pages by their names: of 'once' the first time, of 'twice' always."""

    def erase(self, page):
        died = page.path.with_suffix(".died")
        if page.path.stem == "twice" or (page.path.stem == "once" and not died.exists()):
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().erase(page)


needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="no Ray here: pip install ray")


@pytest.fixture(scope="module", autouse=True)
def _token():
    """What Ray reads when it is first imported: a cluster's ports are open to the whole network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        yield


@pytest.fixture(scope="module")
def two_nodes():
    """A cluster's address. Its every process is ended, and every file gone, after the tests."""
    with TemporaryDirectory(dir="/tmp") as folder:  # short, since Ray's sockets lie below it
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
        nodes = []
        try:
            for place in (["--head", "--port", address.split(":")[1], "--temp-dir", folder,
                           "--include-dashboard", "false"], ["--address", address]):
                nodes.append(node := subprocess.Popen(
                    [*RAY, *place], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                    start_new_session=True))
                said = []
                for line in node.stdout:
                    said.append(line)
                    if "runtime started" in line:
                        break
                else:
                    pytest.fail("".join(said))
            yield address
        finally:
            for node in nodes:
                node.terminate()  # it ends and buries its own
            for node in nodes:
                with suppress(subprocess.TimeoutExpired):
                    node.wait(10)
                with suppress(ProcessLookupError):
                    os.killpg(node.pid, signal.SIGKILL)
                node.wait()
                node.stdout.close()


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """run(arguments) of test.py in `tmp_path` with a small random network: status, out, problems.

    `run.arguments` are those that it adds.
    """
    monkeypatch.chdir(tmp_path)
    net = build(ModelConfig(width=2, form="residual"))
    weights.save("net.pdparams", weights.state_of(net), net.config)
    shared = ["--weights", "net.pdparams", "--tile", "64", "--margin", "8", "--tta", "none",
              "--threads", "1"]

    def call(*arguments):
        status = command.main([*map(str, arguments), *shared])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    call.shared = shared
    return call


def make_pages(*names, size=60):
    Path("pages").mkdir()
    for seed, name in enumerate(names):
        page = np.random.default_rng(seed).integers(0, 255, (size, size + seed, 3), np.uint8)
        write_image(f"pages/{name}.png", page)


def files(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()
            if not path.name.startswith(".")}


@needs_ray
def test_two_nodes_do_what_one_process_does_and_survive_dying_workers(two_nodes, run, monkeypatch):
    import ray

    names = ["a", "b", "c", "once", "twice", "x", "y", "z"]
    make_pages(*names)
    Path("pages/bad.png").write_text("no picture")
    Path("out").mkdir()
    Path("out/c.png").write_text("mine")
    monkeypatch.setattr(cluster, "Worker", Fragile)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    pages = Path("pages").resolve()  # workers stand in another folder
    status, out, err = run(pages, "--output", "out", "--mask", "masks", "--zip", "out.zip",
                           "--report", "r.html", "--ray", two_nodes)
    assert (status, out) == (1, "6 erased, 0 up to date, 3 failed: out; out.zip; r.html\n"), err
    assert ", in each of 2 workers on Ray\n" in err
    assert f"test.py: {pages}/once.png: its worker died; it is tried once more\n" in err
    problems = [line for line in err.splitlines() if line.startswith("test.py: ")][-3:]
    assert problems[0].startswith(f"test.py: {pages}/bad.png: cannot be read: not an image")
    assert problems[1].startswith("test.py: out/c.png: exists and was not made by this program")
    assert problems[2].startswith(f"test.py: {pages}/twice.png: left out, since two workers died")
    # One process makes the rest, and would have made the same.
    Path("out/c.png").unlink()
    assert run("pages", "--output", "out", "--mask", "masks")[1] == (
        "2 erased, 6 up to date, 1 failed: out\n")
    assert run("pages", "--output", "one", "--mask", "ones")[1].startswith("8 erased")
    assert files("out") == files("one")
    assert files("masks") == files("ones")


@needs_ray
def test_parts_of_pages_are_the_same_everywhere(two_nodes, run, tmp_path, monkeypatch):
    """Words are found where the page is erased, by weights that were sent there."""
    make_pages("a", "b")
    net = build(ModelConfig("craft", 4))
    state = weights.state_of(net)
    state["head.8.weight"][:], state["head.8.bias"][:] = 0, 0.9  # all of a page is a word
    weights.save("craft.pdparams", state, net.config)
    monkeypatch.setattr(detector, "default_weights", lambda: tmp_path / "craft.pdparams")
    Path("masks").mkdir()
    for seed, name in enumerate("ab"):
        mask = np.zeros((60, 60 + seed), np.uint8)
        mask[:, :20 + seed] = 255
        write_image(f"masks/{name}.png", mask)
    given = ["--only", "words", "--protect", "masks", "--no-composite"]
    pages = Path("pages").resolve()
    status, out, err = run(pages, "--output", "out", *given, "--ray", two_nodes)
    assert (status, out) == (0, "2 erased, 0 up to date, 0 failed: out\n"), err
    assert run("pages", "--output", "one", *given)[0] == 0
    assert files("out") == files("one")
    changed = (read_image("out/b.png") != read_image("pages/b.png")).any(axis=(0, 2))
    assert not changed[:21].any() and changed[21:].all()


@needs_ray
def test_documents_are_shared_out_page_by_page(two_nodes, run, monkeypatch):
    import ray

    make_pages("a")
    pages = [np.random.default_rng(i).integers(0, 255, (60, 70, 3), np.uint8) for i in range(6)]
    first, *rest = map(Image.fromarray, pages)
    for name in ("b.tif", "c.pdf", "once.pdf", "twice.pdf"):
        first.save(f"pages/{name}", save_all=True, append_images=rest)
    monkeypatch.setattr(cluster, "Worker", Fragile)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    folder = Path("pages").resolve()
    status, out, err = run(folder, "--output", "out", "--mask", "masks", "--ray", two_nodes)
    assert (status, out) == (1, "4 erased, 0 up to date, 1 failed: out\n"), err
    assert ", in each of 2 workers on Ray\n" in err
    assert re.search(r"once.pdf: page \d: its worker died; it is tried once more\n", err)
    assert re.search(r"twice.pdf: page \d: left out, since two workers died of it", err)
    Path("pages/twice.pdf").unlink()
    assert run("pages", "--output", "one", "--mask", "ones")[1].startswith("4 erased")
    assert sorted(files("out")) == ["a.png", "b.tif", "c.pdf", "once.pdf"]
    assert files("out") == files("one")
    assert files("masks") == files("ones")


@needs_ray
def test_a_run_that_was_cut_off_is_taken_up(two_nodes, run):
    pages = 60  # more than can be done before the signal comes, even on a busy machine
    make_pages(*map(str, range(pages)), size=100)
    command = [sys.executable, ROOT / "test.py", "pages", "--output", "out", "--ray", two_nodes]
    with subprocess.Popen([*command, *run.shared], stderr=subprocess.DEVNULL) as driver:
        while driver.poll() is None and not list(Path().glob("out/*.png")):
            time.sleep(0.01)
        driver.send_signal(signal.SIGINT)
        driver.wait(120)
    made = files("out")
    assert 0 < len(made) < pages
    assert all(name.endswith(".png") for name in made)
    assert run("pages", "--output", "out")[:2] == (
        0, f"{pages - len(made)} erased, {len(made)} up to date, 0 failed: out\n")
    assert made.items() <= files("out").items()


def test_bad_weights_are_named_as_the_user_knows_them():
    with pytest.raises(ValueError, match="^my/net.pdparams: "):
        cluster.Worker().start(cluster.identity(), [("my/net.pdparams", b"no weights")], {})


def test_what_fills_is_sent_too():
    contents = []
    for arch in ("erasenet", "inpaint"):
        net = build(ModelConfig(arch, 2))
        with TemporaryDirectory() as folder:
            path = Path(folder) / "net.pdparams"
            weights.save(path, weights.state_of(net), net.config)
            contents.append((f"my/{arch}.pdparams", path.read_bytes()))
    worker = cluster.Worker()
    settings = {"engine": "paddle", "fill": 1}
    assert worker.start(cluster.identity(), contents, settings).engine == "paddle"
    with pytest.raises(ValueError, match="^my/inpaint.pdparams: is not an eraser"):
        worker.start(cluster.identity(), contents, settings | {"fill": 0})


def test_without_ray(run, monkeypatch):
    make_pages("a")
    monkeypatch.setitem(sys.modules, "ray", None)
    status, out, err = run("pages", "--output", "out", "--ray")
    assert (status, out) == (2, "")
    assert err.startswith("test.py: --ray needs Ray (")
    assert err.endswith("): pip install ray\n")


@needs_ray
@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere.invalid:6379", "pages", "host:99999"])
def test_no_cluster_there(run, address):
    make_pages("a")
    status, out, err = run("pages", "--output", "out", "--ray", address)
    assert (status, out) == (2, "")
    assert err.startswith(f"test.py: --ray {address}: ")
    assert len(err.splitlines()) == 1


def test_a_node_with_other_code_or_packages_does_not_join():
    expected = cluster.identity() | {"numpy": "1.0", "code": "0"}
    with pytest.raises(ValueError, match="code [0-9a-f]{8} instead of 0, numpy .* instead of 1.0"):
        cluster.Worker().start(expected, [], {})


@pytest.mark.parametrize("nodes, gpu, threads, expected", [
    ([(2, 0), (9, 0)], False, None, (2, 5)), ([(64, 0), (7, 0)], False, None, (4, 17)),
    ([(0, 0), (9, 0)], False, 8, (8, 1)), ([(16, 2), (64, 0), (8, 4)], True, None, (2, 6)),
    ([(8, 4)], True, 4, (4, 2)), ([(3, 8)], True, None, (1, 3)),
])
def test_room(nodes, gpu, threads, expected):
    nodes = [{"CPU": cores, "GPU": gpus} for cores, gpus in nodes]
    assert cluster._room(nodes, gpu, threads) == expected


def test_no_room():
    for nodes, gpu in (([], False), ([{"CPU": 4.0}], False), ([{"GPU": 1.0}], True)):
        with pytest.raises(cluster.ClusterError, match="no node of the cluster has 8 processor"):
            cluster._room(nodes, gpu, 8)


class InstantRay:
    """Ray whose workers are done at once; with `deadly`, every page is the end of its worker."""

    class exceptions:
        RayError = type("RayError", (Exception,), {})
        RayTaskError = type("RayTaskError", (RayError,), {})

    def __init__(self, deadly):
        self._deadly = deadly

    def wait(self, references, timeout):
        return references[:1], references[1:]

    def get(self, reference):
        if self._deadly:
            raise self.exceptions.RayError
        return {}

    def shutdown(self):
        pass


def instant_cluster(workers, deadly=False):
    made = cluster.Cluster.__new__(cluster.Cluster)
    erase = SimpleNamespace(remote=lambda page: object())
    made._ray, made._starting, made._start = InstantRay(deadly), {}, lambda: None
    made._idle = [SimpleNamespace(erase=erase) for _ in range(workers)]
    return made


def make_page(name):
    return cluster.Page(Path(str(name)), None, 0, {0: None}, {}, False)


def test_no_more_pages_are_read_than_workers_can_take():
    read = []
    pages = (read.append(i) or make_page(i) for i in range(100))
    for done, _ in enumerate(instant_cluster(3).erase(pages), 1):
        assert len(read) <= done + 3 + 1  # one is read ahead
    assert done == len(read) == 100


def test_no_worker_left():
    pages = [make_page(i) for i in range(9)]
    with pytest.raises(cluster.ClusterError, match="no worker is left"):
        list(instant_cluster(3, deadly=True).erase(pages))


def test_pages_that_a_lost_cluster_left_undone_are_counted(run, monkeypatch):
    make_pages("a", "b", "c")

    def lost(eraser, pages, erase=command.erase_here):
        yield next(erase(eraser, pages))
        raise cluster.ClusterError("--ray: no worker is left")

    monkeypatch.setattr(command, "erase_here", lost)
    status, out, err = run("pages", "--output", "out")
    assert (status, out) == (1, "1 erased, 0 up to date, 2 failed: out\n")
    assert err.endswith("test.py: --ray: no worker is left; 2 pages are not done, and a second run "
                        "goes on there\n")
