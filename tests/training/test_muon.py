import numpy as np
import paddle
import pytest

from training.checkpoint import optimizer_state, restore_optimizer
from training.muon import MOMENTUM, Muon, orthogonal


def network(seed=0):
    paddle.seed(seed)
    return paddle.nn.Sequential(paddle.nn.Conv2D(3, 8, 3), paddle.nn.Conv2DTranspose(8, 6, 3),
                                paddle.nn.Conv2D(6, 3, 1))


def backward(net, seed=0):
    x = np.random.default_rng(seed).normal(size=(2, 3, 12, 12)).astype("f4")
    (net(paddle.to_tensor(x)) ** 2).mean().backward()


def values(net):
    return {name: p.numpy() for name, p in net.named_parameters()}


@pytest.mark.parametrize("shape", [(5, 40), (40, 5), (16, 16), (1, 9)])
def test_all_directions_become_alike(shape):
    matrix = np.random.default_rng(1).normal(size=shape).astype("f4")
    u, _, v = np.linalg.svd(matrix, full_matrices=False)
    found = orthogonal(paddle.to_tensor(matrix)).numpy()
    sizes = np.linalg.svd(found, compute_uv=False)
    assert sizes.min() > 0.5 and sizes.max() < 1.3
    assert np.vdot(found, u @ v) > 0.95 * np.linalg.norm(found) * np.linalg.norm(u @ v)
    assert not orthogonal(paddle.zeros(shape)).numpy().any()


def test_kernels_step_alike_and_all_else_as_in_adam():
    net, other = network(), network()
    before = values(net)
    for one, kind in ((net, Muon), (other, paddle.optimizer.Adam)):
        optimizer = kind(1e-2, parameters=one.parameters())
        backward(one)
        gradients = {name: p.grad.numpy() for name, p in one.named_parameters()}
        optimizer.step()
    after, adam = values(net), values(other)
    for name in ("0.weight", "1.weight"):
        step = before[name] - after[name]
        rms = np.sqrt((step ** 2).mean())
        assert 0.1e-2 < rms < 0.3e-2  # 0.2 times the learning rate, nearly
        assert np.vdot(step, gradients[name]) > 0
    for name in set(before) - {"0.weight", "1.weight"}:  # the last one makes a picture
        np.testing.assert_array_equal(after[name], adam[name])


def test_momentum_is_kept():
    """A run that goes on has it."""
    net = network()
    optimizer = Muon(1e-2, parameters=net.parameters())
    backward(net)
    gradient = net[0].weight.grad.numpy()
    optimizer.step()
    optimizer.clear_grad()
    state = optimizer_state(optimizer, net)
    np.testing.assert_allclose(state["0.weight|moment1"], (1 - MOMENTUM) * gradient, rtol=1e-5)

    again = network(1)
    again.set_state_dict(net.state_dict())
    resumed = Muon(1e-2, parameters=again.parameters())
    restore_optimizer(resumed, again, state)
    for one, how in ((net, optimizer), (again, resumed)):
        backward(one, 2)
        how.step()
    for name, value in values(net).items():
        np.testing.assert_array_equal(values(again)[name], value)
