"""EraseNet, and what holds for both networks since they share the coarse stage."""

from dataclasses import replace

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from model import Erased, ModelConfig, build
from model.blocks import FORMS
from model.coarse import MASK_BIAS
from model.paper import paper_colour
from model.weights import STATISTICS

TINY = {"erasenet": ModelConfig("erasenet", 4), "nonlocal": ModelConfig("nonlocal", 4, "plain", 4)}


@pytest.fixture(params=TINY)
def config(request):
    paddle.seed(1)
    return TINY[request.param]


def page(n=1, h=32, w=64):
    drawn = np.random.default_rng(0).random((n, 3, h, w), np.float32)
    return paddle.to_tensor(drawn)


def zero(*layers):
    for layer in layers:
        for parameter in layer.parameters():
            parameter.set_value(paddle.zeros_like(parameter))


@pytest.mark.parametrize("arch, millions", [("erasenet", 19.7), ("nonlocal", 22.7)])
def test_size_as_published(arch, millions):
    with paddle.LazyGuard():  # counts parameters without drawing them
        net = build(ModelConfig(arch))
    assert round(sum(np.prod(p.shape) for p in net.parameters()) / 1e6, 1) == millions


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n, h, w", [(2, 64, 32), (1, 32, 96)])
def test_shapes(config, form, n, h, w):
    config = replace(config, form=form)
    net = build(config)
    erased = net(page(n, h, w))
    assert isinstance(erased, Erased) and net.config == config and net.training
    assert erased.image.shape == [n, 3, h, w]
    assert [p.shape for p in erased.coarse] == [[n, 3, h // s, w // s] for s in (4, 2, 1)]
    assert erased.mask_logits.shape == [n, 1, h, w]
    for tensor in (erased.image, *erased.coarse, erased.mask_logits):
        assert np.isfinite(tensor.numpy()).all()


@pytest.mark.parametrize("form", FORMS)
def test_every_parameter_is_trained(config, form):
    net = build(replace(config, form=form))
    erased = net(page(2, 64, 64))
    sum(t.abs().mean() for t in (erased.image, *erased.coarse, erased.mask_logits)).backward()
    without = [name for name, p in net.named_parameters() if p.grad is None]
    assert [name for name in without if not name.endswith(STATISTICS)] == []


def test_residual_with_zeroed_heads_is_the_identity(config):
    net, x = build(replace(config, form="residual")), page(2)
    coarse = net.coarse
    zero(coarse.picture4, coarse.picture2, coarse.up1, net.refine.head[-1])
    erased = net(x)
    assert paddle.equal_all(erased.image, x) and paddle.equal_all(erased.coarse[2], x)
    for picture, step in zip(erased.coarse, (4, 2), strict=False):
        np.testing.assert_allclose(picture.numpy(), F.avg_pool2d(x, step).numpy(), rtol=1e-6)


def test_gated_replaces_where_the_mask_is_ink(config):
    net, x = build(replace(config, form="gated")), page()
    zero(net.refine.head[-1], net.coarse.mask_up1[1])
    plain = build(config)
    plain.set_state_dict(net.state_dict())
    prediction = plain(x).coarse[2].numpy()
    for logit, mask in ((-np.inf, 0), (0, 0.5), (np.inf, 1)):
        net.coarse.mask_up1[1].bias.set_value(paddle.full([1], logit))
        erased = net(x)
        expected = x.numpy() + mask * (prediction - x.numpy())
        np.testing.assert_allclose(erased.coarse[2].numpy(), expected, atol=1e-6)
        assert paddle.equal_all(erased.image, erased.coarse[2])  # the refinement's change is 0
        if mask == 0:
            assert paddle.equal_all(erased.image, x)


def test_paper_fades_the_prediction_into_the_colour_around(config):
    net, x = build(replace(config, form="paper")), page()
    zero(net.refine.head[-1], net.coarse.mask_up1[1])
    net.coarse.mask_up1[1].bias.set_value(paddle.full([1], 0.0))
    gated = build(replace(config, form="gated"))
    gated.set_state_dict({k: v for k, v in net.state_dict().items() if "bare" not in k})
    prediction = gated(x).image.numpy() * 2 - x.numpy()  # half of it is the page
    for logit, bare in ((-np.inf, 0), (np.inf, 1)):
        net.coarse.bare.weight.set_value(paddle.zeros_like(net.coarse.bare.weight))
        net.coarse.bare.bias.set_value(paddle.full([1], logit))
        paper = paper_colour(x, paddle.full([1, 1, 32, 64], 0.5)).numpy()
        expected = (x.numpy() + (paper if bare else prediction)) / 2
        np.testing.assert_allclose(net(x).image.numpy(), expected, atol=1e-5)


def test_translucent_starts_with_the_page(config):
    net, x = build(replace(config, form="translucent")), page()
    zero(net.coarse.up1, net.refine.head[-1])
    net.coarse.gain.weight.set_value(paddle.zeros_like(net.coarse.gain.weight))
    np.testing.assert_allclose(net(x).image.numpy(), x.numpy(), atol=1e-3)


def test_translucent_undoes_a_blending(config):
    """Of a page at half its light, with 0.3 of red over it."""
    net, x = build(replace(config, form="translucent")), page()
    zero(net.coarse.up1, net.coarse.gain, net.refine.head[-1], net.coarse.mask_up1[1])
    net.coarse.mask_up1[1].bias.set_value(paddle.full([1], np.inf))
    net.coarse.gain.bias.set_value(paddle.full([1], np.log(2 / 3)))  # 5 × 0.4
    net.coarse.up1.bias.set_value(paddle.to_tensor(np.float32([-0.6, 0, 0])))
    red = paddle.to_tensor(np.float32([0.3, 0, 0])).reshape([1, 3, 1, 1])
    np.testing.assert_allclose(net(0.5 * x + red).image.numpy(), x.numpy(), atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_the_mask_starts_as_nothing_to_erase(config, form):
    net = build(replace(config, form=form))
    assert MASK_BIAS == -2.5
    assert abs(float(net(page(2)).mask_logits.mean()) - MASK_BIAS) < 0.5
    zero_weight = paddle.zeros_like(net.coarse.mask_up1[1].weight)
    net.coarse.mask_up1[1].weight.set_value(zero_weight)
    assert (net(page()).mask_logits.numpy() == MASK_BIAS).all()


@pytest.mark.parametrize("setting, message", [
    ({"arch": "unet"}, "unknown arch 'unet'; known: erasenet, nonlocal"),
    ({"form": "Gated"}, "unknown form 'Gated'; known: plain, residual, gated"),
    ({"attention": "queries"}, "unknown attention 'queries'; known: keys, winner"),
    ({"width": 1}, "width must be 2 or more, got 1"),
    ({"refine_channels": 1}, "refine_channels must be 2 or more, got 1"),
])
def test_unknown_networks(setting, message):
    with pytest.raises(ValueError, match=message):
        ModelConfig(**setting)
