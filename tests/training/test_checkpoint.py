import numpy as np
import paddle
import pytest

from model.pickles import read_arrays, write_arrays
from training.checkpoint import optimizer_state, restore_optimizer


def make():
    paddle.seed(0)
    return paddle.nn.Sequential(paddle.nn.Conv2D(2, 3, 3), paddle.nn.BatchNorm2D(3),
                                *[paddle.nn.Linear(2, 2) for _ in range(12)])


def adam(net):
    return paddle.optimizer.Adam(1e-2, parameters=net.parameters())


def step(net, optimizer, seed):
    x = paddle.to_tensor(np.random.default_rng(seed).standard_normal((2, 2, 6, 4)).astype("f4"))
    net(x).square().mean().backward()
    optimizer.step()
    optimizer.clear_grad()


def values(net):
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


@pytest.mark.parametrize("earlier", [0, 2])
def test_a_restored_optimiser_goes_on(tmp_path, earlier):
    """Also where the network had other optimisers before, as it has in a second stage."""
    net = make()
    for _ in range(earlier):
        step(net, adam(net), 7)
    optimizer = adam(net)
    step(net, optimizer, 0)
    path = tmp_path / "run"
    write_arrays(path, {"net": values(net), "optimizer": optimizer_state(optimizer, net)})
    step(net, optimizer, 1)

    again, saved = make(), read_arrays(path)
    again.set_state_dict(saved["net"])
    optimizer = adam(again)
    restore_optimizer(optimizer, again, saved["optimizer"])
    step(again, optimizer, 1)
    for (name, one), other in zip(values(net).items(), values(again).values(), strict=True):
        np.testing.assert_array_equal(one, other, name)


def test_names_are_the_networks_own():
    states = []
    for _ in range(2):  # Paddle's own names count the layers of the process
        net = make()
        optimizer = adam(net)
        step(net, optimizer, 0)
        states.append(optimizer_state(optimizer, net))
    assert states[0].keys() == states[1].keys()
    assert {"0.weight|moment1", "13.bias|moment2", "3.bias|beta1_pow_acc"} <= states[0].keys()
    assert states[0]["0.weight|moment1"].shape == (3, 2, 3, 3)


def test_the_state_of_another_network():
    net = make()
    with pytest.raises(ValueError, match="optimiser state for an unknown parameter 'x.weight'"):
        restore_optimizer(adam(net), net, {"x.weight|moment1": np.zeros(1, "f4")})
