"""The networks as ONNX graphs, for the engines that run those.

A network's own `forward` is run once on symbols: within `_rules` every operation that the networks
use adds a node when it meets a symbol and does what it always does otherwise. paddle2onnx has no
version that runs beside both Paddle 2.6 and 3.x.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import paddle
import paddle.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from paddle import nn

from data.manifest import digest
from model import (
    blocks,
    craft,
    described,
    gmcnn,
    inpaint,
    nonlocal_eraser,
    paper,
    pert,
    text_seg,
)

OPSET, IR_VERSION = 16, 8  # the first with GridSample; any runtime since 2022
MULTIPLE = 32  # height and width of a network's input are multiples of it
# What a graph depends on beside the weights: this file and the networks'.
VERSION = digest(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))


class GraphError(ValueError):
    """A network that cannot be written as a graph."""


class Symbol:
    """A tensor to be: the name of a value in the graph that `graph` collects."""

    def __init__(self, graph: _Graph, name: str):
        self.graph, self.name = graph, name

    def __add__(self, other):
        return self.graph.node("Add", self, other)

    def __sub__(self, other):
        return self.graph.node("Sub", self, other)

    def __rsub__(self, other):
        return self.graph.node("Sub", other, self)

    def __truediv__(self, other):
        return self.graph.node("Div", self, other)

    def __mul__(self, other):
        return self.graph.node("Mul", self, other)


class _Graph:
    """Nodes and constants, in the order in which they were made."""

    def __init__(self):
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def node(self, kind: str, *inputs, **attributes) -> Symbol:
        """Add a node. Inputs are symbols, or constants (arrays, Paddle's tensors, floats), or None.
        """
        names = ["" if x is None else x.name if isinstance(x, Symbol) else self._constant(x)
                 for x in inputs]
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [name], **attributes))
        return Symbol(self, name)

    def _constant(self, value) -> str:
        name = f"c{len(self.constants)}"
        array = value.numpy() if isinstance(value, paddle.Tensor) else np.asarray(
            value, "float32" if isinstance(value, float) else None, order="C")
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def needed(self, outputs: set[str]) -> tuple[list, list]:
        """Nodes and constants that `outputs` depend on: what only training reads is left out."""
        kept, wanted = [], set(outputs)
        for node in reversed(self.nodes):
            if wanted.intersection(node.output):
                kept.append(node)
                wanted.update(node.input)
        return kept[::-1], [self.constants[name] for name in self.constants if name in wanted]


def _conv(layer: nn.Conv2D, x: Symbol) -> Symbol:
    bias = [] if layer.bias is None else [layer.bias]
    sides = layer._padding if isinstance(layer._padding, list) else [layer._padding] * 2
    return x.graph.node(
        "Conv", x, layer.weight, *bias, strides=list(layer._stride), pads=[*sides] * 2,
        dilations=list(layer._dilation), group=layer._groups)


def _batch_norm(layer: nn.BatchNorm2D, x: Symbol) -> Symbol:
    mean, variance, weight, bias = (
        tensor.numpy().astype("float64").reshape(-1, 1, 1)
        for tensor in (layer._mean, layer._variance, layer.weight, layer.bias))
    scale = weight / np.sqrt(variance + layer._epsilon)
    return x * scale.astype("float32") + (bias - mean * scale).astype("float32")


def _up_conv(layer: blocks.UpConv, x: Symbol) -> Symbol:
    y = x.graph.node("ConvTranspose", x, layer.weight, layer.bias, strides=[2, 2],
                     pads=[1, 1, 1, 1], output_padding=[1, 1])
    return _leaky_relu(y, 0.2) if layer.relu else y


def _attention(block: nonlocal_eraser.NonLocalBlock, x: Symbol) -> Symbol:
    node, half = x.graph.node, block.channels // 2
    winner = block.attention == "winner"
    rows = np.array([0, block.channels if winner else half, -1])  # 0 keeps the batch
    query, key, value = (node("Reshape", conv(x), rows)
                         for conv in (block.query, block.key, block.value))
    # Paddle's layer transposes all three: here (A B)ᵀ = Bᵀ Aᵀ spares one, to the same end.
    weights = node("MatMul", node("Transpose", query, perm=[0, 2, 1]), key)
    weights = node("Softmax", weights, axis=1 if winner else 2)
    y = node("MatMul", value, node("Transpose", weights, perm=[0, 2, 1]))
    y = node("Reshape", y, node("Concat", np.array([0, half]), _shape(x, 2, 4), axis=0))
    return x + block.out(y)


def _leaky_relu(x: Symbol, negative_slope: float = 0.01) -> Symbol:
    return x.graph.node("LeakyRelu", x, alpha=negative_slope)


def _average(x: Symbol, side: int, stride: int | None = None, padding: int = 0) -> Symbol:
    return x.graph.node("AveragePool", x, kernel_shape=[side] * 2, strides=[stride or side] * 2,
                        pads=[padding] * 4)


def _max_pool(x: Symbol, side: int, stride: int = 1) -> Symbol:
    return x.graph.node("MaxPool", x, kernel_shape=[side] * 2, strides=[stride] * 2,
                        pads=[(side - stride) // 2] * 4)


def _upsample(x: Symbol) -> Symbol:
    scales = np.array([1, 1, 2, 2], "float32")
    return x.graph.node("Resize", x, None, scales, mode="nearest",
                        coordinate_transformation_mode="asymmetric", nearest_mode="floor")


def _shape(x: Symbol, begin: int, end: int) -> Symbol:
    return x.graph.node("Slice", x.graph.node("Shape", x), np.array([begin]), np.array([end]))


def _side(x: Symbol, axis: int) -> Symbol:
    return x.graph.node("Gather", x.graph.node("Shape", x), np.array(axis))


def _real(x: Symbol) -> Symbol:
    return x.graph.node("Cast", x, to=TensorProto.FLOAT)


def _enlarge_to(x: Symbol, other: Symbol) -> Symbol:
    sizes = x.graph.node("Concat", _shape(x, 0, 2), _shape(other, 2, 4), axis=0)
    return x.graph.node("Resize", x, None, None, sizes, mode="linear",
                        coordinate_transformation_mode="align_corners")


def _reflect(x: Symbol, margin: int) -> Symbol:
    node = x.graph.node

    def absolute(places: Symbol) -> Symbol:
        return node("Max", places, places * -1)  # OpenVINO's Abs leaves integers as they are

    for axis in (2, 3):
        last, beyond = _side(x, axis) - 1, np.arange(1, margin + 1)
        # Both sides apart: of a gather of all, OpenVINO would not know that it is long enough.
        sides = [node("Gather", x, absolute(node("Mod", places, last * 2) - last), axis=axis)
                 for places in (last - beyond[::-1], last * 2 + beyond)]
        x = node("Concat", sides[0], x, sides[1], axis=axis)
    return x


def _adaptive_average(x: Symbol, count: int) -> Symbol:
    if count == 1:
        return x.graph.node("GlobalAveragePool", x)
    node, bins = x.graph.node, np.arange(count)[:, None]

    def shares(size: Symbol) -> Symbol:  # (count, size): of each pixel in each bin
        start = node("Div", size * bins, np.array(count))
        end = node("Div", size * (bins + 1) + (count - 1), np.array(count))
        places = node("Range", np.array(0), size, np.array(1))
        inside = node("And", node("GreaterOrEqual", places, start), node("Less", places, end))
        return node("Div", _real(inside), _real(end - start))

    columns = node("Transpose", shares(_side(x, 3)), perm=[1, 0])
    return node("MatMul", node("MatMul", shares(_side(x, 2)), x), columns)


def _warp(x: Symbol, flow: Symbol) -> Symbol:
    node, moved = x.graph.node, []
    for channel, axis in enumerate((3, 2)):
        size = _side(flow, axis)
        places = _real(node("Range", np.array(0), size, np.array(1)))
        line = node("Div", places * 2.0, _real(size - 1)) - 1.0
        line = node("Reshape", line, np.array([1, 1, 1, -1] if axis == 3 else [1, 1, -1, 1]))
        along = node("Slice", flow, np.array([channel]), np.array([channel + 1]), np.array([1]))
        moved.append(node("Div", along, _real(size)) + line)
    grid = node("Transpose", node("Concat", *moved, axis=1), perm=[0, 2, 3, 1])
    return node("GridSample", x, grid, mode="bilinear", padding_mode="zeros", align_corners=0)


def _mean_logits(mask: Symbol) -> Symbol:
    node = mask.graph.node
    mean = _clip(node("ReduceMean", mask, axes=[1]), 1e-6, 1 - 1e-6)
    return node("Log", mean / (1.0 - mean))


def _bilinear(x: Symbol) -> Symbol:
    scales = np.array([1, 1, 2, 2], "float32")
    return x.graph.node("Resize", x, None, scales, mode="linear")


def _split_hole(x: Symbol) -> tuple[Symbol, Symbol, Symbol]:
    node, axis = x.graph.node, np.array([1])
    picture = node("Slice", x, np.array([0]), np.array([3]), axis)
    hole = node("Slice", x, np.array([3]), np.array([4]), axis)
    hole = node("Cast", node("GreaterOrEqual", hole, 0.5), to=TensorProto.FLOAT)
    return picture, 1.0 - hole, hole


def _renormaliser(share: Symbol) -> tuple[Symbol, Symbol]:
    node = share.graph.node
    known = node("Cast", node("Greater", share, inpaint.SMALLEST), to=TensorProto.FLOAT)
    return known, node("Div", known, node("Max", share, inpaint.SMALLEST))


def _clip(x: Symbol, low: float, high: float) -> Symbol:
    return x.graph.node("Clip", x, np.float32(low), np.float32(high))


def _concat(tensors: list[Symbol], axis: int = 0) -> Symbol:
    return tensors[0].graph.node("Concat", *tensors, axis=axis)


# Whose attribute of which name makes which node when an argument is a symbol.
RULES: list[tuple[object, str, Callable]] = [
    (nn.Conv2D, "forward", _conv),
    (nn.BatchNorm2D, "forward", _batch_norm),
    (blocks.UpConv, "forward", _up_conv),
    (nonlocal_eraser.NonLocalBlock, "forward", _attention),
    (nonlocal_eraser, "max_pool", lambda x: _max_pool(x, 2, 2)),
    (nonlocal_eraser, "upsample", _upsample),
    (craft, "max_pool", lambda x: _max_pool(x, 2, 2)),
    (craft, "max_pool3", lambda x: _max_pool(x, 3)),
    (craft, "bilinear", _bilinear),
    (text_seg, "bilinear", _bilinear),
    *((module, "enlarge_to", _enlarge_to) for module in (gmcnn, pert)),
    (gmcnn, "reflect", _reflect),
    (pert, "warp", _warp),
    (pert, "mean_logits", _mean_logits),
    *((module, "upsample", _upsample) for module in (inpaint, gmcnn, pert)),
    *((module, "split_hole", _split_hole) for module in (inpaint, gmcnn)),
    (inpaint, "renormaliser", _renormaliser),
    (paper, "brightest", _max_pool),
    (paper, "bilinear", _bilinear),
    (paper, "lightness", lambda colour: colour.graph.node("ReduceMean", colour, axes=[1])),
    (paper, "without_gradient", lambda x: x),
    (paddle, "clip", _clip),
    (paddle, "concat", _concat),
    (F, "avg_pool2d", _average),
    (F, "leaky_relu", lambda x, slope=0.01, name=None: _leaky_relu(x, slope)),
    (F, "relu", lambda x, name=None: x.graph.node("Relu", x)),
    (F, "relu6", lambda x, name=None: _clip(x, 0, 6)),
    (F, "adaptive_avg_pool2d", _adaptive_average),
    (F, "sigmoid", lambda x: x.graph.node("Sigmoid", x)),
    (F, "elu", lambda x: x.graph.node("Elu", x)),
    (F, "tanh", lambda x: x.graph.node("Tanh", x)),
]
_lock = threading.Lock()


@contextmanager
def _rules() -> Iterator[None]:
    """Within, the operations of RULES take symbols too. Other threads' work goes on as ever."""

    def either(rule: Callable, usual: Callable) -> Callable:
        def call(*arguments, **options):
            first = arguments[:2]
            if any(isinstance(a[0] if isinstance(a, list) else a, Symbol) for a in first):
                return rule(*arguments, **options)
            return usual(*arguments, **options)
        return call

    with _lock:
        before = [(owner, name, vars(owner).get(name)) for owner, name, _ in RULES]
        try:
            for owner, name, rule in RULES:
                setattr(owner, name, either(rule, getattr(owner, name)))
            yield
        finally:
            for owner, name, usual in before:
                if usual is None:  # it was inherited
                    delattr(owner, name)
                else:
                    setattr(owner, name, usual)


def to_onnx(net: nn.Layer, about: dict[str, str] | None = None) -> bytes:
    """The network as a serialised ONNX model.

    Its input `tile` is float32 N,3,H,W RGB in [0, 1] (N,4,H,W for an inpainting network, the fourth
    the hole), H and W multiples of 32, all of N, H and W free; its outputs are the RESULTS of its
    kind of output: an eraser's `image`, not clipped, and `mask` in [0, 1], say. Batch norm is as in
    evaluation. Metadata are the network's config, and `about`. GraphError where the network uses an
    operation that no rule knows.
    """
    graph = _Graph()
    with _rules():
        try:
            results = net(Symbol(graph, "tile")).results()
        except Exception as error:  # Paddle refuses a symbol in many ways
            raise GraphError(f"{type(net).__name__} cannot be written as ONNX: {error}") from error
    names = {result.name: name for result, name in zip(results, net.output.RESULTS, strict=True)}
    nodes, constants = graph.needed(set(names))
    for node in nodes:
        node.output[0] = names.get(node.output[0], node.output[0])
        node.input[:] = [names.get(name, name) for name in node.input]
    model = helper.make_model(
        helper.make_graph(
            nodes, net.config.arch,
            [helper.make_tensor_value_info(
                "tile", TensorProto.FLOAT, ["n", blocks.takes(net.output), "height", "width"])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in net.output.RESULTS.items()],
            constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
        producer_name="text eraser")
    config = {name: str(value) for name, value in described(net.config).items()}
    helper.set_model_props(model, {
        **config, "multiple": str(MULTIPLE), "input": "RGB in [0, 1]", **net.output.MEANING,
        **(about or {})})
    onnx.checker.check_model(model)
    return model.SerializeToString()
