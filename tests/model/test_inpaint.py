import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from model import Inpainted, ModelConfig, build
from model.inpaint import LAYERS, GatedConv, MaskAttentionConv, PartialConv, box_mean

each_layer = pytest.mark.parametrize("layer", LAYERS)


def rand(*shape, seed=0):
    return paddle.to_tensor(np.random.default_rng(seed).random(shape, np.float32))


def holed(n=1, h=64, w=64):
    """A picture and a hole in its middle, N,4,H,W."""
    x = rand(n, 4, h, w).numpy()
    x[:, 3] = 0
    x[:, 3, h // 4:h // 2, w // 4:w // 2] = 1
    return x


def tiny(layer):
    paddle.seed(1)
    net = build(ModelConfig("inpaint", 4, layer=layer))
    net.eval()
    return net


@pytest.mark.parametrize("layer, millions", [("partial", 11.6), ("gated", 23.3),
                                             ("attention", 11.7)])
def test_size(layer, millions):
    with paddle.LazyGuard():
        net = build(ModelConfig("inpaint", 64, layer=layer))
    found = sum(np.prod(p.shape) for p in net.parameters())
    assert round(found / 1e6, 1) == millions
    if layer == "partial":
        # As published with three more levels: a convolution of 512 to 512 channels, one of 1024 to
        # 512, and the four numbers a channel of batch norm, and the bias, of both.
        deeper = 3 * (512 * 512 * 9 + 1024 * 512 * 9 + 2 * 5 * 512)
        assert round((found + deeper) / 1e6, 1) == 32.9


@each_layer
@pytest.mark.parametrize("n, h, w", [(2, 64, 32), (1, 32, 96)])
def test_shapes(layer, n, h, w):
    x = holed(n, h, w)
    filled = tiny(layer)(paddle.to_tensor(x))
    assert type(filled) is Inpainted and filled.coarse == []
    assert filled.image.shape == [n, 3, h, w]
    image, mask = filled.results()
    assert np.array_equal(mask.numpy().round(7)[:, 0], x[:, 3])


@each_layer
def test_what_is_under_the_hole_is_ignored_bit_for_bit(layer):
    one, other = holed(), holed()
    other[:, :3, 16:32, 16:32] = -100 * rand(1, 3, 16, 16, seed=5).numpy()
    net = tiny(layer)
    images = [net(paddle.to_tensor(x)).image.numpy() for x in (one, other)]
    assert np.array_equal(*images)
    other[:, :3, 0, 0] += 1
    assert not np.array_equal(images[0], net(paddle.to_tensor(other)).image.numpy())


@each_layer
def test_every_parameter_is_trained(layer):
    net = tiny(layer)
    net.train()
    net(paddle.to_tensor(holed(2))).image.abs().mean().backward()
    without = [name for name, p in net.named_parameters()
               if not name.endswith(("_mean", "_variance"))
               and (p.grad is None or not np.abs(p.grad.numpy()).any())]
    assert without == []


def test_a_partial_convolution_by_hand():
    layer = PartialConv([1], 1, 3, norm=False, slope=1.0)
    layer.conv.weight.set_value(np.ones((1, 1, 3, 3), "f4"))
    layer.bias.set_value(np.full((1, 1, 1, 1), 0.5, "f4"))
    x = np.arange(1, 26, dtype="f4").reshape(1, 1, 5, 5)
    known = np.zeros((1, 1, 5, 5), "f4")
    known[..., 0, :] = 1  # the first row: 1 2 3 4 5
    y, after = layer([(paddle.to_tensor(x), paddle.to_tensor(known))])
    # Row 1 sees three known values of nine: their sum times nine thirds, and the bias.
    np.testing.assert_allclose(y.numpy()[0, 0, 1, 1:4], np.array([6, 9, 12]) * 3 + 0.5, rtol=1e-5)
    # In the corner four values lie on the picture, two of them known.
    assert y.numpy()[0, 0, 0, 0] == pytest.approx((1 + 2) * 4 / 2 + 0.5)
    assert (after.numpy()[0, 0] == np.array([1, 1, 0, 0, 0])[:, None]).all()
    assert (y.numpy()[0, 0, 2:] == 0).all()  # nothing known: nothing said


@pytest.mark.parametrize("kernel, stride", [(3, 1), (5, 2), (7, 2)])
def test_without_holes_a_partial_convolution_is_a_plain_one(kernel, stride):
    layer = PartialConv([2, 3], 4, kernel, stride, norm=False, slope=0.2)
    layer.bias.set_value(np.ones((1, 4, 1, 1), "f4"))
    one, other, ones = rand(1, 2, 16, 16), rand(1, 3, 16, 16, seed=1), paddle.ones([1, 1, 16, 16])
    y, known = layer([(one, ones), (other, ones)])
    plain = F.leaky_relu(layer.conv(paddle.concat([one, other], 1)) + layer.bias, 0.2)
    assert float(known.min()) == 1
    # Beyond the edge is no hole, but a plain convolution takes it for zeros: compare inside.
    edge = slice(kernel, -kernel) if stride == 1 else slice(3, -3)
    np.testing.assert_allclose(y.numpy()[..., edge, edge], plain.numpy()[..., edge, edge],
                               rtol=1e-4, atol=1e-5)


def test_masks_of_two_inputs_are_weighted_by_their_channels():
    layer = PartialConv([1, 3], 2, 3, norm=False)
    parts = [(rand(1, 1, 8, 8), paddle.ones([1, 1, 8, 8])),
             (rand(1, 3, 8, 8), paddle.zeros([1, 1, 8, 8]))]
    np.testing.assert_allclose(layer._known(parts), 0.25, rtol=1e-6)


def test_attention_is_nothing_far_from_holes():
    layer = MaskAttentionConv([2], 4, 3, norm=False, slope=1.0)
    x, known = rand(1, 2, 16, 16), paddle.ones([1, 1, 16, 16])
    known[..., :4] = 0
    y, after = layer([(x, known)])
    plain = layer.conv(x)
    assert np.array_equal(y.numpy()[..., 5:], plain.numpy()[..., 5:])
    assert not np.allclose(y.numpy()[..., :4], plain.numpy()[..., :4])
    # The hole shrinks: at its rim a third of the kernel is known.
    np.testing.assert_allclose(after.numpy()[0, 0, 8, 2:6], [0, 1 / 3, 2 / 3, 1], atol=1e-6)


def test_a_closed_gate_lets_nothing_through():
    layer = GatedConv([2], 4, 3, norm=False)
    x = rand(1, 2, 8, 8)
    layer.gate.weight.set_value(paddle.zeros([4, 2, 3, 3]))
    layer.gate.bias.set_value(paddle.to_tensor([-100.0, 0.0, 100.0, 100.0]))
    y, plain = layer([(x, None)])[0].numpy(), F.relu(layer.conv(x)).numpy()
    np.testing.assert_allclose(y, plain * np.array([0, 0.5, 1, 1]).reshape(1, 4, 1, 1), rtol=1e-5)


def test_box_mean_counts_what_lies_on_the_picture():
    x = rand(1, 1, 8, 8)
    found = box_mean(x, 3, 1).numpy()[0, 0]
    assert found[0, 0] == pytest.approx(x.numpy()[0, 0, :2, :2].mean())
    assert found[3, 4] == pytest.approx(x.numpy()[0, 0, 2:5, 3:6].mean())
