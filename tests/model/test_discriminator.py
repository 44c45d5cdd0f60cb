import numpy as np
import paddle
import pytest

from model.discriminator import Critics, PatchDiscriminator


def rand(*shape):
    return paddle.to_tensor(np.random.default_rng(len(shape)).random(shape, np.float32))


def test_size_as_published():
    """Two branches and what fuses them, counted by hand from the published channels."""
    net = PatchDiscriminator()
    channels = [3, 64, 128, 256, 256, 256, 256]
    branch = sum(i * o * 16 + o for i, o in zip(channels, channels[1:], strict=False))
    assert sum(p.size for p in net.parameters()) == 2 * branch + 512 * 16 + 1 == 7_618_945


@pytest.mark.parametrize("side, scores", [(256, 1), (512, 5)])
def test_a_score_for_every_patch(side, scores):
    net = PatchDiscriminator(4)
    assert net(rand(2, 3, side, side), rand(2, 1, side, side)).shape == [2, 1, scores, scores]


def test_one_branch_sees_ink_alone():
    paddle.seed(0)
    net = PatchDiscriminator(4)
    net.eval()
    picture, mask = rand(1, 3, 256, 256), paddle.zeros([1, 1, 256, 256])
    mask[:, :, :128] = 1
    weight = net.fuse.weight.numpy()
    weight[:, :16] = 0  # the branch of the whole picture
    net.fuse.weight.set_value(weight)
    changed = picture.clone()
    changed[:, :, 128:] = 0
    assert net(picture, mask).item() == net(changed, mask).item()
    changed[:, :, :128] = 0
    assert net(picture, mask).item() != net(changed, mask).item()


def test_weights_are_spectrally_normalised():
    paddle.seed(0)
    net = PatchDiscriminator(4)
    for _ in range(60):  # power iterations, one a step of training
        net(rand(1, 3, 256, 256), rand(1, 1, 256, 256))
    for branch in (net.whole, net.ink):
        for down in branch:
            matrix = down.conv.weight.numpy().reshape(down.conv.weight.shape[0], -1)
            assert np.linalg.svd(matrix, compute_uv=False)[0] == pytest.approx(1, rel=0.05)
    assert not hasattr(net.fuse, "weight_orig")


def test_critics_score_whole_and_hole():
    paddle.seed(0)
    net = Critics(4, 64)
    picture, mask = rand(2, 3, 64, 64), paddle.zeros([2, 1, 64, 64])
    mask[:, :, :32] = 1
    one = net(picture, mask).numpy()
    changed = picture.clone()
    changed[:, :, 32:] = 0
    other = net(changed, mask).numpy()
    assert one.shape == (2, 2)
    assert (one[:, 1] == other[:, 1]).all() and (one[:, 0] != other[:, 0]).all()
