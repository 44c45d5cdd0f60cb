import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from data.cores import usable_cores
from infer import engines
from infer.engines import EngineError, PaddleEngine, choose, load
from model import Detected, Erased, ModelConfig, build, weights
from model.blocks import takes


class Half(paddle.nn.Layer):
    """Halves a page; its batch norm and dropout would show the mode that it runs in."""

    def __init__(self, fail=False):
        super().__init__()
        self.fail = fail
        self.norm = paddle.nn.BatchNorm2D(3, epsilon=0)
        self.drop = paddle.nn.Dropout(0.5)

    def forward(self, x):
        self.seen = [layer.training for layer in self.sublayers(include_self=True)]
        if self.fail:
            raise RuntimeError("as asked")
        y = self.drop(self.norm(x)) / 2
        return Erased(y, [], 8 * x[:, :1] - 4)


def make_batch(shape=(2, 3, 32, 64)):
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def modes(net):
    return [layer.training for layer in net.sublayers(include_self=True)]


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("mode", ["train", "eval", "frozen norm"])
def test_runs_in_eval_mode_and_restores_every_layer(mode, fail):
    net = Half(fail)
    net.eval() if mode == "eval" else net.train()
    if mode == "frozen norm":
        net.norm.eval()
    before = modes(net)
    if fail:
        with pytest.raises(RuntimeError, match="as asked"):
            PaddleEngine(net)(make_batch())
    else:
        batch = make_batch()
        image, mask = PaddleEngine(net)(batch)
        np.testing.assert_allclose(image, batch / 2, rtol=1e-6)
        np.testing.assert_allclose(mask, 1 / (1 + np.exp(4 - 8 * batch[:, :1])), rtol=1e-5)
        np.testing.assert_array_equal(net.norm._mean.numpy(), 0)
    assert not any(net.seen)
    assert modes(net) == before


@pytest.mark.parametrize("arch", ["erasenet", "nonlocal"])
def test_real_networks(arch):
    paddle.seed(0)
    net = build(ModelConfig(arch, width=2, refine_channels=2, form="gated"))
    batch = make_batch()
    image, mask = PaddleEngine(net)(batch)
    assert net.training
    assert (image.shape, mask.shape) == (batch.shape, (2, 1, 32, 64))
    assert image.dtype == mask.dtype == np.float32
    assert (mask >= 0).all() and (mask <= 1).all()
    # A tile's result does not depend on its company, which batch norm in training mode would mix.
    alone, _ = PaddleEngine(net)(batch[:1])
    np.testing.assert_allclose(image[:1], alone, atol=1e-5)
    net.eval()
    with paddle.no_grad():
        expected = net(paddle.to_tensor(batch))
    np.testing.assert_array_equal(image, expected.image.numpy())


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """checkpoint(config's values...): the path of weights and their network; an empty cache."""
    monkeypatch.setenv("TEXT_ERASER_CACHE", str(tmp_path / "cache"))

    def write(**config):
        paddle.seed(3)
        net = build(ModelConfig(**{"width": 4, "refine_channels": 4, "form": "gated"} | config))
        path = tmp_path / "net.pdparams"
        weights.save(path, weights.state_of(net), net.config)
        return path, net

    return write


def installed(engine):
    return not engines._missing(engine)


GRAPHS = [
    pytest.param(name, marks=pytest.mark.skipif(not installed(name), reason="not installed"))
    for name in engines.GRAPH_ENGINES
]
needs_openvino = pytest.mark.skipif(not installed("openvino"), reason="not installed")


def run(path, batch, *settings):
    (network,), _ = load([path], *settings)
    return network(batch)


def assert_close(results, expected, tolerance=1e-5):
    for one, other in zip(results, expected, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, atol=tolerance)


@pytest.mark.parametrize("config", [
    {"arch": "erasenet", "width": 16}, {"arch": "erasenet", "form": "paper"}, {"arch": "nonlocal"},
    {"arch": "nonlocal", "attention": "winner", "form": "plain"},
    {"arch": "craft"},
    *({"arch": "inpaint", "layer": layer} for layer in ("partial", "gated", "attention")),
    {"arch": "gmcnn"}, {"arch": "pert"}, {"arch": "pert", "iterations": 1},
    {"arch": "text_seg"},
])
@pytest.mark.parametrize("engine", GRAPHS)
def test_engines_agree_with_paddle(checkpoint, engine, config):
    path, net = checkpoint(**config)
    (network,), choice = load([path], engine, "f32", 2, outputs=(net.output,))
    assert choice == (engine, "f32", 2, "cpu")
    assert str(choice) == f"{engine} f32, 2 threads"
    for n, height, width in ((1, 64, 64), (3, 32, 128), (2, 96, 64), (1, 64, 64)):
        batch = make_batch((n, takes(net.output), height, width))
        copy = batch.copy()
        assert_close(network(batch), PaddleEngine(net)(batch))
        np.testing.assert_array_equal(batch, copy)


