import numpy as np
import paddle
import pytest
from paddle import nn

from model import ModelConfig, Segmented, build, weights
from model.text_seg import ScSE, divisible, stage_channels
from model.weights import STATISTICS


def count(layer):
    return sum(int(np.prod(p.shape)) for name, p in layer.named_parameters()
               if not name.endswith(STATISTICS))


def test_sizes():
    """At a multiplier of 1 the encoder is torchvision's MobileNetV2, 2,223,872 parameters without
    its classifier, less the last 1×1 convolution, 320 to 1280 channels, and its norm."""
    with paddle.LazyGuard():  # counts parameters without drawing them
        one, two = (build(ModelConfig("text_seg", width)) for width in (32, 64))
    assert count(one.encoder.features) == 2_223_872 - (320 * 1280 + 2 * 1280)
    assert count(two.encoder.features) == 7_053_568
    assert count(two) == 10_022_565
    assert stage_channels(64) == [32, 48, 64, 128, 192, 320, 640]


@pytest.mark.parametrize("channels, rounded", [
    (3, 8), (12, 16), (11.9, 16), (24, 24), (33.6, 32), (22.4, 24), (44.8, 48)])
def test_channels_are_rounded_as_mobilenets_do(channels, rounded):
    assert divisible(channels) == rounded


@pytest.mark.parametrize("n, h, w", [(2, 64, 32), (1, 32, 96)])
def test_logits_at_full_size(n, h, w):
    paddle.seed(0)
    segmented = build(ModelConfig("text_seg", 8))(paddle.rand([n, 3, h, w]))
    assert isinstance(segmented, Segmented)
    assert segmented.mask_logits.shape == [n, 1, h, w]


def test_it_begins_with_hardly_any_text():
    paddle.seed(0)
    net = build(ModelConfig("text_seg", 8))
    net.eval()
    (mask,) = net(paddle.rand([1, 3, 64, 64])).results()
    assert 0 < float(mask.mean()) < 0.4


def test_every_parameter_is_trained():
    paddle.seed(0)
    net = build(ModelConfig("text_seg", 8))
    for layer in net.sublayers():  # they begin as zeros, behind which nothing has a gradient
        if isinstance(layer, ScSE):
            layer.excite.weight.set_value(paddle.randn(layer.excite.weight.shape))
    net(paddle.rand([2, 3, 64, 64])).mask_logits.square().mean().backward()
    idle = [name for name, p in net.named_parameters()
            if p.grad is None or not float(p.grad.abs().sum())]
    # A bias before batch norm is taken off again.
    assert [n for n in idle if not n.endswith((*STATISTICS, "conv.bias"))] == []


def mobilenet(seed=0):
    """Paddle's own MobileNetV2 at a multiplier of 0.25, with statistics unlike the first ones."""
    paddle.seed(seed)
    net = paddle.vision.models.MobileNetV2(scale=0.25, num_classes=3)
    for name, tensor in net.state_dict().items():
        if name.endswith(STATISTICS):
            tensor.set_value(paddle.rand(tensor.shape) + 0.5)
    net.eval()
    return net


def torch_names(net):
    """A network's arrays with PyTorch's names."""
    state = {}
    for name, array in weights.state_of(net).items():
        name = name.replace("._mean", ".running_mean").replace("._variance", ".running_var")
        state[name] = array
        if name.endswith("running_var"):
            state[name.replace("running_var", "num_batches_tracked")] = np.array(7)
    return state


