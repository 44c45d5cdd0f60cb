import numpy as np
import paddle
import pytest

from training.adversary import Adversary
from training.config import AdversaryConfig, load_config


@pytest.fixture
def batch():
    """Ground truths that are flat, pictures of noise, ink on the left."""
    rng = np.random.default_rng(0)
    gt = paddle.full([2, 3, 256, 256], 0.8)
    picture = paddle.to_tensor(rng.random((2, 3, 256, 256), np.float32))
    picture.stop_gradient = False
    mask = paddle.zeros([2, 1, 256, 256])
    mask[..., :128] = 1
    return picture, gt, mask


@pytest.fixture
def adversary():
    paddle.seed(0)
    return Adversary(AdversaryConfig(width=4, lr_ratio=2.0, betas=[0.5, 0.999]), 256)


def test_it_learns_to_tell(adversary, batch):
    picture, gt, mask = batch
    losses = [adversary.learn(picture, gt, mask, 5e-4, [0]) for _ in range(16)]
    assert losses[-1] < losses[0] / 2
    assert picture.grad is None  # learning leaves the network that it judges alone
    assert float(adversary.judge(picture, gt, mask)) > float(adversary.judge(gt, gt, mask))


def test_judging_teaches_the_picture_alone(adversary, batch):
    picture, gt, mask = batch
    before = adversary.state()["model"]
    adversary.judge(picture, gt, mask).backward()
    assert float(picture.grad.abs().sum()) > 0
    assert all(p.grad is None for p in adversary.net.parameters())
    after = adversary.state()["model"]
    assert all((before[name] == after[name]).all() for name in before
               if not name.endswith(("weight_u", "weight_v")))


def test_a_published_discriminator_to_start_from(tmp_path, batch):
    adversary = Adversary(AdversaryConfig(width=4), 256)
    ours = adversary.state()["model"]
    published = {}
    for name, array in ours.items():
        branch, *rest = name.split(".")
        place = {"whole": "globalDis", "ink": "localDis", "fuse": "fusion.0"}[branch]
        published[".".join([place, *rest]).replace(".conv.", ".conv2d.")] = array + 0.01
    np.savez(tmp_path / "net.npz", **published)
    other = Adversary(AdversaryConfig(width=4, init=str(tmp_path / "net.npz")), 256)
    for name, array in other.state()["model"].items():
        np.testing.assert_array_equal(array, ours[name] + np.float32(0.01))
    assert np.isfinite(other.learn(*batch, 1e-3, [1]))


@pytest.mark.parametrize("kind", ["patch", "critics"])
def test_one_that_was_restored_goes_on_alike(batch, kind):
    paddle.seed(0)
    adversary, other = (Adversary(AdversaryConfig(kind, 4, steps=2), 256) for _ in range(2))
    adversary.learn(*batch, 1e-3, [1])
    other.restore(adversary.state())
    for one in (adversary, other):
        one.judge(*batch)
        one.learn(*batch, 1e-3, [2])
    one, two = adversary.state(), other.state()
    assert any(np.abs(one["optimizer"][name]).max() > 0 for name in one["optimizer"])
    for part in one:
        assert one[part].keys() == two[part].keys()
        assert all(np.array_equal(one[part][name], two[part][name]) for name in one[part])


def test_its_learning_rate_is_a_share(batch):
    moved = []
    for ratio in (0.5, 1.0):
        paddle.seed(0)
        adversary = Adversary(AdversaryConfig(width=4, lr_ratio=ratio), 256)
        before = adversary.net.fuse.weight.numpy()
        adversary.learn(*batch, 1e-3, [0])
        moved.append(np.abs(adversary.net.fuse.weight.numpy() - before).max())
    assert moved[0] == pytest.approx(5e-4, rel=0.05) and moved[1] == pytest.approx(1e-3, rel=0.05)


def test_critics_judge_what_is_in_the_hole(batch):
    paddle.seed(0)
    picture, gt, mask = batch
    adversary = Adversary(AdversaryConfig("critics", 4, steps=3), 256)
    adversary.learn(picture, gt, mask, 1e-3, [0])
    outside = picture * mask + 9 * (1 - mask)
    assert float(adversary.judge(picture, gt, mask)) == float(adversary.judge(outside, gt, mask))
    adversary.judge(picture, gt, mask).backward()
    slope = picture.grad.numpy()
    assert (slope[..., 128:] == 0).all() and np.abs(slope[..., :128]).max() > 0


@pytest.mark.parametrize("assignment, message", [
    ("adversary.kind=critic", "unknown kind 'critic'; known: patch, critics"),
    ("adversary.steps=0", "width must be 2 or more and steps 1 or more, got 64, 0"),
    ("adversary.penalty=-1", "penalty must be 0 or more, got -1"),
    ("adversary.betas=[0.9]", r"betas must be two numbers in \[0, 1\), got \[0.9\]"),
    ("train.betas=[0.9, 1.0]", r"betas must be two numbers in \[0, 1\), got \[0.9, 1.0\]"),
    ("adversary.width=1", "width must be 2 or more and steps 1 or more, got 1, 1"),
    ("adversary.lr_ratio=0", "lr_ratio must be above 0, got 0"),
    ("data.augment.crop=128", "the discriminator needs crops of 256 pixels or more, got 128"),
])
def test_wrong_settings(tmp_path, assignment, message):
    path = tmp_path / "recipe.yaml"
    path.write_text("loss: {adversarial: 0.1}")
    with pytest.raises(ValueError, match=message):
        load_config(path, [assignment])