@pytest.mark.parametrize("engine", [*GRAPHS, "paddle"])
def test_a_network_of_another_kind_is_named(checkpoint, engine):
    path, _ = checkpoint(arch="craft")
    load([path], engine, "f32", outputs=(Detected,))  # its graph is in the cache
    with pytest.raises(ValueError, match="is not an eraser, but a text detector") as caught:
        load([path], engine, "f32", refine=False)
    assert not isinstance(caught.value, EngineError) and str(path) in str(caught.value)
    path, _ = checkpoint()
    with pytest.raises(ValueError, match="is not a text detector, but an eraser"):
        load([path], engine, "f32", outputs=(Detected,))


def test_a_network_of_one_stage_is_run_whole(checkpoint):
    path, net = checkpoint(arch="pert")
    (network,), _ = load([path], "paddle", "f32", refine=False)
    assert_close(network(make_batch()), PaddleEngine(net)(make_batch()))


@pytest.mark.parametrize("engine", [*GRAPHS, "paddle"])
def test_the_first_stage_alone(checkpoint, engine):
    path, net = checkpoint(arch="nonlocal")
    batch = make_batch()
    (whole,), _ = load([path], engine, "f32")
    (first,), _ = load([path], engine, "f32", refine=False)
    pictures, mask_logits, _ = net.eval().coarse(paddle.to_tensor(batch))
    assert_close(first(batch), [pictures[-1].numpy(), F.sigmoid(mask_logits).numpy()])
    assert_close(whole(batch), PaddleEngine(net)(batch))  # not the other's graph from the cache
    assert np.abs(whole(batch)[0] - first(batch)[0]).max() > 1e-3


@pytest.mark.parametrize("engine", [*GRAPHS, "paddle"])
def test_results_depend_neither_on_company_nor_on_threads_nor_on_later_calls(checkpoint, engine):
    path, _ = checkpoint()
    batch = make_batch((3, 3, 64, 64))
    (network,), _ = load([path], engine, "f32")
    together = network(batch)
    kept = [array.copy() for array in together]
    alone = [network(batch[i:i + 1]) for i in range(3)]
    for one, other in zip(together, kept, strict=True):
        np.testing.assert_array_equal(one, other)
    assert_close([np.concatenate(arrays) for arrays in zip(*alone, strict=True)], together)
    for threads in (1, 3):
        assert_close(run(path, batch, engine, "f32", threads), together)


