import math

import numpy as np
import paddle
import pytest

from loss import FEATURE_TERMS, TERMS, EraseLoss, LossConfig
from loss.mask import MaskLoss, cross_entropy, dice_loss
from loss.reconstruction import (
    composite,
    confidence,
    confidence_l1,
    masked_l1,
    multiscale_l1,
    ssim_loss,
    total_variation,
)
from metric import ssim
from model import Erased, Segmented

PLAIN = tuple(name for name in TERMS if name not in (*FEATURE_TERMS, "adversarial"))


def tensor(values, *shape, **named):
    return paddle.to_tensor(np.asarray(values, "f4").reshape(shape or np.shape(values)), **named)


def logits(prob):
    """What a sigmoid turns into `prob`; ±30 at the ends."""
    prob = np.asarray(prob, "f8")
    with np.errstate(divide="ignore"):
        return np.clip(np.log(prob) - np.log1p(-prob), -30, 30)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


@pytest.mark.parametrize("mask", [np.zeros((2, 1, 8, 8)), np.ones((2, 1, 8, 8)),
                                  drawn(2, 1, 8, 8) > 0.9, drawn(2, 1, 8, 8)])
def test_dice_of_a_perfect_mask_is_nothing(mask):
    assert abs(float(dice_loss(tensor(logits(mask)), tensor(mask)))) < 1e-6


def test_dice_by_hand():
    mask = tensor([1, 1, 0, 0], 1, 1, 2, 2)

    def dice(*prob):
        return float(dice_loss(tensor(logits(prob), 1, 1, 2, 2), mask))

    # (2 overlap + 1) / (squares + 1)
    assert dice(1, 0, 0, 0) == pytest.approx(1 - (2 + 1) / (1 + 2 + 1))
    assert dice(0, 0, 1, 1) == pytest.approx(1 - 1 / 5)
    assert dice(0.5, 0.5, 0.5, 0.5) == pytest.approx(1 - 3 / 4)
    # The mean of each page's, not that of all pixels.
    pair = dice_loss(tensor(logits([1, 0, 0, 0, 0, 0, 0, 0]), 2, 1, 2, 2),
                     tensor([1, 1, 0, 0, 0, 0, 0, 0], 2, 1, 2, 2))
    assert float(pair) == pytest.approx((0.25 + 0) / 2)


def test_cross_entropy_by_hand():
    prob, mask = tensor(logits([0.5, 0.5, 0.25]), 1, 1, 1, 3), tensor([1, 0, 0.5], 1, 1, 1, 3)
    found = cross_entropy(prob, mask)
    half = -(math.log(0.25) + math.log(0.75)) / 2
    assert float(found) == pytest.approx((3 * math.log(2) + math.log(2) + 2 * half) / 3)


def test_masked_l1_by_hand():
    image, gt = tensor([0.5, 1.0, 0.0, 0.25] * 3, 1, 3, 2, 2), paddle.zeros([1, 3, 2, 2])
    ink, page = masked_l1(image, gt, tensor([1, 0.5, 0, 0], 1, 1, 2, 2))
    assert float(ink) == pytest.approx((0.5 + 0.5) / 4)
    assert float(page) == pytest.approx((0.5 + 0.25) / 4)


def test_ink_and_page_are_the_l1():
    image, gt, mask = (tensor(drawn(2, c, 8, 8, seed=c)) for c in (3, 4, 1))
    gt = gt[:, :3]
    ink, page = masked_l1(image, gt, mask)
    assert float(ink + page) == pytest.approx(float((image - gt).abs().mean()), rel=1e-6)
    assert float(ink) > 0 and float(page) > 0


