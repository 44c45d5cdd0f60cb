"""The command export.py, on real checkpoints of tiny networks."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import paddle
import pytest

import export as command
from infer import engines
from infer.engines import PaddleEngine
from model import ModelConfig, build, weights
from model.blocks import FORMS

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")

ROOT = Path(__file__).parents[1]
OUTPUTS = ["image", "mask"]


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """checkpoint(NAME, config's values...) writes weights in the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(name="net.pdparams", **config):
        paddle.seed(0)
        net = build(ModelConfig(**{"width": 2, "refine_channels": 4} | config))
        for layer in net.sublayers():
            if isinstance(layer, paddle.nn.BatchNorm2D):  # else folding it would change nothing
                layer._mean.set_value(paddle.linspace(-0.1, 0.1, len(layer._mean)))
                layer._variance.set_value(paddle.linspace(0.5, 2, len(layer._variance)))
        weights.save(name, weights.state_of(net), net.config)
        return net

    return write


@pytest.mark.parametrize("config", [
    {"form": form, "arch": "erasenet"} for form in FORMS
] + [
    {"form": form, "arch": "nonlocal", "attention": attention}
    for form, attention in (("plain", "winner"), ("gated", "keys"))
])
def test_the_graph_is_the_network(checkpoint, capsys, config):
    """By onnx's own reference, which is none of the engines; for any number and size of tiles."""
    if config["arch"] == "nonlocal" and version("onnx") < "1.23":
        pytest.skip("its reference enlarges pixel by pixel in Python, for minutes")
    net = checkpoint(**config)
    assert command.main(["net.pdparams", "out.onnx"]) == 0
    assert capsys.readouterr().out.startswith("out.onnx: ")
    model = onnx.load("out.onnx")
    onnx.checker.check_model(model, full_check=True)
    run = reference.ReferenceEvaluator(model)
    for shape in ((1, 3, 64, 32), (3, 3, 32, 64)):
        batch = np.random.default_rng(1).random(shape, np.float32)
        for ours, expected in zip(run.run(OUTPUTS, {"tile": batch}), PaddleEngine(net)(batch),
                                  strict=True):
            assert ours.shape == expected.shape
            np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_what_only_training_needs_is_left_out(checkpoint):
    net = checkpoint(form="gated")
    assert command.main(["net.pdparams", "out.onnx"]) == 0
    model = onnx.load("out.onnx")
    assert [output.name for output in model.graph.output] == OUTPUTS
    shapes = [list(tensor.dims) for tensor in model.graph.initializer]
    for head in (net.coarse.picture4, net.coarse.picture2):
        assert head.weight.shape not in shapes
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"AveragePool", "BatchNormalization", "Identity"}


def test_metadata(checkpoint):
    checkpoint(arch="nonlocal", form="residual", attention="winner")
    assert command.main(["net.pdparams", "out.onnx"]) == 0
    found = {entry.key: entry.value for entry in onnx.load("out.onnx").metadata_props}
    assert found == {
        "arch": "nonlocal", "width": "2", "form": "residual", "refine_channels": "4",
        "attention": "winner", "multiple": "32", "input": "RGB in [0, 1]",
        "mask": "1 is ink to erase, 0 is page",
        "weights": engines.digest(Path("net.pdparams").read_bytes()),
    }


def test_the_same_bytes_every_time_and_no_overwriting_unasked(checkpoint, capsys):
    checkpoint()
    assert command.main(["net.pdparams", "out.onnx"]) == 0
    first = Path("out.onnx").read_bytes()
    Path("out.onnx").write_text("mine")
    capsys.readouterr()
    assert command.main(["net.pdparams", "out.onnx"]) == 2
    assert capsys.readouterr().err == (
        "export.py: out.onnx: exists; --overwrite replaces it\n")
    assert Path("out.onnx").read_text() == "mine"
    assert command.main(["net.pdparams", "out.onnx", "--overwrite"]) == 0
    assert Path("out.onnx").read_bytes() == first


def test_bad_arguments(checkpoint, capsys, full_disk):
    checkpoint()
    Path("text.pdparams").write_text("no weights")
    Path("folder.onnx").mkdir()
    for arguments, message in [
        (["none.pdparams", "out.onnx"], "none.pdparams: no such file"),
        (["text.pdparams", "out.onnx"], "text.pdparams: "),
        (["net.pdparams", "net.pdparams", "--overwrite"], "net.pdparams: the name must end in"),
        (["net.pdparams", "nowhere/out.onnx"], "nowhere/out.onnx: No such file or directory"),
        (["net.pdparams", "folder.onnx", "--overwrite"], "folder.onnx: Is a directory"),
    ]:
        assert command.main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"export.py: {message}")
        assert len(err.splitlines()) == 1
    with full_disk(100):
        assert command.main(["net.pdparams", "out.onnx"]) == 2
    assert capsys.readouterr().err == "export.py: out.onnx: File too large\n"
    assert sorted(os.listdir()) == ["folder.onnx", "net.pdparams", "text.pdparams"]


@pytest.mark.parametrize("off", [0.002, np.nan])
def test_a_graph_that_differs_from_paddle_is_refused(checkpoint, capsys, monkeypatch, off):
    checkpoint()
    call = PaddleEngine.__call__

    def other(self, batch):
        image, mask = call(self, batch)
        # At one size of the two, and in one picture of a batch: any difference counts.
        image[-1] += off if (len(batch), *batch.shape[2:]) == engines.CHECKED[1] else 0
        return image, mask

    monkeypatch.setattr(PaddleEngine, "__call__", other)
    assert command.main(["net.pdparams", "out.onnx"]) == 2
    err = capsys.readouterr().err
    assert "and Paddle differ by" in err and "in the image, more than 0.001" in err
    assert not Path("out.onnx").exists()


def test_without_a_runtime_to_check_with(checkpoint, capsys, monkeypatch):
    checkpoint()
    for name in ("openvino", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
    assert command.main(["net.pdparams", "out.onnx"]) == 2
    assert "pip install openvino onnx" in capsys.readouterr().err


def test_from_the_command_line(checkpoint):
    checkpoint("权重.pdparams")
    done = subprocess.run([sys.executable, ROOT / "export.py", "权重.pdparams", "out.onnx"],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("out.onnx").exists()
