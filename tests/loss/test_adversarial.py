import paddle
import pytest

from loss.adversarial import deception_loss, hinge_loss


def test_hinge_by_hand():
    real, fake = paddle.to_tensor([[2.0, 0.5]]), paddle.to_tensor([[-3.0, 0.5]])
    # Real scores above 1 and fake ones below −1 cost nothing.
    assert float(hinge_loss(real, fake)) == pytest.approx((0 + 0.5) / 2 + (0 + 1.5) / 2)
    assert float(hinge_loss(paddle.ones([3]), -paddle.ones([3]))) == 0


def test_deception_by_hand():
    assert float(deception_loss(paddle.to_tensor([[2.0, -1.0]]))) == pytest.approx(-0.5)