def test_multiscale_l1_weighs_each_scale():
    gt, mask = tensor(drawn(1, 3, 8, 8)), tensor(drawn(1, 1, 8, 8, seed=1))
    coarse = [tensor(drawn(1, 3, s, s, seed=s)) for s in (2, 4, 8)]

    def down(array, step):
        n, c, h, w = array.shape
        return array.reshape(n, c, h // step, step, w // step, step).mean((3, 5))

    expected = np.zeros(2)
    for picture, step, weight in zip(coarse, (4, 2, 1), ((0.5, 1), (2, 5), (3, 7)), strict=True):
        error = abs(picture.numpy() - down(gt.numpy(), step))
        share = down(mask.numpy(), step)
        parts = np.array([(share * error).mean(), ((1 - share) * error).mean()])
        expected += weight * parts
    got = multiscale_l1(coarse, gt, mask, [0.5, 2, 3], [1, 5, 7])
    np.testing.assert_allclose([float(term) for term in got], expected, rtol=1e-5)
    with pytest.raises(ValueError):
        multiscale_l1(coarse, gt, mask, [1, 1], [1, 1])


def test_composite_by_hand():
    image, gt = tensor([0.5, 1.0, 0.0, 0.25] * 3, 1, 3, 2, 2), paddle.ones([1, 3, 2, 2])
    found = composite(image, gt, tensor([1, 0.5, 0, 0], 1, 1, 2, 2))
    np.testing.assert_allclose(found[0, 0], [[0.5, 1], [1, 1]])


def test_total_variation_by_hand():
    """Around the one pixel of ink, 0.8 in a page of 0.2, lie four neighbours; two of the page's
    own, elsewhere, do not count."""
    gt = np.full((1, 3, 4, 4), 0.2)
    gt[..., 3, 3] = 0.9
    mask, image = np.zeros((1, 1, 4, 4)), np.full((1, 3, 4, 4), 0.8)
    mask[..., 1, 1] = 1
    found = total_variation(tensor(image), tensor(gt), tensor(mask))
    assert float(found) == pytest.approx(4 * 0.6 / 16)
    assert float(total_variation(tensor(image), tensor(gt), tensor(mask * 0))) == 0


def test_confidence():
    """Highest next to the border, below 1, falling inwards, 0 outside of the hole."""
    hole = np.zeros((1, 1, 192, 192))
    hole[..., 32:160, 32:160] = 1
    found = confidence(tensor(hole)).numpy()[0, 0]
    assert (found[hole[0, 0] == 0] == 0).all()
    inwards = found[96, 32:96]
    assert inwards[0] < 1 and inwards[0] == found[96].max()
    assert (np.diff(inwards) < 0).all() and inwards[-1] > 0
    np.testing.assert_allclose(found, found[::-1, ::-1], atol=1e-5)


def test_confidence_by_hand():
    """Of a hole's only pixel w after each round is 1 − g + g·w, g the Gaussian's share there."""
    hole = np.zeros((1, 1, 3, 3))
    hole[..., 1, 1] = 1
    taps = np.exp(-np.arange(-1, 2) ** 2 / 40.0**2 / 2)
    g = 1 / taps.sum() ** 2  # of what lies on the picture
    expected = 0.0
    for _ in range(7):
        expected = 1 - g + g * expected
    found = confidence(tensor(hole))
    assert found[0, 0, 1, 1].item() == pytest.approx(expected, rel=1e-5)
    image, gt = tensor(np.full((1, 3, 3, 3), 0.5)), tensor(np.zeros((1, 3, 3, 3)))
    assert float(confidence_l1(image, gt, tensor(hole))) == pytest.approx(0.5 * expected, rel=1e-5)
    assert float(confidence_l1(image, gt, tensor(hole * 0))) == 0


def test_ssim_of_one_pixel_by_hand():
    """All around it is black, so its windows see its value times the share w of their middle."""
    taps = np.exp(-np.arange(-5, 6) ** 2 / 1.5**2 / 2)
    w = 1 / taps.sum() ** 2
    a, b, c1, c2 = 0.75, 0.25, 0.01**2, 0.03**2
    expected = (2 * w * w * a * b + c1) / (w * w * (a * a + b * b) + c1) \
        * (2 * (w - w * w) * a * b + c2) / ((w - w * w) * (a * a + b * b) + c2)
    found = ssim_loss(tensor([a] * 3, 1, 3, 1, 1), tensor([b] * 3, 1, 3, 1, 1))
    assert float(found) == pytest.approx(1 - expected, rel=1e-4)


def test_ssim_is_that_of_the_metrics():
    """Of grey pictures that differ in the middle alone, so that all windows at the edges agree."""
    image, gt = (np.random.default_rng(seed).integers(0, 256, (40, 48, 1), np.uint8).repeat(3, 2)
                 for seed in (0, 1))
    middle = np.s_[12:-12, 12:-12]
    image[middle] = image[middle] // 2 + gt[middle] // 2
    image[:12], image[-12:], image[:, :12], image[:, -12:] = (
        gt[:12], gt[-12:], gt[:, :12], gt[:, -12:])
    inside, whole = 30 * 38, 40 * 48
    expected = (ssim(image, gt) * inside + whole - inside) / whole
    x, y = (tensor(array.transpose(2, 0, 1) / 255, 1, 3, 40, 48) for array in (image, gt))
    assert expected < 0.95
    assert 1 - float(ssim_loss(x, y)) == pytest.approx(expected, abs=1e-5)


def test_ssim_is_least_for_the_same_picture():
    gt, other = drawn(2, 3, 16, 20), drawn(2, 3, 16, 20, seed=1)
    image = tensor(gt + 0.1 * other, stop_gradient=False)
    costs = [float(ssim_loss(tensor(gt + share * (other - gt)), tensor(gt)))
             for share in (0, 0.2, 0.5, 1)]
    assert costs[0] == 0 and costs == sorted(costs) and costs[-1] > 0.5
    ssim_loss(image, tensor(gt)).backward()
    assert np.isfinite(image.grad.numpy()).all() and abs(image.grad.numpy()).min() > 0


def batch(mask, seed=0):
    """An `Erased` of leaves, a gt and a mask."""
    def leaf(*shape, seed):
        return tensor(drawn(*shape, seed=seed), stop_gradient=False)

    coarse = [leaf(2, 3, s, s, seed=seed + s) for s in (4, 8, 16)]
    erased = Erased(leaf(2, 3, 16, 16, seed=seed), coarse, leaf(2, 1, 16, 16, seed=seed + 1))
    return erased, tensor(drawn(2, 3, 16, 16, seed=50)), tensor(mask)


def test_terms_are_named_and_unweighted():
    mask = drawn(2, 1, 16, 16)
    erased, gt, target = batch(mask)
    config = LossConfig(dice=3, cross_entropy=2, ink_l1=5, page_l1=7, coarse_ink_l1=11,
                        coarse_page_l1=13, variation=17, confidence_l1=19, ssim=23)
    criterion = EraseLoss(config)
    terms = criterion(erased, gt, target)
    assert tuple(terms) == PLAIN
    assert all(term.size == 1 for term in terms.values())
    assert float(terms["dice"]) == pytest.approx(float(dice_loss(erased.mask_logits, target)))
    expected = sum(getattr(config, name) * float(term) for name, term in terms.items())
    assert float(criterion.total(terms)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dropped", [("dice",), ("ink_l1",), ("coarse_page_l1",),
                                     ("coarse_ink_l1", "coarse_page_l1"), PLAIN[1:]])
