"""What runs a network on a batch of tiles: Paddle, OpenVINO or ONNX Runtime.

An engine is called with float32 N,3,H,W in [0, 1], H and W multiples of 32, and returns a network's
results: for an eraser (image, mask), float32 N,3,H,W not clipped and N,1,H,W in [0, 1]; for a text
segmenter the mask alone, for a detector its scores, N,2,H/2,W/2. Inpainting networks take the hole
as a fourth channel.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import paddle

from data.cores import usable_cores
from data.errors import reason
from data.manifest import digest
from infer.cache import cached
from model import Erased
from model import weights as checkpoints
from model.blocks import in_float32, takes
from model.coarse import FirstStage
from model.compiled import compiled, worthwhile

# ONNX Runtime would report to its makers; a page's owner has not agreed to that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

ENGINES = ("paddle", "openvino", "onnxruntime")
PRECISIONS = ("f32", "bf16", "f16")
# While Paddle compiles a network, no other thread of the process can open or run one.
_paddle = threading.RLock()
# A graph and Paddle may differ by this much, of 1 or of the largest value where that is more.
TOLERANCE = 1e-3
CHECKED = ((2, 64, 96), (1, 128, 64))  # N, H, W of inputs on which they are compared

Network = Callable[[np.ndarray], tuple[np.ndarray, ...]]
Reader = Callable[[Path], paddle.nn.Layer]


class EngineError(ValueError):
    """An engine that cannot run a network which may be a good one."""


class Choice(NamedTuple):
    """An engine with its settings; `str` says it in words."""

    engine: str  # one of ENGINES
    precision: str  # one of PRECISIONS
    threads: int
    device: str = "cpu"

    def __str__(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.engine} {self.precision}, {threads if self.device == 'cpu' else self.device}"


class PaddleEngine:
    """Paddle on its current device: the reference.

    Every layer is left in the mode it was in. `compile` runs the network as a static graph, which
    is built anew for every size of tile. `half` computes convolutions in float16, on a GPU only.
    """

    def __init__(self, net: paddle.nn.Layer, compile: bool = False, half: bool = False):
        self.net = net
        self._half = half
        self._forward = compiled(net) if compile else net

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        with _paddle:
            modes = [(layer, layer.training) for layer in self.net.sublayers(include_self=True)]
            self.net.eval()
            fast = paddle.amp.auto_cast(dtype="float16") if self._half else nullcontext()
            try:
                with paddle.no_grad():
                    with fast:
                        output = self._forward(paddle.to_tensor(batch))
                    return tuple(tensor.numpy() for tensor in in_float32(output).results())
            finally:
                for layer, training in modes:
                    layer.training = training


class OpenVinoEngine:
    """OpenVINO on the CPU, from a serialised ONNX graph."""

    def __init__(self, graph: bytes, threads: int, precision: str = "f32"):
        import openvino

        core = openvino.Core()
        self._lock = threading.Lock()  # a compiled model has one request, for one caller
        self._model = core.compile_model(core.read_model(graph), "CPU", {
            "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY"})
        self.results = [output.any_name for output in self._model.outputs]

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        with self._lock:
            outputs = self._model(batch, share_inputs=True, share_outputs=False)
            return tuple(outputs[name] for name in self.results)


class OnnxRuntimeEngine:
    """ONNX Runtime on the CPU, from a serialised ONNX graph."""

    def __init__(self, graph: bytes, threads: int, precision: str = "f32"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"])
        self.results = [output.name for output in self._session.get_outputs()]

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(self._session.run(self.results, {"tile": batch}))


GRAPH_ENGINES = {"openvino": OpenVinoEngine, "onnxruntime": OnnxRuntimeEngine}


def choose(
    engine: str = "auto", precision: str = "auto", threads: int | None = None
) -> list[Choice]:
    """The engines that fit what was asked for, best first: one where an engine is named.

    'auto' is Paddle on a GPU, else OpenVINO, ONNX Runtime, Paddle, as far as they are installed;
    the precision is bfloat16 where OpenVINO says that the processor has it, else float32. `threads`
    are all cores that the process may use. Raises ValueError naming what is possible.
    """
    for name, value, known in (("engine", engine, ENGINES), ("precision", precision, PRECISIONS)):
        if value not in ("auto", *known):
            raise ValueError(f"unknown {name} {value!r}; known: auto, {', '.join(known)}")
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be 1 or more, got {threads}")
    device = paddle.device.get_device().split(":")[0]
    gpu = device != "cpu"
    if engine != "auto":
        names = [engine]
        if why := _missing(engine):
            raise ValueError(f"engine {engine!r} is not installed ({why}): "
                             f"pip install {engine} onnx")
    else:
        names = ["paddle"] if gpu else ["openvino", "onnxruntime", "paddle"]
        names = [name for name in names if not _missing(name)]
    offers = {name: _precisions(name, gpu) for name in names}
    choices = [
        Choice(name, offers[name][0] if precision == "auto" else precision,
               threads or usable_cores(), device if name == "paddle" else "cpu")
        for name in names if precision == "auto" or precision in offers[name]
    ]
    if not choices:
        possible = "; ".join(f"{name}: {', '.join(can)}" for name, can in offers.items())
        raise ValueError(f"no precision {precision!r} on this machine; possible are {possible}")
    return choices


def load(
    networks: Sequence[Path | str | Network], engine: str = "auto", precision: str = "auto",
    threads: int | None = None, refine: bool = True,
    outputs: tuple[type, ...] = (Erased,), read: Reader = checkpoints.load,
) -> tuple[list[Network], Choice]:
    """Checkpoints, or what is a function already, as functions, and the engine that runs them.

    Without `refine` checkpoints' first stages alone (see model.coarse.FirstStage) are run, where
    they have two. `read` makes a network of a path; one with none of `outputs` is refused.
    An automatic choice that cannot run one of them gives way to the next, with a warning. Raises
    ValueError as `choose` does, for a bad checkpoint, and as EngineError where no engine is left.
    """
    kinds = " or ".join(output.KIND for output in outputs)
    make = partial(_read, read=read, outputs=outputs, kinds=kinds, refine=refine)
    choices = choose(engine, precision, threads)
    for choice in choices:
        try:
            with _paddle:
                return [_open(Path(net), choice, threads is not None, make, f"{kinds} {refine}")
                        if isinstance(net, (str, Path)) else net for net in networks], choice
        except EngineError as error:
            if choice is choices[-1]:
                raise
            warnings.warn(f"{error}; trying the next engine", stacklevel=2)
    raise AssertionError("choose returns one choice at least")


def export(path: Path | str) -> bytes:
    """A checkpoint as ONNX, checked against Paddle by the first engine there is.

    Raises ValueError for a bad checkpoint and EngineError where the check fails.
    """
    for name in GRAPH_ENGINES:
        if not _missing(name):
            with _paddle:
                return _graph(Path(path), name, checkpoints.load)
    raise EngineError("exporting needs onnx, and OpenVINO or ONNX Runtime to check the result: "
                      "pip install openvino onnx")


def _missing(engine: str) -> str:
    """Why an engine cannot be imported; empty where it can."""
    try:
        if engine != "paddle":
            __import__(engine)
            import onnx  # noqa: F401
    except Exception as error:  # also OSError, a library that does not fit, or protobuf's TypeError
        return reason(error)
    return ""


def _precisions(engine: str, gpu: bool) -> list[str]:
    """What an engine can compute in here; the first is its automatic choice."""
    if engine == "paddle":
        return ["f32", "f16"] if gpu else ["f32"]
    if engine == "openvino":
        import openvino

        able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return ["bf16", "f32"] if "BF16" in able else ["f32"]
    return ["f32"]


def _read(
    path: Path, read: Reader, outputs: tuple[type, ...], kinds: str, refine: bool
) -> paddle.nn.Layer:
    net = read(path)
    if net.output not in outputs:
        raise ValueError(f"{path}: is not {kinds}, but {net.output.KIND}")
    return FirstStage(net) if not refine and hasattr(net, "coarse") else net


def _open(path: Path, choice: Choice, limit: bool, make: Reader, kind: str) -> Network:
    """A checkpoint on the chosen engine. `limit` holds Paddle to the chosen threads, too.

    `make` makes a network of the path; `kind` says in words what else that depends on.
    """
    if choice.engine == "paddle":
        if limit:  # of eager work; a compiled graph has as many as OMP_NUM_THREADS said at import
            paddle.base.core.set_num_threads(choice.threads)
        return PaddleEngine(make(path), worthwhile(), choice.precision == "f16")
    from model.graph import VERSION

    try:
        key = digest(path.read_bytes() + f"{VERSION} {kind}".encode())
    except OSError:
        key = None  # let the reader of checkpoints say what is wrong

    def write() -> bytes:
        return _graph(path, choice.engine, make)

    graph = cached(key, write) if key else write()
    return _start(path, choice.engine, graph, choice.threads, choice.precision)


def _start(path: Path, engine: str, graph: bytes, threads: int, precision: str) -> Network:
    try:
        return GRAPH_ENGINES[engine](graph, threads, precision)
    except Exception as error:  # the runtimes' exceptions have no base in common
        raise EngineError(f"{path}: {engine} cannot run it: {reason(error)}") from error


def _graph(path: Path, engine: str, make: Reader) -> bytes:
    """A checkpoint as a graph that gives what Paddle gives: EngineError where it does not."""
    from model.graph import GraphError, to_onnx

    net = make(path)
    try:
        graph = to_onnx(net, {"weights": digest(path.read_bytes())})
    except GraphError as error:
        raise EngineError(f"{path}: {error}") from error
    run, reference = _start(path, engine, graph, usable_cores(), "f32"), PaddleEngine(net)
    for n, height, width in CHECKED:
        shape = n, takes(net.output), height, width
        batch = np.random.default_rng(0).random(shape, np.float32)
        for name, ours, theirs in zip(run.results, reference(batch), run(batch), strict=True):
            error = np.abs(ours - theirs).max() / max(1, np.abs(ours).max())
            if not error <= TOLERANCE:  # not a number is no agreement
                raise EngineError(f"{path}: {engine} and Paddle differ by {error:.2g} in the "
                                  f"{name}, more than {TOLERANCE:g}")
    return graph
