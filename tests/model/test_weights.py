import pickle
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from model import ModelConfig, build, weights
from model.discriminator import PatchDiscriminator
from model.paper import paper_colour
from model.pickles import read_arrays, write_arrays
from model.published import fold_spectral_norm

TINY = ModelConfig("erasenet", 4, "gated")


class Published:
    """The published networks at any width, written down from their attribute names and wiring.

    A parameter is drawn under its published name when it is first used, so that `state` is the
    state dict and a call gives its own outputs (picture 1/4, 1/2, 1, refined, mask logits).
    """

    def __init__(self, width, form="plain", mask_channels=1, channels=None, winner=False):
        self.width, self.form, self.mask_channels = width, form, mask_channels
        self.channels, self.winner = channels, winner  # of the Non-Local net; None: EraseNet
        self.rng = np.random.default_rng(0)
        self.state = {}

    def __call__(self, x):
        with paddle.no_grad():
            *coarse, mask, skips = self.coarse(paddle.to_tensor(x))
            refined = self.dilated if self.channels is None else self.nonlocal_
            y = refined(coarse[-1], *skips)
            y = y if self.form == "plain" else y + coarse[-1]
            return [tensor.numpy() for tensor in (*coarse, y, mask)]

    def draw(self, name, *shape, low=None, high=None):
        if name not in self.state:
            high = 1 / max(1, np.prod(shape[1:]))**0.5 if high is None else high
            low = -high if low is None else low
            self.state[name] = self.rng.uniform(low, high, shape).astype("f4")
        return paddle.to_tensor(self.state[name])

    def conv(self, name, x, outputs, kernel=3, stride=1, pad=None, dilation=1, bias=True):
        weight = self.draw(f"{name}.weight", outputs, x.shape[1], kernel, kernel)
        bias = self.draw(f"{name}.bias", outputs) if bias else None
        return F.conv2d(x, weight, bias, stride, kernel // 2 if pad is None else pad, dilation)

    def act(self, name, *args, **named):
        return F.leaky_relu(self.conv(f"{name}.conv2d", *args, **named), 0.2)

    def deconv(self, name, x, outputs):
        return F.leaky_relu(self.head(f"{name}.conv2d", x, outputs), 0.2)

    def head(self, name, x, outputs):
        weight = self.draw(f"{name}.weight", x.shape[1], outputs, 3, 3)
        bias = self.draw(f"{name}.bias", outputs)
        return F.conv2d_transpose(x, weight, bias, 2, 1, 1)

    def residual(self, name, x, outputs, stride=1):
        y = F.relu(self.conv(f"{name}.conv1", x, x.shape[1], stride=stride))
        y = self.conv(f"{name}.conv2", y, outputs)
        y = y + (x if stride == 1 else self.conv(f"{name}.conv3", x, outputs, 1, stride, 0))
        norm = f"{name}.batch_norm2d"
        return F.relu(F.batch_norm(
            y, self.draw(f"{norm}.running_mean", outputs, high=0.3),
            self.draw(f"{norm}.running_var", outputs, low=0.5, high=2),
            self.draw(f"{norm}.weight", outputs, low=0.5, high=1.5),
            self.draw(f"{norm}.bias", outputs, high=0.3)))

    def lateral(self, name, x):
        c = x.shape[1]
        for i, (outputs, kernel) in enumerate([(c, 1), (2 * c, 3), (2 * c, 3), (c, 1)]):
            x = self.conv(f"{name}.{i}", x, outputs, kernel)
        return x

    def coarse(self, x):
        c = self.width
        x1 = self.act("conva", self.act("conv1", x, c, 4, 2, 1), c)
        x2 = self.residual("res1", self.act("convb", x1, 2 * c, 4, 2, 1), 2 * c)
        x3 = self.residual("res3", self.residual("res2", x2, 2 * c), 4 * c, 2)
        x4 = self.residual("res5", self.residual("res4", x3, 4 * c), 8 * c, 2)
        middle = self.residual("res6", x4, 8 * c)
        y = self.residual("res8", self.residual("res7", middle, 16 * c, 2), 16 * c)
        y = self.deconv("deconv1", self.act("conv2", y, 16 * c, 1), 8 * c)
        y = self.deconv("deconv2", cat(self.lateral("lateral_connection1", x4), y), 4 * c)
        y = self.deconv("deconv3", cat(self.lateral("lateral_connection2", x3), y), 2 * c)
        quarter = self.conv("conv_o1", y, 3, 1)
        y = self.deconv("deconv4", cat(self.lateral("lateral_connection3", x2), y), c)
        half = self.conv("conv_o2", y, 3, 1)
        y = cat(self.lateral("lateral_connection4", x1), y)
        full = self.head("deconv5.conv2d", y, 3)
        if self.form == "translucent":
            full = full + 5 * F.sigmoid(self.head("gain", y, 1)) * x
        else:
            full = F.leaky_relu(full, 0.2)
        if self.form == "paper":
            bare = F.sigmoid(self.head("bare", y, 1))
        m = self.act("mask_conv_a", self.deconv("mask_deconv_a", cat(middle, x4), 8 * c), 4 * c)
        m = self.act("mask_conv_b", self.deconv("mask_deconv_b", cat(m, x3), 4 * c), 2 * c)
        m = self.act("mask_conv_c", self.deconv("mask_deconv_c", cat(m, x2), 2 * c), c)
        m = self.deconv("mask_deconv_d", cat(m, x1), c)
        m = self.conv("mask_conv_d", m, self.mask_channels, 1).mean(1, keepdim=True)
        if self.form != "plain":
            quarter, half = quarter + F.avg_pool2d(x, 4), half + F.avg_pool2d(x, 2)
            if self.form == "paper":
                full = full + bare * (paper_colour(x, F.sigmoid(m)) - full)
            full = x + full if self.form == "residual" else x + F.sigmoid(m) * (full - x)
        return quarter, half, full, m, (x1, x2, x3, x4)

    def dilated(self, picture, x1, x2, x3, x4):
        c = self.width
        half = self.act("coarse_convb", self.act("coarse_conva", picture, c, 5), 2 * c, 4, 2, 1)
        half = self.act("coarse_convc", half, 2 * c)
        y = self.act("coarse_convd", half, 4 * c, 4, 2, 1)
        y = quarter = self.act("coarse_convf", self.act("coarse_conve", y, 4 * c), 4 * c)
        for i, d in enumerate((2, 4, 8, 16)):
            y = self.act(f"astrous_net.{i}", y, 4 * c, pad=d, dilation=d)
        y = self.act("coarse_convl", self.act("coarse_convk", y, 4 * c), 4 * c)
        y = self.deconv("coarse_deconva", cat(y, quarter, self.conv("c2", x2, 4 * c, 1)), 2 * c)
        y = cat(self.act("coarse_convm", y, 2 * c), half, self.conv("c1", x1, 2 * c, 1))
        y = self.act("coarse_convn.0", self.deconv("coarse_deconvb", y, c), c // 2)
        return self.conv("coarse_convn.1.conv2d", y, 3)

    def layers(self, name, x, *layers):
        """A published Sequential: convolutions to so many channels, each with its activation,
        'attend', 'pool' and 'up', numbered as there."""
        index = 0
        for layer in layers:
            place = f"refine.{name}.{index}"
            if layer in ("pool", "up"):
                x = F.max_pool2d(x, 2) if layer == "pool" else x.repeat_interleave(2, 2)
                x = x.repeat_interleave(2, 3) if layer == "up" else x
                index += 1
                continue
            x = self.attend(place, x) if layer == "attend" else self.conv(place, x, layer)
            x, index = F.leaky_relu(x, 0.1), index + 2
        return x

    def attend(self, name, x):
        n, c, h, w = x.shape
        rows = c if self.winner else c // 2
        query, key, value = (
            self.conv(f"{name}.conv_{part}", x, c // 2, 1, bias=False).reshape([n, rows, -1])
            for part in ("theta", "phi", "g"))
        share = F.softmax(query.transpose([0, 2, 1]) @ key, 1 if self.winner else 2)
        y = (share @ value.transpose([0, 2, 1])).transpose([0, 2, 1]).reshape([n, c // 2, h, w])
        return x + self.conv(f"{name}.conv_mask", y, c, 1, bias=False)

    def nonlocal_(self, picture, x1, x2, x3, x4):
        c = self.channels
        p1 = self.layers("en_block1", picture, c, c, "pool")
        p2 = self.layers("en_block2", p1, c, "pool")
        p3 = self.layers("en_block3", p2, c, "pool")
        p4 = self.layers("en_block4", p3, c, "pool")
        y = self.layers("en_block5", p4, c, "attend", "pool", c, "attend", "up")
        y = self.layers("de_block1", cat(y, p4, x4), 2 * c, "attend", 2 * c, "up")
        y = self.layers("de_block2", cat(y, p3, x3), 2 * c, 2 * c, "up")
        y = self.layers("de_block3", cat(y, p2, x2), 2 * c, 2 * c, "up")
        y = self.layers("de_block4", cat(y, p1), 2 * c, 2 * c, "up")
        y = self.layers("de_block5", cat(y, picture), 64, 32)
        return self.conv("refine.de_block5.4", y, 3)


def cat(*tensors):
    return paddle.concat(list(tensors), 1)


def page(size=64):
    return np.random.default_rng(1).random((1, 3, size, size), np.float32)


def with_spectral_norm(state, keep_v):
    """`state` with the layers of the published code's spectral norm as torch stores them.

    Torch takes outputs as rows, dim 0 of a convolution and dim 1 of a transposed one, and divides
    weight_orig by sigma = u · W v.
    """
    rng, result = np.random.default_rng(7), {}
    for name, array in state.items():
        if not name.endswith("conv2d.weight"):
            result[name] = array
            continue
        outputs = 1 if "deconv" in name else 0
        rows = np.moveaxis(array, outputs, 0).reshape(array.shape[outputs], -1).astype("f8")
        u = rng.standard_normal(len(rows))
        v = rng.standard_normal(rows.shape[1]) if keep_v else u @ rows
        v = (v + u @ rows) / np.linalg.norm(v + u @ rows)
        # Of weight_orig = sigma · array, so that the network goes on computing with `array`.
        result[f"{name}_orig"] = array * np.float32(rng.uniform(0.5, 3))
        result[f"{name}_u"] = (u / (u @ rows @ v)).astype("f4")
        if keep_v:
            result[f"{name}_v"] = v.astype("f4")
    return result


def compare(net, published, x):
    erased = net(paddle.to_tensor(x))
    for one, other in zip((*erased.coarse, erased.image, erased.mask_logits), published(x),
                          strict=True):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("width", [8, 16, 32])
@pytest.mark.parametrize("channels", [None, 12])
def test_import_at_any_width(tmp_path, width, channels):
    published = Published(width, channels=channels)
    published(page(32))
    names = {**published.state, "res1.batch_norm2d.num_batches_tracked": np.array(3)}
    np.savez(tmp_path / "net.npz", **names)
    net = weights.import_published(tmp_path / "net.npz")
    arch = "erasenet" if channels is None else "nonlocal"
    assert net.config == ModelConfig(arch, width, "plain", channels or 96, "keys")
    assert not net.training
    # Every name has one place, and every place one name.
    translated = weights.translate(published.state, arch)
    assert len(translated) == len(published.state) == len(net.state_dict())
    compare(net, published, page(32))


@pytest.mark.parametrize("form", ["residual", "gated", "paper", "translucent"])
@pytest.mark.parametrize("channels", [None, 6])
def test_import_forms(tmp_path, form, channels):
    published = Published(8, form, channels=channels)
    x = page(32)
    published(x)
    np.savez(tmp_path / "net.npz", **published.state)
    # The form is told where the names do not tell.
    told = form if form in ("residual", "gated") else "plain"
    net = weights.import_published(tmp_path / "net.npz", told)
    assert net.config.form == form
    compare(net, published, x)


@pytest.mark.parametrize("keep_v", [True, False])
def test_import_official_erasenet(tmp_path, keep_v):
    """torch's names, spectral norm, a mask of three channels, wrapped in DataParallel's prefix."""
    published = Published(8, mask_channels=3)
    published(page())
    stored = with_spectral_norm(published.state, keep_v)
    assert "deconv1.conv2d.weight_u" in stored and "res1.conv1.weight" in stored
    stored = {f"module.{name}": array for name, array in stored.items()}
    path = tmp_path / "erasenet.pth"
    path.write_bytes(pickle.dumps({"state_dict": stored, "epoch": 3}, 2))
    net = weights.import_published(path)
    assert net.coarse.mask_up1[1].weight.shape == [1, 8, 1, 1]
    compare(net, published, page())


@pytest.mark.parametrize("attention", [None, "keys"])
def test_import_the_winners_nonlocal_net(tmp_path, attention):
    """Paddle's names, c1 and c2 that nothing uses, the winner's own arithmetic unless told not."""
    published = Published(8, mask_channels=3, channels=6, winner=attention is None)
    published(page())
    renamed = {name.replace("running_mean", "_mean").replace("running_var", "_variance"):
               paddle.to_tensor(array) for name, array in published.state.items()}
    for name in ("c1", "c2"):
        renamed[f"{name}.weight"] = paddle.ones([16, 8, 1, 1])
        renamed[f"{name}.bias"] = paddle.ones([16])
    paddle.save(renamed, str(tmp_path / "net.pdparams"))
    net = weights.import_published(tmp_path / "net.pdparams", attention=attention)
    assert net.config == ModelConfig("nonlocal", 8, "plain", 6, attention or "winner")
    compare(net, published, page())


def test_spectral_norm_by_hand():
    conv = np.array([[3, 0], [0, 4]], "f4").reshape(2, 2, 1, 1)
    u = np.array([0.6, 0.8], "f4")
    state = {"conv1.weight_orig": conv, "conv1.weight_u": u}
    # v = Wᵀu / |Wᵀu| = (1.8, 3.2) / √13.48, so that sigma = uᵀWv = |Wᵀu| = √13.48.
    np.testing.assert_allclose(fold_spectral_norm(state)["conv1.weight"],
                               conv / np.sqrt(13.48), rtol=1e-6)
    state["conv1.weight_v"] = np.array([1, 0], "f4")  # sigma = 0.6 × 3
    np.testing.assert_allclose(fold_spectral_norm(state)["conv1.weight"], conv / 1.8,
                               rtol=1e-6)
    # (inputs, outputs, 1, 1): W with outputs as rows is [[1, 3], [2, 4]], its upper right 3.
    deconv = np.array([[1, 2], [3, 4]], "f4").reshape(2, 2, 1, 1)
    state = {"deconv1.conv2d.weight_orig": deconv,
             "deconv1.conv2d.weight_u": np.array([1, 0], "f4"),
             "deconv1.conv2d.weight_v": np.array([0, 1], "f4")}
    folded = fold_spectral_norm(state)
    assert list(folded) == ["deconv1.conv2d.weight"]
    np.testing.assert_allclose(folded["deconv1.conv2d.weight"], deconv / 3, rtol=1e-6)


@pytest.fixture(scope="module")
def published():
    """An EraseNet's state dict under published names."""
    net = Published(8)
    net(page(32))
    return net.state


@pytest.mark.parametrize("change, message", [
    ({"res9.conv1.weight": np.ones(3)}, "unknown name 'res9.conv1.weight' in a published erasenet"),
    ({"refine.c1.weight": np.ones(3)}, "unknown name 'refine.c1.weight'"),
    ({"res1.conv1.scale": np.ones(3)}, r"1 unknown \['coarse.down4.1.conv1.scale'\]"),
    ({"conva.conv2d.bias": None}, r"1 names missing \['coarse.stem.1.bias'\]"),
    ({"c1.bias": np.ones(5)}, r"refine.skip2.bias has shape \[5\], expected \[16\]"),
    ({"c1.bias": np.full(16, np.nan)}, "refine.skip2.bias holds values that are not finite"),
    ({"conv1.conv2d.weight": None}, "no published network: expected conv1.conv2d.weight"),
    ({"conva.conv2d.weight": None, "conva.conv2d.weight_orig": np.ones((8, 8, 3, 3))},
     "conva.conv2d.weight_orig has no conva.conv2d.weight_u beside it"),
])
def test_what_is_not_imported(tmp_path, published, change, message):
    state = {name: array for name, array in {**published, **change}.items() if array is not None}
    path = tmp_path / "net.npz"
    np.savez(path, **state)
    with pytest.raises(ValueError, match=message) as caught:
        weights.import_published(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_variance_beyond_half_precision(tmp_path, published):
    """Stored in half precision it became infinite, and is clipped; in full it is kept."""
    name = "res8.batch_norm2d.running_var"
    wide = {**published, name: published[name] + np.float32(100_000)}
    np.savez(tmp_path / "wide.npz", **wide)
    net = weights.import_published(tmp_path / "wide.npz")
    np.testing.assert_array_equal(net.coarse.down32[1].norm._variance.numpy(), wide[name])
    half = {key: array.astype("f2") for key, array in published.items()}
    half[name][:2] = np.inf
    np.savez(tmp_path / "net.npz", **half)
    net = weights.import_published(tmp_path / "net.npz")
    variance = net.coarse.down32[1].norm._variance.numpy()
    np.testing.assert_array_equal(variance[:2], 65504)
    np.testing.assert_allclose(variance[2:], published[name][2:], rtol=1e-3)


def test_import_command(tmp_path, published, capsys):
    source, out = tmp_path / "net.npz", tmp_path / "net.pdparams"
    np.savez(source, **published)
    assert weights.main([str(source), str(out), "--form", "gated", "--half"]) == 0
    assert "'form': 'gated'" in capsys.readouterr().out
    content = weights.read(out)
    assert content["source"] == "net.npz" and content["config"]["form"] == "gated"
    assert weights.load(out).config == ModelConfig("erasenet", 8, "gated")
    before = out.read_bytes()
    assert weights.main([str(source), str(out)]) == 2
    assert f"{out}: exists; --overwrite replaces it" in capsys.readouterr().err
    assert out.read_bytes() == before
    assert weights.main([str(source), str(out), "--overwrite"]) == 0
    assert weights.load(out).config.form == "plain"
    assert weights.main([str(tmp_path / "none.pth"), str(tmp_path / "new.pdparams")]) == 2
    assert "none.pth: no such file" in capsys.readouterr().err
    assert weights.main([str(source), str(tmp_path / "none" / "new.pdparams")]) == 2
    assert "new.pdparams" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        weights.main([str(source), str(out), "--form", "square"])


# Our own files


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("config", [TINY, ModelConfig("nonlocal", 4, "residual", 6, "winner")])
def test_round_trip(tmp_path, config, half):
    net, path = build(config), tmp_path / "net.pdparams"
    state = weights.state_of(net)
    statistic = "coarse.middle.norm._variance"
    state[statistic] = np.full_like(state[statistic], 1e6)  # float16 would overflow
    weights.restore(net, state)
    weights.save(path, state, config, half, step=7, metric={"psnr": 30.5})
    content = weights.read(path)
    assert content["config"] == asdict(config)
    assert (content["step"], content["metric"]) == (7, {"psnr": 30.5})
    assert content["model"]["coarse.stem.0.weight"].dtype == ("f2" if half else "f4")
    assert content["model"][statistic].dtype == "f4"
    assert paddle.load(str(path))["model"].keys() == state.keys()
    loaded = weights.load(path)
    assert loaded.config == config
    assert not any(layer.training for layer in loaded.sublayers(include_self=True))
    for name, array in weights.state_of(loaded).items():
        expected = state[name] if not half or name == statistic else state[name].astype("f2")
        np.testing.assert_array_equal(array, expected)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_saving_does_not_change_the_network(tmp_path):
    net = build(TINY)
    before = {name: array.copy() for name, array in weights.state_of(net).items()}
    weights.save(tmp_path / "net.pdparams", weights.state_of(net), TINY, half=True)
    for name, array in weights.state_of(net).items():
        assert array.dtype == "f4" and np.array_equal(array, before[name])


@pytest.mark.parametrize("change, message", [
    (lambda c: c.pop("format"), "not a checkpoint of this program; import a published one with"),
    (lambda c: c.update(format="text eraser 99"), "not a checkpoint of this program"),
    (lambda c: c.pop("config"), "damaged: it lacks 'config'"),
    (lambda c: c.pop("model"), "damaged: it lacks 'model'"),
    (lambda c: c.update(model=[1]), "no attribute"),
    (lambda c: c["config"].update(arch="unet"), "unknown arch 'unet'"),
    (lambda c: c["config"].update(widht=3), "unknown key 'widht'; did you mean 'width'"),
    (lambda c: c["config"].update(width=8), "has shape"),
    (lambda c: c["config"].update(arch="nonlocal"), "names missing .* unknown"),
    (lambda c: c["model"].pop("coarse.stem.0.bias"), r"1 names missing \['coarse.stem.0.bias'\]"),
    (lambda c: c["model"].update(extra=np.ones(1)), r"1 unknown \['extra'\]"),
    (lambda c: c["model"]["coarse.stem.0.bias"].fill(np.inf), "stem.0.bias holds values that are"),
])
def test_wrong_checkpoints(tmp_path, change, message):
    path = tmp_path / "net.pdparams"
    weights.save(path, weights.state_of(build(TINY)), TINY)
    content = read_arrays(path)
    change(content)
    write_arrays(path, content)
    with pytest.raises(ValueError, match=message) as caught:
        weights.load(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("content, message", [
    (b"", "an empty file"),
    (b"hello", "a text file, not a checkpoint; expected a PyTorch .pth, a Paddle .pdparams"),
    (b"\x89PNG\r\n", "a PNG image"),
    (None, "damaged or cut short"),
])
def test_files_that_are_no_checkpoints(tmp_path, content, message):
    path = tmp_path / "net.pdparams"
    if content is None:
        weights.save(path, weights.state_of(build(TINY)), TINY)
        content = path.read_bytes()[:-1000]
    path.write_bytes(content)
    for read in (weights.load, weights.import_published):
        with pytest.raises(ValueError, match=message) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("content", [
    {"state_dict": [1, 2]}, {"state_dict": None}, {"features.3": np.ones(3)},
    {"conv0.0.weight": 1.0}, {"fusion.0.weight": None},
    {"conv1.conv2d.weight": np.ones((4, 3, 4, 4)), "refine.en_block1.0.weight": 3},
])
def test_what_is_published_by_nobody(tmp_path, content):
    path = tmp_path / "net.pdparams"
    write_arrays(path, content)
    segmenter, discriminator = build(ModelConfig("text_seg", 8)), PatchDiscriminator(4)
    discriminator.config = TINY
    for read in (weights.import_published, partial(weights.restore_encoder, segmenter),
                 partial(weights.restore_discriminator, discriminator)):
        with pytest.raises(ValueError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_restore_leaves_other_networks_alone():
    one, other = build(TINY), build(replace(TINY))
    weights.restore(other, weights.state_of(one))
    parameter = one.coarse.stem[0].weight
    before = other.coarse.stem[0].weight.numpy().copy()
    parameter.set_value(paddle.zeros_like(parameter))
    np.testing.assert_array_equal(other.coarse.stem[0].weight.numpy(), before)