def test_weight_0_leaves_a_term_out(dropped):
    config = LossConfig(**{"cross_entropy": 1.0, "variation": 1.0, "confidence_l1": 1.0,
                           "ssim": 1.0, **dict.fromkeys(dropped, 0.0)})
    terms = EraseLoss(config)(*batch(drawn(2, 1, 16, 16)))
    assert tuple(terms) == tuple(name for name in PLAIN if name not in dropped)


@pytest.mark.parametrize("mask", [np.zeros((2, 1, 16, 16)), np.ones((2, 1, 16, 16))])
@pytest.mark.parametrize("scale", [1, 1000])  # logits so large that the sigmoid is flat
def test_gradients_are_finite(mask, scale):
    erased, gt, target = batch(mask)
    criterion = EraseLoss(LossConfig())
    scaled = erased._replace(mask_logits=erased.mask_logits * -scale)
    criterion.total(criterion(scaled, gt, target)).backward()
    for leaf in (erased.image, *erased.coarse, erased.mask_logits):
        assert np.isfinite(leaf.grad.numpy()).all()
    if scale == 1:
        assert abs(erased.mask_logits.grad.numpy()).max() > 0  # a blank page teaches the mask too


def test_a_perfect_answer_costs_nothing():
    erased, gt, _ = batch(np.zeros((2, 1, 16, 16)))
    mask = (drawn(2, 1, 16, 16) > 0.5).astype("f4")
    coarse = [paddle.nn.functional.avg_pool2d(gt, 4), paddle.nn.functional.avg_pool2d(gt, 2), gt]
    criterion = EraseLoss(LossConfig())
    terms = criterion(Erased(gt, coarse, tensor(logits(mask))), gt, tensor(mask))
    assert abs(float(criterion.total(terms))) < 1e-5


@pytest.mark.parametrize("settings, message", [
    ({"dice": -1.0}, "loss weight dice must be 0 or more, got -1.0"),
    ({"page_l1": math.nan}, "loss weight page_l1"),
    ({"ink_l1": math.inf}, "loss weight ink_l1"),
])
def test_wrong_weights(settings, message):
    with pytest.raises(ValueError, match=message):
        LossConfig(**settings)


def test_weighted_and_focal_loss_by_hand():
    x = paddle.to_tensor(np.array([[[[0.0, 2.0, -1.0]]]], "f4"))
    mask = paddle.to_tensor(np.array([[[[1.0, 0.0, 0.25]]]], "f4"))
    p = 1 / (1 + np.exp(-np.array([0.0, 2.0, -1.0])))
    m = np.array([1.0, 0.0, 0.25])
    entropy = -(m * np.log(p) + (1 - m) * np.log(1 - p))
    weights = np.array([2.0, 1.0, 1.25])
    found = MaskLoss(2.0, 0.0)(Segmented(x), mask)
    assert list(found) == ["cross_entropy"]
    assert float(found["cross_entropy"]) == pytest.approx((weights * entropy).mean(), rel=1e-5)
    wrong = 1 - (m * p + (1 - m) * (1 - p))
    for gamma in (0.5, 1.0, 2.0):
        loss = MaskLoss(2.0, gamma)
        found = loss(Segmented(x), mask)
        assert float(found["focal"]) == pytest.approx(
            (weights * wrong**gamma * entropy).mean(), rel=1e-5)
        assert float(loss.total(found)) == float(found["focal"])


def test_a_sure_and_right_pixel_has_a_finite_gradient():
    x = paddle.to_tensor(np.full((1, 1, 2, 2), 90.0, "f4"))
    x.stop_gradient = False
    cross_entropy(x, paddle.ones([1, 1, 2, 2]), 2.0, 0.5).backward()
    assert np.isfinite(x.grad.numpy()).all()