@pytest.mark.parametrize("prefix", ["", "module.", "backbone."])
@pytest.mark.parametrize("names", [torch_names, weights.state_of])
def test_a_loaded_encoder_computes_what_mobilenet_does(tmp_path, prefix, names):
    """Each 4th feature of the dilated encoder is what the published, strided one computes."""
    published = mobilenet()
    state = {prefix + name: array for name, array in names(published).items()}
    np.savez(tmp_path / "encoder.npz", **state)
    net = build(ModelConfig("text_seg", 8))
    head = net.head.weight.numpy()
    weights.restore_encoder(net, tmp_path / "encoder.npz")
    net.eval()
    x = paddle.rand([1, 3, 96, 64])
    quarter, dilated = net.encoder(x)
    expected = [x]
    for layer in published.features[:18]:
        expected.append(layer(expected[-1]))
    np.testing.assert_allclose(quarter.numpy(), expected[4].numpy(), atol=1e-5)
    assert dilated.shape == [1, 80, 12, 8]
    np.testing.assert_allclose(dilated.numpy()[:, :, ::4, ::4], expected[-1].numpy(), atol=1e-5)
    np.testing.assert_array_equal(net.head.weight.numpy(), head)


@pytest.mark.parametrize("change, message", [
    ({"features.17.conv.3.running_var": None}, "it lacks features.17.conv.3._variance"),
    ({"features.0.0.weight": np.ones((16, 3, 3, 3))}, "shape .16, 3, 3, 3., expected .8, 3, 3, 3."),
    ({"features.2.conv.0.0.extra": np.ones(3)}, "1 unknown .'encoder.features.2.conv.0.0.extra'"),
])
def test_what_is_no_encoder(tmp_path, change, message):
    state = {name: array for name, array in (torch_names(mobilenet()) | change).items()
             if array is not None}
    np.savez(tmp_path / "encoder.npz", **state)
    with pytest.raises(ValueError, match=rf"encoder.npz: .*{message}.*multiplier of 0.25"):
        weights.restore_encoder(build(ModelConfig("text_seg", 8)), tmp_path / "encoder.npz")


def test_a_network_trained_in_pytorch_is_imported(tmp_path):
    paddle.seed(0)
    net = build(ModelConfig("text_seg", 8))
    np.savez(tmp_path / "net.npz", **torch_names(net))
    imported = weights.import_published(tmp_path / "net.npz")
    assert imported.config == net.config
    for name, array in weights.state_of(net).items():
        np.testing.assert_array_equal(weights.state_of(imported)[name], array)


def test_squeeze_and_excitation_by_hand():
    layer = ScSE(8)
    x = paddle.to_tensor(np.random.default_rng(0).normal(size=(2, 8, 3, 5)).astype("f4"))
    np.testing.assert_allclose(layer(x).numpy(), x.numpy(), rtol=1e-6)  # begins as no change
    rng = np.random.default_rng(1)
    for conv in (layer.squeeze, layer.excite, layer.spatial):
        for p in conv.parameters():
            p.set_value(rng.normal(size=p.shape).astype("f4"))

    def dense(conv, v):  # (N, C)
        return v @ conv.weight.numpy()[:, :, 0, 0].T + conv.bias.numpy()

    def sigmoid(v):
        return 1 / (1 + np.exp(-v))

    a = x.numpy()
    channel = sigmoid(dense(layer.excite, np.maximum(dense(layer.squeeze, a.mean((2, 3))), 0)))
    spatial = sigmoid(np.einsum("nchw,c->nhw", a, layer.spatial.weight.numpy()[0, :, 0, 0])
                      + layer.spatial.bias.numpy())
    expected = a * channel[:, :, None, None] + a * spatial[:, None]
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_pooling_sees_as_far_as_its_kernels_and_dilations():
    paddle.seed(0)
    net = build(ModelConfig("text_seg", 8))
    pooling = net.pooling
    pooling.eval()
    x = paddle.zeros([1, stage_channels(8)[-1], 41, 41])
    x.stop_gradient = False
    for layer in pooling.sublayers():  # one sign everywhere: nothing cancels or is cut off
        if isinstance(layer, nn.Conv2D):
            layer.weight.set_value(layer.weight.abs() + 0.01)
            layer.bias.set_value(paddle.ones_like(layer.bias))
    pooling(x)[0, 0, 20, 20].backward()
    rows = np.flatnonzero(np.abs(x.grad.numpy()[0]).sum((0, 2)))
    assert (rows.min(), rows.max()) == (10, 30)  # 3 of the kernel of 7, and 7 of its dilation
