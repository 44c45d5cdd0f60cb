from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle.vision.models.vgg import make_layers

from model import vgg, weights
from model.pickles import write_arrays

ROOT = Path(__file__).parents[2]
CHANNELS = {16: [4, 4, "M", 8, 8, "M", 16, 16, 16, "M", 32, 32, 32, "M", 32, "M"],
            19: [4, 4, "M", 8, 8, "M", 16, 16, 16, 16, "M", 32, 32, 32, 32, "M", 32, "M"]}
ALL = ("conv1_2", "pool1", "pool2", "conv3_2", "pool3", "conv4_2")


def zoo(depth=16, norm=False):
    """The zoo's layers, its statistics unlike a new network's, and their state as a file has it."""
    paddle.seed(depth)
    layers = make_layers(CHANNELS[depth], norm)
    for _ in range(3 * norm):
        layers(paddle.rand([2, 3, 32, 32]) * 3)
    layers.eval()
    return layers, {f"features.{name}": t.numpy() for name, t in layers.state_dict().items()}


def written(tmp_path, state):
    path = tmp_path / "vgg.pdparams"
    write_arrays(path, state)
    return path


def expected(layers, x):
    """What the layers give, by our names; the zoo's pooling and ReLU are the reference."""
    x = (x - paddle.to_tensor([0.485, 0.456, 0.406]).reshape([1, 3, 1, 1])) \
        / paddle.to_tensor([0.229, 0.224, 0.225]).reshape([1, 3, 1, 1])
    found, stage, number = {}, 1, 0
    for layer in layers:
        x = layer(x)
        if isinstance(layer, paddle.nn.ReLU):
            number += 1
            found[f"conv{stage}_{number}"] = x
        elif isinstance(layer, paddle.nn.MaxPool2D):
            found[f"pool{stage}"] = x
            stage, number = stage + 1, 0
    return found


@pytest.mark.parametrize("depth", [16, 19])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("torch", [False, True])
def test_features_are_the_zoos(tmp_path, depth, norm, torch):
    layers, state = zoo(depth, norm)
    if torch:
        names = {"_mean": "running_mean", "_variance": "running_var"}
        state = {".".join([*k.split(".")[:-1], names.get(k.split(".")[-1], k.split(".")[-1])]): v
                 for k, v in state.items()}
        state["classifier.0.weight"] = np.zeros((5, 7), "f4")
    x = paddle.rand([2, 3, 64, 32])
    found = vgg.load_features(written(tmp_path, state))(x, ALL)
    wanted = expected(layers, x)
    assert tuple(found) == ALL
    for name in ALL:
        np.testing.assert_allclose(found[name], wanted[name], rtol=2e-4, atol=2e-5)


def test_names_as_in_craft_and_checkpoints(tmp_path):
    _, plain = zoo(norm=True)
    x = paddle.rand([1, 3, 32, 32])
    first = vgg.load_features(written(tmp_path, plain))(x, ALL)
    renamed = {f"module.basenet.slice{int(k.split('.')[1]) // 10 + 1}.{k[9:]}": v
               for k, v in plain.items()}
    renamed["module.basenet.slice5.1.weight"] = np.zeros((8, 32, 3, 3), "f4")
    renamed["module.basenet.slice5.1.bias"] = np.zeros(8, "f4")
    for state in ({"state_dict": renamed}, {"format": "any", "model": plain}):
        again = vgg.load_features(written(tmp_path, state))(x, ALL)
        for name in ALL:
            assert (first[name] == again[name]).all()


def test_crafts_encoder():
    """The norms of its 1×1 convolutions are none of the encoder's."""
    path = ROOT / "weights" / "craft_lite.pdparams"
    craft, features = weights.load(path), vgg.load_features(path)
    x = paddle.rand([1, 3, 64, 32])
    found = features(x, ("conv1_2", "pool3", "conv4_2"))
    wanted = craft.encode1(craft.normalise(x))
    np.testing.assert_allclose(found["conv1_2"], wanted, rtol=1e-3, atol=1e-4)
    wanted = craft.encode8(found["pool3"])
    np.testing.assert_allclose(found["conv4_2"], wanted, rtol=1e-3, atol=1e-4)


def test_nothing_is_trained_and_little_computed(tmp_path):
    _, state = zoo()
    net = vgg.load_features(written(tmp_path, state))
    assert net.parameters() == []
    x = paddle.rand([1, 3, 32, 32])
    x.stop_gradient = False
    assert list(net(x, ("conv1_1",))) == ["conv1_1"]
    net(x, ("pool3",))["pool3"].sum().backward()
    assert float(x.grad.abs().sum()) > 0


def without(state, number):
    return {k: v for k, v in state.items() if not k.startswith(f"features.{number}.")}


@pytest.mark.parametrize("change, message", [
    (lambda s: without(s, 0), "a convolution takes 4 channels after one that gives 3"),
    (lambda s: without(s, 2), r"its stages have \[1, 2, 3, 2\] convolutions of 3×3"),
    (lambda s: {k: v for k, v in s.items() if int(k.split(".")[1]) < 17}, r"\[2, 2, 3\]"),
    (lambda s: {k: v for k, v in s.items() if k != "features.5.bias"}, "'bias'"),
    (lambda s: {"a": 1.0}, r"its stages have \[\]"),
    (lambda s: {"state_dict": [1]}, "no VGG16 or VGG19"),
])
def test_what_is_no_vgg(tmp_path, change, message):
    _, state = zoo()
    path = written(tmp_path, change(state))
    with pytest.raises(ValueError, match=message) as caught:
        vgg.load_features(path)
    assert str(caught.value).startswith(f"{path}: no VGG16 or VGG19: ")


def test_paddles_own_file(tmp_path):
    layers, _ = zoo()
    net = paddle.nn.Layer()
    net.features = layers
    paddle.save(net.state_dict(), str(tmp_path / "zoo.pdparams"))
    x = paddle.rand([1, 3, 32, 32])
    found = vgg.load_features(tmp_path / "zoo.pdparams")(x, ("pool1",))["pool1"]
    np.testing.assert_allclose(found, expected(layers, x)["pool1"], rtol=1e-4, atol=1e-5)
    assert found.shape == F.max_pool2d(x[:, :1].tile([1, 4, 1, 1]), 2).shape
