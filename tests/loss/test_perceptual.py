from dataclasses import replace

import numpy as np
import paddle
import pytest
from paddle.vision.models.vgg import make_layers

from loss import FEATURE_TERMS, TERMS, EraseLoss, LossConfig, open_features
from loss.perceptual import (
    STAGES,
    content_loss,
    cosines,
    global_similarity_loss,
    gram,
    style_loss,
)
from model import Erased
from model.pickles import write_arrays


def features(*values, shape=(1, 2, 1, 2)):
    return {stage: paddle.to_tensor(np.reshape(v, shape).astype("f4"))
            for stage, v in zip(STAGES, values, strict=True)}


@pytest.fixture
def config(tmp_path):
    """A loss of features alone, of a tiny VGG."""
    paddle.seed(0)
    layers = make_layers([4, 4, "M", 8, 8, "M", 16, 16, 16, "M", 32, 32, 32])
    write_arrays(tmp_path / "vgg.pdparams",
                 {name: tensor.numpy() for name, tensor in layers.state_dict().items()})
    return LossConfig(0, 0, 0, 0, 0, 0, content=0.01, style=120,
                      features=str(tmp_path / "vgg.pdparams"))


def test_gram_by_hand():
    # Channels (1, 2) and (3, 4): 1·1 + 2·2, 1·3 + 2·4, 3·3 + 4·4, over 2 channels × 2 pixels.
    found = gram(features([1, 2, 3, 4], [0] * 4, [0] * 4)["pool1"])
    np.testing.assert_allclose(found, [[[5 / 4, 11 / 4], [11 / 4, 25 / 4]]])


def test_content_and_style_by_hand():
    one = features([1, 2, 3, 4], [0, 0, 0, 0], [1, 1, 1, 1])
    other = features([1, 2, 3, 0], [0, 0, 0, 2], [1, 1, 1, 1])
    assert float(content_loss(one, other)) == pytest.approx(4 / 4 + 2 / 4)
    # Gram of (1, 2), (3, 0): 5/4, 3/4, 3/4, 9/4: differences 0, 2, 2, 4. Of (0, 2): 4/4 in one.
    assert float(style_loss(one, other)) == pytest.approx((0 + 2 + 2 + 4) / 4 + 1 / 4)
    assert float(content_loss(one, one)) == float(style_loss(one, one)) == 0


def test_style_does_not_see_where_things_are():
    x = np.random.default_rng(0).random((3, 1, 4, 3, 5))
    moved = x.reshape(3, 1, 4, 15)[..., np.random.default_rng(1).permutation(15)].reshape(x.shape)
    shape = (1, 4, 3, 5)
    one, other = features(*x, shape=shape), features(*moved, shape=shape)
    assert float(style_loss(one, other)) == pytest.approx(0, abs=1e-6)
    assert float(content_loss(one, other)) > 0.1


def test_patches_by_hand():
    """The largest of each channel in each quarter; cosines of these."""
    x = np.zeros((1, 2, 4, 6), "f4")
    x[0, :, 1, 2], x[0, 0, 0, 0] = (1, 4), 3  # (3, 4)
    x[0, :, 0, 3] = 2, 0
    x[0, :, 3, 1] = 0, 5
    x[0, :, 2, 5] = 8, 6
    angles = np.array([[3, 4], [5, 0], [0, 5], [4, 3]]) / 5
    np.testing.assert_allclose(cosines(paddle.to_tensor(x), 2)[0], angles @ angles.T, atol=1e-6)


def test_global_similarity_by_hand():
    # Patches (1, 0), (1, 0), (0, 1), (0, 1) where all are alike in the other: 8 of 16 pairs differ.
    shape = (1, 2, 2, 2)
    one = features([1, 1, 0, 0, 0, 0, 1, 1], [0] * 8, [0] * 8, shape=shape)
    other = features([2, 3, 4, 5, 0, 0, 0, 0], [0] * 8, [0] * 8, shape=shape)
    assert float(global_similarity_loss(one, other)) == pytest.approx(8 / 16)
    assert float(global_similarity_loss(one, one)) == 0
    # Only which patches are alike counts, not what they hold: here the channels are exchanged.
    turned = features([0, 0, 5, 5, 5, 5, 0, 0], [0] * 8, [0] * 8, shape=shape)
    assert float(global_similarity_loss(one, turned)) == pytest.approx(0, abs=1e-6)


