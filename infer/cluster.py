"""Pages in, encoded results out, by many erasers on a Ray cluster.

Every actor holds one Eraser and one page at a time, so that whoever dies is known to have died of
that page, and pages in flight are bounded by the workers there are. Only the driver reads and
writes files: it sends this program's code, the weights' bytes and images' bytes or how a document's
pages look, so nodes need the same packages and no common file system. Ray is imported only here,
when asked for.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import paddle
import PIL

from data.manifest import digest
from infer.engines import Choice
from infer.eraser import Eraser
from infer.pages import Outcome, Page, make, say

ROOT = Path(__file__).parent.parent
CODE = ("data", "infer", "model")  # what erasing imports
THREADS = 4  # of a worker on CPUs: more workers do more pages than more threads, and take memory
STARTS = 3  # a worker that dies so often before it is ready is given up
PATIENCE = 30  # seconds without any worker before that is said


class ClusterError(ValueError):
    """A cluster that cannot begin, or cannot go on."""


def identity() -> dict[str, str]:
    """This program's code and the packages that its results depend on, as versions."""
    sources = [path for name in CODE for path in sorted((ROOT / name).glob("*.py"))]
    found = {"code": digest(b"".join(path.read_bytes() for path in sources))[:8],
             "numpy": np.__version__, "opencv": cv2.__version__, "pillow": PIL.__version__,
             "paddle": paddle.__version__}
    for package in ("openvino", "onnxruntime"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "none"
    return found


class Worker:
    """What runs in an actor. Its methods raise ValueError with messages for the user."""

    def start(
        self, expected: dict[str, str], weights: list[tuple[str, bytes]], settings: dict,
        detector: bytes | None = None,
    ) -> Choice:
        """Load checkpoints, given as names and contents, with what else an Eraser takes.

        A number as its `fill` stands for the checkpoint of that place. `detector` is the content of
        what `settings["where"]` finds words with.
        """
        here = identity()
        if other := [f"{name} {here[name]} instead of {version}"
                     for name, version in expected.items() if here[name] != version]:
            raise ValueError(f"node {socket.gethostname()} would give other results than the "
                             f"program that began: it has {', '.join(other)}")
        with TemporaryDirectory() as folder:
            paths = [Path(folder) / str(i) for i in range(len(weights))]
            for path, (_, content) in zip(paths, weights, strict=True):
                path.write_bytes(content)
            if detector is not None:
                found_by = Path(folder) / settings["where"].weights.name  # which tells the official
                found_by.write_bytes(detector)
                settings = settings | {"where": replace(settings["where"], weights=found_by)}
            networks, fill = list(paths), settings.get("fill")
            if isinstance(fill, int):
                settings = settings | {"fill": networks.pop(fill)}
            try:
                self._eraser = Eraser(networks, **settings)
            except ValueError as error:
                text = str(error)
                for path, (name, _) in zip(paths, weights, strict=True):
                    text = text.replace(str(path), name)
                raise ValueError(text) from None
        return self._eraser.engine

    def erase(self, page: Page) -> dict[str, bytes]:
        return make(self._eraser, page)


class Cluster:
    """Workers on a Ray cluster, all with the engine and precision that the first one chose.

    `address` is the cluster's HOST:PORT; without one it is the cluster that this machine belongs
    to, or else this machine alone. `most` workers are started, or as many as there is room for.
    `weights` are checkpoints' names and contents, `settings` an Eraser's other arguments by name;
    their threads are a worker's. `detector` is the content of their `where`'s weights.
    Raises ValueError for settings and checkpoints as Eraser does, and as ClusterError where there
    is no Ray, no cluster or no room in it.
    """

    def __init__(
        self, address: str, most: int | None, weights: list[tuple[str, bytes]], settings: dict,
        detector: bytes | None = None,
    ):
        self._ray = _connect(address)
        try:
            nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
            gpu = (settings["engine"] in ("auto", "paddle")
                   and any(node.get("GPU") for node in nodes))
            threads, room = _room(nodes, gpu, settings["threads"])
            self._kind = self._ray.remote(Worker).options(
                num_cpus=threads, num_gpus=int(gpu), scheduling_strategy="SPREAD",
                # Paddle reads them when it is imported.
                runtime_env={"env_vars": {"OMP_NUM_THREADS": str(threads)} | {
                    name: os.environ[name] for name in ("FLAGS_use_mkldnn", "GLOG_minloglevel")
                    if name in os.environ}})
            self._identity, self._weights = identity(), self._ray.put(weights)
            self._detector = self._ray.put(detector)
            self._starting = {}  # reference of its start: worker, and how many died before it
            self._settings = settings | {"threads": threads}
            self._idle = []
            self._start()
            while not self._idle:
                self._started(self._wait(), first=True)
            self._settings |= {"engine": self.engine.engine,
                               "precision": self.engine.precision}
            self.workers = min(room, most or room)
            for _ in range(self.workers - 1):
                self._start()
        except BaseException:
            self._ray.shutdown()
            raise

    def erase(self, pages: Iterable[Page]) -> Iterator[tuple[Page, Outcome]]:
        """Yield pages as they get done, each with what was made of it or why it was not.

        `pages` is read no faster than workers get free. A page whose worker died is given to
        another; one that this befalls twice is left out. Ends the cluster's use. Raises
        ClusterError where no worker is left.
        """
        pages, waiting, suspects = iter(pages), [], set()
        busy = {}  # reference of a result: worker and page
        finished = None
        try:
            while True:
                while True:
                    if not waiting and (page := next(pages, None)):  # one is read ahead
                        waiting.append(page)
                    if not (waiting and self._idle):
                        break
                    worker, page = self._idle.pop(), waiting.pop()
                    busy[worker.erase.remote(page.portable())] = worker, page
                if finished:  # handed out only now, since no worker need wait for its writing
                    yield finished
                    finished = None
                if not (busy or waiting):
                    return
                reference = self._wait(busy)
                if reference in self._starting:
                    self._started(reference)
                    continue
                worker, page = busy.pop(reference)
                try:
                    outcome = self._ray.get(reference)
                    self._idle.append(worker)
                except self._ray.exceptions.RayTaskError as error:
                    outcome = error.cause
                    self._idle.append(worker)
                except self._ray.exceptions.RayError:
                    self._start()
                    if str(page) not in suspects:
                        suspects.add(str(page))
                        waiting.append(page)
                        say(f"{page}: its worker died; it is tried once more")
                        continue
                    outcome = ClusterError(f"{page}: left out, since two workers died of it; "
                                           "a smaller --batch or --tile needs less memory")
                suspects.discard(str(page))
                finished = page, outcome
        finally:
            self._ray.shutdown()

    def _start(self, died: int = 0) -> None:
        worker = self._kind.remote()
        reference = worker.start.remote(self._identity, self._weights, self._settings,
                                        self._detector)
        self._starting[reference] = worker, died

    def _started(self, reference, first: bool = False) -> None:
        """Take note of a worker that is ready or failed to be. The first one may not refuse."""
        worker, died = self._starting.pop(reference)
        try:
            self.engine = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            if first:
                raise error.cause from None
            say(f"a worker less: {error.cause}")
        except self._ray.exceptions.RayError as error:
            why = str(error).strip().splitlines()[0]
            if died + 1 < STARTS:
                self._start(died + 1)
            elif first:
                raise ClusterError(f"--ray: no worker can start: {why}") from None
            else:
                say(f"a worker less: {why}")
        else:
            self._idle.append(worker)

    def _wait(self, busy: Iterable = ()) -> object:
        """The next reference that is ready, of pages or of workers."""
        waiting = [*busy, *self._starting]
        if not waiting:
            raise ClusterError("--ray: no worker is left")
        while True:
            ready, _ = self._ray.wait(waiting, timeout=None if busy else PATIENCE)
            if ready:
                return ready[0]
            say("waiting for a worker: nothing is free in the cluster")


def _connect(address: str):
    """Ray, connected. Raises ClusterError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a machine of its own reports to nobody
    try:
        import ray
    except ImportError as error:
        raise ClusterError(f"--ray needs Ray ({error}): pip install ray") from None
    host, _, port = (address or os.environ.get("RAY_ADDRESS", "")).rpartition(":")
    if address and not (host and port.isdigit()):
        raise ClusterError(f"--ray {address}: expected HOST:PORT, as `ray start --head` says")
    if port.isdigit():
        try:  # at once: Ray itself gives up after two minutes
            socket.create_connection((host, int(port)), timeout=10).close()
        except (OSError, OverflowError) as error:
            raise ClusterError(f"--ray {host}:{port}: no cluster there ({error})") from None
    left_out = [f"/{path.name}" for path in ROOT.iterdir() if path.name not in CODE]
    left_out.append("/data/synth")  # 20 MB of fonts and words
    try:
        ray.init(address or None, log_to_driver=False, logging_level="ERROR",
                 runtime_env={"working_dir": str(ROOT), "excludes": left_out})
    except (Exception, SystemExit) as error:  # it exits where nothing answers
        ray.shutdown()
        lines = str(error).strip().splitlines()  # of a traceback, where it brings one
        why = "nothing answers" if isinstance(error, SystemExit) or not lines else lines[-1]
        where = f"--ray {address}".strip()
        raise ClusterError(f"{where}: no connection to a cluster: {why}") from None
    return ray


def _room(nodes: list[dict[str, float]], gpu: bool, threads: int | None) -> tuple[int, int]:
    """Threads of a worker and how many workers the nodes' resources are enough for.

    A worker has a GPU and its part of the cores, or THREADS cores; never more than the smallest
    node has.
    """
    able = [(int(node["CPU"]), int(node.get("GPU", 0))) for node in nodes
            if node.get("CPU", 0) >= 1 and (not gpu or node.get("GPU", 0) >= 1)]
    if threads is None:
        parts = (max(1, cores // gpus) if gpu else min(cores, THREADS) for cores, gpus in able)
        threads = min(parts, default=1)
    need = max(1, threads)  # Eraser says what is wrong with less
    workers = sum(min(cores // need, gpus) if gpu else cores // need for cores, gpus in able)
    if not workers:
        kind = f"{need} processor cores" + " and a GPU" * gpu
        raise ClusterError(f"--ray: no node of the cluster has {kind}; a smaller --threads asks "
                           "for fewer")
    return threads, workers
