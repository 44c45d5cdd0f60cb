import numpy as np
import paddle
import pytest

from loss.mrf import LAYERS, id_mrf_loss, layer_loss


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("f4")


def loss(picture, gt):
    return float(layer_loss(paddle.to_tensor(picture), paddle.to_tensor(gt)))


def test_identical_features_are_minimal():
    """Whatever else a picture holds costs more, and so does what is less and less like it."""
    gt, other = drawn(2, 16, 6, 6), drawn(2, 16, 6, 6, seed=1)
    costs = [loss(gt + share * (other - gt), gt) for share in (0, 0.3, 0.6, 1)]
    assert costs == sorted(costs) and costs[0] == pytest.approx(0, abs=1e-4)
    assert costs[1] > costs[0] + 1e-3


def test_it_rises_when_a_patch_repeats():
    gt = drawn(1, 16, 6, 6)
    costs = []
    for repeats in (0, 6, 18, 36):
        picture = gt.reshape(1, 16, 36).copy()
        picture[..., :repeats] = picture[..., :1]
        costs.append(loss(picture.reshape(gt.shape), gt))
    assert costs == sorted(costs) and min(np.diff(costs)) > 0.1


def test_where_a_patch_lies_does_not_matter():
    gt = drawn(1, 16, 6, 6)
    moved = gt.reshape(1, 16, 36)[..., np.random.default_rng(2).permutation(36)].reshape(gt.shape)
    assert loss(moved, gt) == pytest.approx(loss(gt, gt), abs=1e-5)


def test_by_hand():
    """Two positions of opposite directions; the picture is the first of them twice."""
    gt = np.array([[1, -1], [-1, 1]], "f4").reshape(1, 2, 1, 2)
    picture = np.array([[1, 1], [-1, -1]], "f4").reshape(1, 2, 1, 2)
    # Distances 0 and 1, relative to the least: 0 and 1 / EPSILON, so that all of the likeness is
    # the first one's: 1 and 0.
    assert loss(picture, gt) == pytest.approx(-np.log((1 + 0) / 2), abs=1e-4)
    # Half-way between the two, at a right angle to both, in a third channel's direction.
    gt = np.array([[1, -1], [-1, 1], [0, 0]], "f4").reshape(1, 3, 1, 2)
    picture = np.array([[1, 1], [1, 1], [-2, -2]], "f4").reshape(1, 3, 1, 2)
    assert loss(picture, gt) == pytest.approx(-np.log(0.5), abs=1e-4)


def test_layers_are_added_up():
    gt = {name: paddle.to_tensor(drawn(1, 8, 4, 4, seed=i)) for i, name in enumerate(LAYERS)}
    picture = {name: paddle.to_tensor(drawn(1, 8, 4, 4, seed=5 + i))
               for i, name in enumerate(LAYERS)}
    for tensor in picture.values():
        tensor.stop_gradient = False
    found = id_mrf_loss(picture, gt)
    expected = float(layer_loss(picture["conv3_2"], gt["conv3_2"])) \
        + 2 * float(layer_loss(picture["conv4_2"], gt["conv4_2"]))
    assert float(found) == pytest.approx(expected, rel=1e-5)
    found.backward()
    assert all(float(tensor.grad.abs().sum()) > 0 for tensor in picture.values())
