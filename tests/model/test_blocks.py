import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from model.blocks import (
    Conv,
    Residual,
    UpConv,
    enlarge_to,
    lateral,
    max_pool,
    reflect,
    upsample,
)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("f4")


def with_gradients(function, *arrays):
    """function's value, and the gradients of a fixed weighting of it by each of `arrays`."""
    tensors = [paddle.to_tensor(array, stop_gradient=False) for array in arrays]
    y = function(*tensors)
    (y * paddle.to_tensor(draw(*y.shape, seed=9))).sum().backward()
    return [y.numpy(), *(tensor.grad.numpy() for tensor in tensors)]


@pytest.mark.parametrize("n, inputs, outputs, h, w", [(2, 3, 5, 4, 6), (1, 1, 1, 1, 1),
                                                      (1, 8, 4, 7, 3), (1, 6, 3, 1, 16)])
def test_upconv_is_the_transposed_convolution(n, inputs, outputs, h, w):
    layer = UpConv(inputs, outputs)
    x = draw(n, inputs, h, w)

    def reference(x, weight, bias):
        y = F.conv2d_transpose(x, weight, bias, stride=2, padding=1, output_padding=1)
        return F.leaky_relu(y, 0.2)

    def ours(x, weight, bias):
        # create_parameter's tensors are replaced, so that gradients reach the arguments.
        del layer.weight, layer.bias
        layer.weight, layer.bias = weight, bias
        return layer(x)

    arrays = x, draw(inputs, outputs, 3, 3, seed=1), draw(outputs, seed=2)
    got, expected = with_gradients(ours, *arrays), with_gradients(reference, *arrays)
    assert got[0].shape == (n, outputs, 2 * h, 2 * w)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 3, 4, 6), (1, 1, 2, 2), (1, 5, 8, 2)])
@pytest.mark.parametrize("ours, paddles", [
    (upsample, lambda x: F.interpolate(x, scale_factor=2, mode="nearest")),
    (max_pool, lambda x: F.max_pool2d(x, 2)),
])
def test_resampling_is_paddles_own(ours, paddles, shape):
    x = draw(*shape)
    for one, other in zip(with_gradients(ours, x), with_gradients(paddles, x), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("layer, fan_in", [(Conv(7, 64, 5), 175), (Conv(4, 99, 1), 4),
                                           (UpConv(64, 8), 72)])
def test_weights_start_uniform_by_fan_in(layer, fan_in):
    drawn = np.concatenate([p.numpy().ravel() for p in layer.parameters()]) * fan_in**0.5
    assert 0.95 < abs(drawn).max() <= 1.0 + 1e-6
    assert abs(drawn.std() - 3**-0.5) < 0.05


def test_residual():
    x = paddle.to_tensor(draw(2, 4, 8, 6))
    same, halved = Residual(4, 4), Residual(4, 8, 2)
    same.eval()  # with statistics of mean 0 and variance 1
    assert same.shortcut is None
    assert same(x).shape == [2, 4, 8, 6] and halved(x).shape == [2, 8, 4, 3]
    assert float(same(x).min()) >= 0
    for name, parameter in same.named_parameters():
        if name.startswith("conv2"):
            parameter.set_value(paddle.zeros_like(parameter))
    np.testing.assert_allclose(same(x).numpy(), F.relu(x).numpy(), rtol=1e-4)


def test_lateral_is_linear():
    layer = lateral(4)
    x, y = paddle.to_tensor(draw(1, 4, 6, 6)), paddle.to_tensor(draw(1, 4, 6, 6, seed=1))
    middle = layer((x + y) / 2)
    np.testing.assert_allclose(middle.numpy(), ((layer(x) + layer(y)) / 2).numpy(), atol=1e-5)


@pytest.mark.parametrize("margin", [1, 4, 5, 23])
def test_reflection(margin):
    """As NumPy's, also where the margin is wider than the picture."""
    x = np.random.default_rng(0).random((2, 3, 6, 9), np.float32)
    sides = [(0, 0), (0, 0), (margin, margin), (margin, margin)]
    np.testing.assert_array_equal(reflect(paddle.to_tensor(x), margin).numpy(),
                                  np.pad(x, sides, "reflect"))


@pytest.mark.parametrize("h, w", [(1, 1), (2, 3), (5, 16)])
def test_enlargement_keeps_corners(h, w):
    x = draw(2, 3, h, w)
    other = paddle.zeros([1, 1, 16, 20])
    got, expected = (with_gradients(function, x) for function in (
        lambda x: enlarge_to(x, other),
        lambda x: F.interpolate(x, size=[16, 20], mode="bilinear", align_corners=True)))
    for one, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, theirs, atol=1e-5)
    np.testing.assert_array_equal(got[0][:, :, ::15, ::19], x[:, :, [0, -1]][..., [0, -1]])