@pytest.mark.parametrize("engine", [*GRAPHS, "paddle"])
def test_two_callers_at_once(checkpoint, engine):
    path, net = checkpoint()
    batches = [make_batch((1, 3, 64, 32 + 32 * (i % 2))) + i / 10 for i in range(4)]
    (network,), _ = load([path], engine, "f32")
    expected = [PaddleEngine(net)(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for result, one in zip(pool.map(network, batches * 3), expected * 3, strict=True):
            assert_close(result, one)


def test_networks_are_opened_while_another_runs(checkpoint):
    path, net = checkpoint()
    (network,), _ = load([path], "paddle", "f32")
    batches = [make_batch((1, 3, 32, width)) for width in (32, 64, 96)]
    expected = [PaddleEngine(net)(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        opened = [pool.submit(load, [path], "paddle", "f32") for _ in range(3)]
        for result, one in zip(pool.map(network, batches), expected, strict=True):
            assert_close(result, one)
        assert all(future.result() for future in opened)


@needs_openvino
def test_bfloat16_is_near(checkpoint):
    path, net = checkpoint()
    if "bf16" not in engines._precisions("openvino", False):
        pytest.skip("this processor has no bfloat16")
    assert choose("openvino")[0].precision == "bf16"
    batch = make_batch((1, 3, 64, 64))
    results, expected = run(path, batch, "openvino", "bf16"), PaddleEngine(net)(batch)
    assert_close(results, expected, 0.02)
    assert (results[0] != expected[0]).any()


def gpu(monkeypatch):
    monkeypatch.setattr(paddle.device, "get_device", lambda: "gpu:0")


def without(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)  # importing it raises ImportError


def test_the_automatic_choice(monkeypatch):
    def names():
        return [choice.engine for choice in choose()]

    monkeypatch.setattr(engines, "_precisions", lambda engine, gpu: ["f32"])
    monkeypatch.setattr(engines, "_missing", lambda engine: "")
    assert names() == ["openvino", "onnxruntime", "paddle"]
    gpu(monkeypatch)
    assert names() == ["paddle"]
    assert str(choose()[0]) == "paddle f32, gpu"
    monkeypatch.undo()
    without(monkeypatch, "openvino", "onnxruntime")
    assert names() == ["paddle"]
    assert choose()[0].threads == usable_cores()
    assert choose(threads=7)[0].threads == 7


def test_what_is_not_installed_is_named(checkpoint, monkeypatch):
    path, net = checkpoint()
    without(monkeypatch, "openvino")
    with pytest.raises(ValueError, match="'openvino' is not installed .*: pip install openvino on"):
        load([path], "openvino")
    without(monkeypatch, "onnx")  # without it no graph can be written
    with pytest.raises(ValueError, match="pip install onnxruntime onnx"):
        load([path], "onnxruntime")
    (network,), choice = load([path])
    assert choice.engine == "paddle"
    batch = make_batch((1, 3, 64, 64))
    assert_close(network(batch), PaddleEngine(net)(batch))


def test_an_engine_whose_import_fails_is_missing(tmp_path, monkeypatch):
    for name, code, reason in (("clash", "raise TypeError('descriptors')", "descriptors"),
                               ("silent", "raise AttributeError", "AttributeError")):
        (tmp_path / f"{name}_engine.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)
        assert engines._missing(f"{name}_engine") == reason


@pytest.mark.parametrize("on_gpu, settings, message", [
    (False, ("tensorrt",), "unknown engine 'tensorrt'; known: auto, paddle, openvino, onnxruntime"),
    (False, ("auto", "int8"), "unknown precision 'int8'; known: auto, f32, bf16, f16"),
    (False, ("auto", "auto", 0), "threads must be 1 or more, got 0"),
    (False, ("paddle", "f16"), "no precision 'f16' on this machine; possible are paddle: f32"),
    (False, ("paddle", "bf16"), "possible are paddle: f32$"),
    (False, ("auto", "f16"), "possible are .*paddle: f32"),
    (True, ("paddle", "bf16"), "possible are paddle: f32, f16"),
])
def test_what_is_not_possible(monkeypatch, on_gpu, settings, message):
    if on_gpu:
        gpu(monkeypatch)
    with pytest.raises(ValueError, match=message):
        choose(*settings)


@needs_openvino
def test_no_bfloat16_where_the_processor_has_none(monkeypatch):
    import openvino

    monkeypatch.setattr(openvino.Core, "get_property", lambda *_: ["FP32", "INT8"])
    assert choose("openvino")[0].precision == "f32"
    with pytest.raises(ValueError, match="no precision 'bf16' .*openvino: f32; "):
        choose(precision="bf16")


@needs_openvino
def test_an_engine_that_fails_gives_way_when_it_was_not_named(checkpoint, monkeypatch):
    path, net = checkpoint()

    def fail(*_):
        raise RuntimeError("no such instruction")

    monkeypatch.setitem(engines.GRAPH_ENGINES, "openvino", fail)
    with pytest.raises(ValueError, match="net.pdparams: openvino cannot run it: no such instr"):
        load([path], "openvino")
    with pytest.warns(UserWarning, match="no such instruction; trying the next engine"):
        (network,), choice = load([path])
    assert choice.engine != "openvino"
    batch = make_batch((1, 3, 64, 64))
    assert_close(network(batch), PaddleEngine(net)(batch))


@needs_openvino
def test_bad_weights_are_no_matter_of_engines(checkpoint, tmp_path, recwarn):
    path, _ = checkpoint()
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match="net.pdparams: damaged"):
        load([path])
    with pytest.raises(ValueError, match="none.pdparams: no such file"):
        load([tmp_path / "none.pdparams"])
    assert not recwarn.list


def test_an_operation_without_a_rule_cannot_be_exported():
    graph = pytest.importorskip("model.graph")
    net = Half()
    net.config = ModelConfig()
    with pytest.raises(graph.GraphError, match="Half cannot be written as ONNX"):
        graph.to_onnx(net)
    # And what the rules changed is back.
    image = paddle.concat([paddle.to_tensor(make_batch())])
    assert "forward" not in vars(paddle.nn.BatchNorm2D)
    assert paddle.nn.Conv2D(3, 1, 1)(image).shape == [2, 1, 32, 64]
