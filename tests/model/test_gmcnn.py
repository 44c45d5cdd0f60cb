import numpy as np
import paddle

from model import Inpainted, ModelConfig, build


def test_size_as_published():
    with paddle.LazyGuard():
        net = build(ModelConfig("gmcnn", 32))
    assert sum(np.prod(p.shape) for p in net.parameters()) == 12_561_891


def test_hole_and_picture():
    """Shapes, what is under the hole ignored bit for bit, every parameter trained."""
    paddle.seed(1)
    net = build(ModelConfig("gmcnn", 4))
    x = np.random.default_rng(0).random((2, 4, 64, 32)).astype("f4")
    x[:, 3] = 0
    x[:, 3, 20:40, 8:20] = 1
    filled = net(paddle.to_tensor(x))
    assert type(filled) is Inpainted and filled.image.shape == [2, 3, 64, 32]
    assert np.array_equal(filled.results()[1].numpy().round(7)[:, 0], x[:, 3])
    x[:, :3, 20:40, 8:20] += 5
    assert np.array_equal(net(paddle.to_tensor(x)).image.numpy(), filled.image.numpy())
    filled.image.abs().mean().backward()
    assert all(np.abs(p.grad.numpy()).any() for p in net.parameters())


def test_columns_see_differently_far():
    """How far away from a pixel a change still shows: the wider the kernels, the farther."""
    paddle.seed(1)
    net = build(ModelConfig("gmcnn", 2))
    x = paddle.to_tensor(np.random.default_rng(0).random((1, 4, 32, 2048)).astype("f4"))
    changed = x.clone()
    changed[..., 1024] += 1
    reach = []
    for column in (net.wide, net.middle, net.fine):
        seen = np.abs(column(x).numpy() - column(changed).numpy()).max((0, 1, 2)) > 0
        reach.append(np.flatnonzero(seen).max() - np.flatnonzero(seen).min())
    assert reach[0] > reach[1] > reach[2] > 64 / 4
