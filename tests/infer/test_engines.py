import numpy as np
import paddle
import pytest

from infer.engines import PaddleEngine
from model import Erased, ModelConfig, build


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