def test_global_similarity_is_of_the_picture_alone(config):
    gt, image = paddle.rand([2, 3, 64, 64]), paddle.rand([2, 3, 64, 64])
    image.stop_gradient = False
    config.content, config.style, config.global_similarity = 0, 0, 0.5
    net = open_features(config)
    criterion = EraseLoss(config, net)
    mask = paddle.zeros([2, 1, 64, 64])
    terms = criterion(Erased(image, [], mask), gt, mask)
    assert tuple(terms) == ("global_similarity",)
    expected = global_similarity_loss(net(image, STAGES), net(gt, STAGES))
    assert float(terms["global_similarity"]) == pytest.approx(float(expected), rel=1e-5)
    assert float(expected) > 0
    criterion.total(terms).backward()
    assert np.isfinite(image.grad.numpy()).all() and float(image.grad.abs().sum()) > 0
    perfect = criterion(Erased(gt, [], mask), gt, mask)
    assert float(perfect["global_similarity"]) == 0


def test_terms_of_output_and_composite(config):
    """Outside the ink the composite is the ground truth: without ink only the output counts."""
    gt, image = paddle.rand([2, 3, 32, 32]), paddle.rand([2, 3, 32, 32])
    image.stop_gradient = False
    criterion = EraseLoss(config, open_features(config))
    net = open_features(config)
    erased = Erased(image, [], paddle.zeros([2, 1, 32, 32]))
    none = criterion(erased, gt, paddle.zeros([2, 1, 32, 32]))
    whole = criterion(erased, gt, paddle.ones([2, 1, 32, 32]))
    assert tuple(none) == tuple(whole) == ("content", "style")
    one = content_loss(net(image, STAGES), net(gt, STAGES))
    assert float(none["content"]) == pytest.approx(float(one), rel=1e-5)
    for name in none:
        assert float(whole[name]) == pytest.approx(2 * float(none[name]), rel=1e-4)
    criterion.total(whole).backward()
    assert float(image.grad.abs().sum()) > 0
    perfect = criterion(Erased(gt, [], erased.mask_logits), gt, paddle.ones([2, 1, 32, 32]))
    assert all(float(term) == pytest.approx(0, abs=1e-6) for term in perfect.values())


def test_a_dropped_term_is_not_computed(config):
    net = open_features(config)
    config.style = 0.0
    erased = Erased(paddle.rand([1, 3, 32, 32]), [], paddle.zeros([1, 1, 32, 32]))
    gt, mask = paddle.rand([1, 3, 32, 32]), paddle.zeros([1, 1, 32, 32])
    assert tuple(EraseLoss(config, net)(erased, gt, mask)) == ("content",)
    config.content, config.ink_l1 = 0.0, 1.0
    assert tuple(EraseLoss(config, net)(erased, gt, mask)) == ("ink_l1",)


def test_without_a_file(config, tmp_path):
    assert open_features(LossConfig()) is None
    config.features, config.global_similarity, config.ink_l1 = "", 0.5, 1.0
    left_out = "content, style, global_similarity are left out: loss.features names no"
    with pytest.warns(UserWarning, match=left_out):
        assert open_features(config) is None
    with pytest.raises(ValueError, match=left_out):
        open_features(config, strict=True)
    nothing_else = {name: 0.0 for name in TERMS if name not in FEATURE_TERMS}
    with pytest.raises(ValueError, match=left_out):
        open_features(replace(config, **nothing_else))
    config.features = str(tmp_path / "none.pth")
    with pytest.raises(ValueError, match="none.pth: no such file"):
        open_features(config)
