import numpy as np
import paddle
import pytest

from loss.adversarial import deception_loss, gradient_penalty, hinge_loss, wasserstein_loss
from model.discriminator import Critics


def test_hinge_by_hand():
    real, fake = paddle.to_tensor([[2.0, 0.5]]), paddle.to_tensor([[-3.0, 0.5]])
    # Real scores above 1 and fake ones below −1 cost nothing.
    assert float(hinge_loss(real, fake)) == pytest.approx((0 + 0.5) / 2 + (0 + 1.5) / 2)
    assert float(hinge_loss(paddle.ones([3]), -paddle.ones([3]))) == 0


def test_deception_by_hand():
    assert float(deception_loss(paddle.to_tensor([[2.0, -1.0]]))) == pytest.approx(-0.5)


def test_wasserstein_by_hand():
    real, fake = paddle.to_tensor([[2.0, 0.0]]), paddle.to_tensor([[-3.0, 1.0]])
    assert float(wasserstein_loss(real, fake)) == pytest.approx(-1 - 1)


def test_gradient_penalty_by_hand():
    """Scores 3·sum and 0·sum of a picture of 4 numbers: slopes of length 6 and 0."""
    def critics(x, mask):
        total = x.sum([1, 2, 3]).reshape([-1, 1])
        return paddle.concat([3 * total, 0 * total], 1)

    real, fake = paddle.rand([2, 1, 2, 2]), paddle.rand([2, 1, 2, 2])
    found = gradient_penalty(critics, real, fake, None, paddle.rand([2, 1, 1, 1]))
    assert float(found) == pytest.approx((6 - 1) ** 2 + (0 - 1) ** 2, rel=1e-4)


def test_slopes_are_looked_at_between_real_and_fake():
    seen = []

    def critics(x, mask):
        seen.append(x.numpy())
        return x.square().sum([1, 2, 3]).reshape([-1, 1])

    real, fake = paddle.ones([2, 1, 2, 2]), paddle.zeros([2, 1, 2, 2])
    shares = paddle.to_tensor([0.25, 1.0]).reshape([2, 1, 1, 1])
    found = gradient_penalty(critics, real, fake, None, shares)
    assert (seen[0].reshape(2, 4) == [[0.25] * 4, [1.0] * 4]).all()
    # The slope of the sum of squares is twice the picture: lengths 1 and 4.
    assert float(found) == pytest.approx((0**2 + 3**2) / 2, rel=1e-4)


def test_the_penalty_teaches_the_critics():
    """Its gradient, a second derivative, is that of finite differences."""
    paddle.seed(0)
    net = Critics(2, 32)
    real, fake, mask = paddle.rand([2, 3, 32, 32]), paddle.rand([2, 3, 32, 32]), \
        paddle.ones([2, 1, 32, 32])
    weight = net.whole[0].weight
    shares = paddle.full([2, 1, 1, 1], 0.5)

    def penalty():
        return gradient_penalty(net, real, fake, mask, shares)

    penalty().backward()
    slope, before = weight.grad.numpy(), weight.numpy()
    step = 1e-2 * slope / np.linalg.norm(slope)
    weight.set_value(before + step)
    above = float(penalty())
    weight.set_value(before - step)
    below = float(penalty())
    assert (above - below) / 2e-2 == pytest.approx(np.linalg.norm(slope), rel=0.05)
