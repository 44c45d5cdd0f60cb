import numpy as np
import paddle
import pytest

from model import Erased, ModelConfig, build
from model.weights import STATISTICS


def page(n=1, h=64, w=96):
    return paddle.to_tensor(np.random.default_rng(0).random((n, 3, h, w), np.float32))


def tiny(iterations=3):
    paddle.seed(1)
    net = build(ModelConfig("pert", 4, iterations=iterations))
    net.eval()
    return net


def test_size_as_published():
    with paddle.LazyGuard():
        net = build(ModelConfig("pert"))
    assert sum(np.prod(p.shape) for name, p in net.named_parameters()
               if not name.endswith(STATISTICS)) == 14_013_580


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_shapes(iterations):
    erased = tiny(iterations)(page(2))
    assert type(erased) is Erased and erased.image.shape == [2, 3, 64, 96]
    assert erased.mask_logits.shape == [2, 1, 64, 96]
    assert [p.shape[2:] for p in erased.coarse] == [
        [16, 24], [32, 48], *[[64, 96]] * (iterations - 1)]


def test_passes_share_their_weights():
    """Each pass is what the network of one pass less ends with."""
    nets = [tiny(n) for n in (1, 2, 3)]
    for net in nets[1:]:
        net.set_state_dict(nets[0].state_dict())
    one, two, three = (net(page()) for net in nets)
    assert (three.coarse[2] == one.image).all() and (three.coarse[3] == two.image).all()
    assert not (two.image == one.image).all()


def test_without_text_nothing_changes():
    net = tiny()
    x = page()
    head = net.locate.head[1]
    head.weight.set_value(paddle.zeros_like(head.weight))
    head.bias.set_value(paddle.full([3], -200.0))
    erased = net(x)
    for picture in (erased.image, *erased.coarse[2:]):
        assert (picture == x).all()
    head.bias.set_value(paddle.full([3], 200.0))
    assert float((net(x).image - x).abs().min()) > 0


def test_dropout_in_training_alone():
    """The pyramid's features lose whole channels, the others gain by as much."""
    net, given = tiny().locate, []
    net.pool.register_forward_post_hook(lambda *_: paddle.ones([4, 16, 2, 2]))
    net.align[2].register_forward_pre_hook(lambda _, inputs: given.append(inputs[1]))
    features = [paddle.rand([4, c, s, s]) for c, s in ((8, 16), (16, 8), (32, 4), (64, 2))]
    net(features)
    net.train()
    net(features)
    assert (given[0] == 1).all()
    dropped = given[1].numpy()
    assert (dropped == dropped[..., :1, :1]).all()
    assert set(np.unique(dropped.round(4))) == {np.float32(0), np.float32(1.1111)}
    assert 0 < (dropped == 0).mean() < 0.3


def test_every_parameter_is_trained():
    net = tiny()
    net.train()
    erased = net(page(2))
    sum(t.abs().mean() for t in erased.tensors()).backward()
    without = [name for name, p in net.named_parameters()
               if not name.endswith(STATISTICS)
               and (p.grad is None or not np.abs(p.grad.numpy()).any())]
    assert without == []
