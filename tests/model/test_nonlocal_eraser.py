import numpy as np
import paddle
import pytest

from model.nonlocal_eraser import ATTENTIONS, NonLocalBlock, NonLocalRefinement


def block(attention, channels=4, seed=3):
    """A block with weights so large that the softmax tells positions apart."""
    rng = np.random.default_rng(seed)
    net = NonLocalBlock(channels, attention)
    for parameter in net.parameters():
        parameter.set_value(rng.standard_normal(parameter.shape).astype("f4"))
    return net


def draw(*shape):
    return np.random.default_rng(5).standard_normal(shape).astype("f4")


def softmax(scores, axis):
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def reference(net, x, attention):
    """The block in numpy, from NonLocalBlock's description."""
    n, c, h, w = x.shape

    def conv1x1(layer, x):
        return np.einsum("oi,nihw->nohw", layer.weight.numpy()[:, :, 0, 0], x)

    # 'winner' reads C/2 maps of H·W positions as C maps of H·W/2 positions, and back.
    rows = c if attention == "winner" else c // 2
    query, key, value = (conv1x1(layer, x).reshape(n, rows, -1)
                         for layer in (net.query, net.key, net.value))
    scores = np.einsum("ncq,nck->nqk", query, key)
    weights = softmax(scores, 1 if attention == "winner" else 2)
    assert np.allclose(weights.sum(1 if attention == "winner" else 2), 1)
    y = np.einsum("nqk,nck->ncq", weights, value).reshape(n, c // 2, h, w)
    return x + conv1x1(net.out, y)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("shape", [(2, 4, 3, 4), (1, 8, 2, 2), (1, 6, 1, 4)])
def test_the_block_does_what_it_says(attention, shape):
    net, x = block(attention, shape[1]), draw(*shape)
    np.testing.assert_allclose(net(paddle.to_tensor(x)).numpy(), reference(net, x, attention),
                               rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("attention, commutes", [("keys", True), ("winner", False)])
def test_shuffle_of_positions(attention, commutes):
    net, x = block(attention), draw(2, 4, 4, 5)
    order = np.random.default_rng(0).permutation(20)

    def shuffle(array):
        return array.reshape(2, 4, 20)[:, :, order].reshape(array.shape)

    one = net(paddle.to_tensor(shuffle(x))).numpy()
    other = shuffle(net(paddle.to_tensor(x)).numpy())
    assert np.allclose(one, other, atol=1e-4) == commutes


def test_the_weights_of_a_position_sum_to_one():
    # Where all positions hold the same value, any mean of them is that value.
    net, x = block("keys"), draw(1, 4, 3, 3)
    value = net.value.weight.numpy().copy()
    value[:, 1:] = 0
    net.value.weight.set_value(value)
    x[:, 0] = 2.0
    added = net(paddle.to_tensor(x)).numpy() - x
    expected = net.out.weight.numpy()[:, :, 0, 0] @ (2 * value[:, 0, 0, 0])
    np.testing.assert_allclose(added, np.broadcast_to(expected[:, None, None], (1, 4, 3, 3)),
                               rtol=1e-4, atol=1e-4)


def test_odd_numbers_of_positions():
    x = paddle.to_tensor(draw(1, 4, 3, 5))
    assert block("keys")(x).shape == [1, 4, 3, 5]
    with pytest.raises(ValueError):
        block("winner")(x)


def test_wrong_channels_are_caught():
    with pytest.raises(AssertionError, match="expected 4 channels, got 6"):
        block("keys")(paddle.to_tensor(draw(1, 6, 2, 2)))


def test_refinement_keeps_the_size():
    skips = [paddle.to_tensor(draw(1, 2 * s, 64 // s, 32 // s)) for s in (4, 8, 16)]
    picture = paddle.to_tensor(draw(1, 3, 64, 32))
    assert NonLocalRefinement(6, 4, "winner")(picture, *skips).shape == [1, 3, 64, 32]
