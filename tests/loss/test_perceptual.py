import numpy as np
import paddle
import pytest
from paddle.vision.models.vgg import make_layers

from loss import EraseLoss, LossConfig, open_features
from loss.perceptual import STAGES, content_loss, gram, style_loss
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
    config.features = ""
    with pytest.warns(UserWarning, match="content, style are left out: loss.features names no"):
        assert open_features(config) is None
    with pytest.raises(ValueError, match="content, style are left out"):
        open_features(config, strict=True)
    config.features = str(tmp_path / "none.pth")
    with pytest.raises(ValueError, match="none.pth: no such file"):
        open_features(config)
