import itertools
import tracemalloc
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest

import infer.eraser
from infer.engines import PaddleEngine
from infer.eraser import COMPOSE_REACH, FLIP_ABOVE, Cancelled
from infer.quality import QUALITIES
from model import ModelConfig, build, weights

# Other scales: test_scale.py; other qualities: test_quality.py.
Eraser = partial(infer.eraser.Eraser, quality="published")
SMALL = {"tile": 64, "margin": 16, "tta": "none"}


def make_page(height, width, low=0, high=256):
    return np.random.default_rng(height * 1000 + width).integers(
        low, high, (height, width, 3), dtype=np.uint8)


def network(picture, mask=lambda x: x[:, :1] * 0):
    """A network of two functions of float32 N,3,H,W."""
    return lambda x: (picture(x).astype(np.float32), mask(x).astype(np.float32))


def constant(grey, ink=0.0):
    return network(lambda x: x * 0 + grey / 255, lambda x: x[:, :1] * 0 + ink)


def places(x):
    """Whole grey levels, multiples of 4, that differ from place to place in a tile: H,W."""
    rows, columns = np.indices(x.shape[2:])
    return (rows * 7 + columns * 3) % 25 * 4


identity = network(lambda x: x)
negative = network(lambda x: 1 - x, lambda x: x[:, :1])
# Depends on where in a tile a pixel lies and on what is around it.
local = network(
    lambda x: (x + np.roll(x, 9, 2) + np.roll(x, -5, 3)) / 4 + places(x) / 400,
    lambda x: (x[:, :1] + places(x) / 96) / 2,
)


@pytest.mark.parametrize("tta", ["none", "hflip", "flips", "zoom"])
@pytest.mark.parametrize("settings, sizes", [
    ({}, [(1, 1), (1, 301), (105, 2), (300, 107), (301, 513)]),
    ({"tile": 64, "margin": 16, "batch": 3}, [(1, 1), (70, 1), (15, 17), (32, 33), (97, 65)]),
    ({"tile": 32, "margin": 0, "batch": 50}, [(3, 1), (32, 32), (33, 31), (64, 100)]),
    ({"tile": 64, "margin": 31, "batch": 8}, [(1, 2), (9, 24)]),
    ({"tile": 64, "margin": 31, "even": True}, [(1, 1), (1, 65), (64, 66), (99, 128)]),
    ({"quality": "best", "batch": 2}, [(1, 1), (301, 513)]),
    ({"quality": "fast"}, [(1, 301), (33, 1300)]),
])
def test_identity_survives(settings, sizes, tta):
    erase = Eraser([identity], **{"tta": tta, "scale": 1} | settings)
    for size in sizes:
        page = make_page(*size)
        copy = page.copy()
        result = erase.run(page)
        np.testing.assert_array_equal(result.image, page)
        np.testing.assert_array_equal(erase(page), page)
        np.testing.assert_array_equal(page, copy)
        assert result.image is not page
        assert result.mask.shape == size
        assert result.mask.dtype == np.float32


def published(page, net):
    """The contest winner's test, written out: 512 around each 300, the last pulled back."""
    height, width = page.shape[:2]
    padded = np.pad(page, ((106, 106), (106, 106), (0, 0)), "reflect")
    out, mask = np.zeros_like(page), np.zeros((height, width), np.float32)
    for y in [*range(0, height - 300, 300), height - 300]:
        for x in [*range(0, width - 300, 300), width - 300]:
            tile = padded[y:y + 512, x:x + 512].transpose(2, 0, 1)[None].astype(np.float32) / 255
            image, ink = net(tile)
            image = np.rint((image[0] * 255).clip(0, 255)).astype(np.uint8).transpose(1, 2, 0)
            out[y:y + 300, x:x + 300] = image[106:406, 106:406]
            mask[y:y + 300, x:x + 300] = ink[0, 0, 106:406, 106:406]
    return out, mask


@pytest.mark.parametrize("size", [(513, 700), (600, 913), (300, 650)])
def test_default_tiles_are_the_published_ones(size):
    page = make_page(*size)
    result = Eraser([local], tta="none").run(page)
    image, mask = published(page, local)
    np.testing.assert_array_equal(result.image, image)
    np.testing.assert_array_equal(result.mask, mask)
    np.testing.assert_array_equal(Eraser([local])(page), Eraser([local], tta="hflip")(page))


@pytest.mark.parametrize("composite", [False, True])
def test_batch_size_changes_nothing(composite):
    page = make_page(150, 171)
    first, *others = (
        Eraser([local, negative], tta="flips", tile=64, margin=10, composite=composite,
               batch=batch).run(page)
        for batch in (1, 2, 3, 1000)
    )
    assert (first.image != page).any()
    for other in others:
        np.testing.assert_array_equal(other.image, first.image)
        np.testing.assert_array_equal(other.mask, first.mask)


@pytest.mark.parametrize("tta", ["hflip", "flips"])
def test_flips_of_a_symmetric_function_change_nothing(tta):
    page = make_page(50, 70)
    # Brackets: a sum of floats depends on its order, which a flip would turn round.
    blur = network(lambda x: (x + (np.roll(x, 1, 2) + np.roll(x, -1, 2))) / 4, lambda x: x[:, 1:2])
    for net in (negative, blur):
        plain = Eraser([net], **SMALL).run(page)
        flipped = Eraser([net], **SMALL | {"tta": tta}).run(page)
        np.testing.assert_array_equal(flipped.image, plain.image)
        np.testing.assert_allclose(flipped.mask, plain.mask, atol=1e-6)


@pytest.mark.parametrize("tta, turns", [
    ("none", [(1, 1)]), ("hflip", [(1, 1), (1, -1)]),
    ("flips", [(1, 1), (1, -1), (-1, 1), (-1, -1)]),
])
def test_flips_of_an_asymmetric_function_are_averaged(tta, turns):
    page = make_page(64, 64, 0, 70) * 2
    net = network(lambda x: x / 2 + places(x) / 255, lambda x: places(x)[None, None] / 96)
    result = Eraser([net], tile=64, margin=0, tta=tta).run(page)
    ramp = places(np.empty((1, 3, 64, 64)))
    mean = sum(ramp[::y, ::x] for y, x in turns) / len(turns)
    np.testing.assert_array_equal(result.image, page // 2 + mean[..., None])
    np.testing.assert_allclose(result.mask, mean / 96, atol=1e-6)


@pytest.mark.parametrize("fuse", [None, [1, 1], [3, 1], [0, 7], [0.1, 0.2]])
def test_fusing_a_network_with_itself_changes_nothing(fuse):
    page = make_page(80, 50)
    one, two = (Eraser([negative] * n, fuse if n == 2 else None, **SMALL).run(page) for n in (1, 2))
    np.testing.assert_array_equal(two.image, one.image)
    np.testing.assert_allclose(two.mask, one.mask, atol=1e-6)


@pytest.mark.parametrize("fuse, grey, ink", [
    (None, 120, 0.6), ([3, 1], 80, 0.4), ([0, 5], 200, 1), ([0.1, 0], 40, 0.2),
])
def test_weighted_average(fuse, grey, ink):
    nets = [constant(40, 0.2), constant(200, 1)]
    image, mask = Eraser(nets, fuse, **SMALL).run(make_page(40, 40))
    assert (image == grey).all()
    np.testing.assert_allclose(mask, ink, atol=1e-6)


@pytest.mark.parametrize("steps", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_middle_of_a_tile_as_it_is_flipped_and_enlarged(steps):
    page, shapes = make_page(64, 96, 100, 200), []

    def net(x):
        shapes.append(x.shape[2:])
        step = steps[len(shapes) - 1]
        return x - np.float32(10 * step / 255), x[:, :1] * 0 + np.float32(0.3 * step)

    result = Eraser([net], tile=64, margin=0, even=True, batch=2, tta="zoom").run(page)
    assert shapes == [(64, 64), (64, 64), (96, 96)]  # 83 is nearest to three times 32
    np.testing.assert_array_equal(result.image, page - 10)
    np.testing.assert_allclose(result.mask, 0.3, rtol=1e-6)


def test_what_is_brought_back_lies_where_it_was():
    page = np.full((320, 320, 3), 200, np.uint8)
    page[50:90, 200:260] = page[250:280, 30:100] = 40
    net = network(lambda x: np.where(x < 0.5, np.float32(200 / 255), x), lambda x: x[:, :1] < 0.5)
    result = Eraser([net], tile=320, margin=0, even=True, tta="zoom").run(page)
    np.testing.assert_allclose(result.image, 200, atol=1)


@pytest.mark.parametrize("ink, flipped", [(FLIP_ABOVE, False), (FLIP_ABOVE + 0.01, True)])
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_flips_only_where_there_is_ink(ink, flipped, batch):
    """The second of four tiles alone has ink, and alone is flipped, whatever its batch."""
    page, shapes = make_page(64, 4 * 64, 100, 200), []
    page[10, 70] = 0
    net = network(lambda x: shapes.append(len(x)) or local(x)[0],
                  lambda x: (x[:, :1] == 0) * ink)
    settings = {"tile": 64, "margin": 0, "batch": batch}
    erased = Eraser([net], **settings, flip_ink=True)(page)
    assert sum(shapes) == 4 + flipped
    plain, both = (Eraser([local], **settings, tta=tta)(page) for tta in ("none", "hflip"))
    there = np.s_[:, 64:128]
    np.testing.assert_array_equal(erased[there], (both if flipped else plain)[there])
    plain[there] = erased[there]
    np.testing.assert_array_equal(erased, plain)


def test_blank_tiles_are_copied():
    page, shapes = np.full((160, 224, 3), 250, np.uint8), []
    page[100, 100, 2] = 245
    net = network(lambda x: shapes.append(x.shape) or x * 0)
    settings = {"tile": 32, "margin": 0, "tta": "none", "skip_blank": True}
    steps = []
    erased, _ = Eraser([net], **settings).run(page, progress=lambda *step: steps.append(step))
    assert shapes == [(1, 3, 32, 32)] * 9
    assert steps == [(done, 9) for done in range(1, 10)]
    assert (erased[64:160, 64:160] == 0).all()
    erased[64:160, 64:160] = page[64:160, 64:160]
    np.testing.assert_array_equal(erased, page)
    np.testing.assert_array_equal(Eraser([net], **settings)(page[:32]), page[:32])


def test_pictures_beyond_the_range_are_clipped():
    page = make_page(33, 33)
    assert (Eraser([constant(-30)], **SMALL)(page) == 0).all()
    assert (Eraser([constant(300)], **SMALL)(page) == 255).all()


def test_composite_keeps_print_and_erases_rims():
    """Ink in spots, across the tiles' borders and at the page's edges; what is hardly ink stays."""
    page = make_page(110, 140, 100, 256)
    page[::11, ::13], page[::17, ::7] = 20, 60
    net = network(lambda x: x / 2 + 0.25, lambda x: np.where(
        x[:, :1] < 30 / 255, 0.95, np.where(x[:, :1] < 70 / 255, 0.1, 0)))
    plain = Eraser([net], **SMALL).run(page)
    composed = Eraser([net], **SMALL, composite=True, batch=3).run(page)
    ink = plain.mask > 0.5
    assert ink.any()
    near = np.zeros_like(ink)
    for y, x in np.argwhere(ink):
        near[max(0, y - COMPOSE_REACH):y + COMPOSE_REACH + 1,
             max(0, x - COMPOSE_REACH):x + COMPOSE_REACH + 1] = True
    assert not near.all()
    np.testing.assert_array_equal(composed.image[near], plain.image[near])
    np.testing.assert_array_equal(composed.image[~near], page[~near])
    np.testing.assert_array_equal(composed.mask, plain.mask)


@pytest.mark.parametrize("levels, goes", [
    ([(0, 160, 0.7)], []), ([(0, 160, 0.3), (0, 1, 1)], []),
    ([(0, 160, 0.3), (0, 40, 0.95)], range(160)), ([(0, 160, 0.5), (159, 160, 0.95)], range(160)),
    ([(0, 160, 0.17), (0, 60, 1)], range(160)), ([(0, 160, 0.13), (80, 81, 1)], [80]),
])
def test_composite_takes_regions_that_are_ink_on_the_whole(levels, goes):
    """A line: from where to where the mask says what, and which parts go."""
    page = np.full((50, 200, 3), 200, np.uint8)
    line = np.zeros(160)
    for begin, end, level in levels:
        line[begin:end] = level
    page[20, 20:180] = np.rint(100 - 100 * line)[:, None]  # the darker, the surer
    page[40, 100] = 0
    net = network(lambda x: x * 0 + 1, lambda x: np.where(
        x[:, :1] < 150 / 255, 1 - x[:, :1] * 2.55, 0))
    expected = page.copy()
    for row, column in [(40, 100), *((20, 20 + i) for i in goes)]:
        expected[row - 3:row + 4, column - 3:column + 4] = 255
    erased = Eraser([net], tile=256, margin=16, tta="none", composite=True)(page)
    np.testing.assert_array_equal(erased, expected)


@pytest.mark.parametrize("scale", [1, 2])
def test_composite_leaves_tables_around_pages(scale):
    """What is dark and thicker than strokes stays, with its grain, and is not in the mask either.

    Strokes go, also where they end at it and where they are as dense as writing; a highlighter's
    colour goes, however broad.
    """
    page = np.full((320, 320, 3), 220, np.uint8)
    page[200:] = make_page(120, 320, 50, 70)  # a table
    page[20:26, 20:300] = page[100:200, 150:156] = 40
    page[40:90:8, 20:120] = 40
    page[40:180, 200:310] = (220, 200, 60)
    net = network(lambda x: x * 0 + 220 / 255, lambda x: (x[:, 2:] < 0.8) * 1.0)
    result = Eraser([net], tile=512, margin=0, tta="none", composite=True, scale=scale).run(page)
    near = COMPOSE_REACH + 2  # beside strokes, which have rims
    np.testing.assert_array_equal(result.image[200 + near:], page[200 + near:])
    assert not result.mask[200 + near:].any()
    assert (result.image[200:, :140] == page[200:, :140]).all()
    assert (result.image[:200 - near] > 180).all()


BOXES = [(10, 20, 50, 90), (-5, -5, 3, 4), (120, 70, 9999, 9999), (30, 30, 20, 40)]


def box_map(shape):
    covered = np.zeros(shape, bool)
    covered[20:90, 10:50] = covered[:4, :3] = covered[70:, 120:] = True
    return covered


@pytest.mark.parametrize("composite", [False, True])
@pytest.mark.parametrize("what", ["boxes", "float boxes", "endless boxes", "map", "only", "both",
                                  "nothing"])
def test_where_and_only(what, composite):
    page = make_page(100, 150)
    where, right = box_map((100, 150)), np.zeros((100, 150), bool)
    right[:, 40:] = True
    endless = np.zeros_like(right)
    endless[20:90, 10:50] = endless[:, 100:] = True
    arguments, allowed = {
        "boxes": ({"where": BOXES}, where),
        "float boxes": ({"where": np.float32(BOXES) + 0.3}, where),
        "endless boxes": ({"where": [BOXES[0], (100, -np.inf, 1e30, np.inf)]}, endless),
        "map": ({"where": where}, where),
        "only": ({"only": where}, where),
        "both": ({"where": BOXES, "only": right}, where & right),
        "nothing": ({"where": []}, where & False),
    }[what]
    calls = []
    net = network(lambda x: calls.append(len(x)) or 1 - x, lambda x: x[:, :1])
    erase = Eraser([net], **SMALL, composite=composite)
    whole, full = erase.run(page), len(calls)
    calls.clear()
    result = erase.run(page, **arguments)
    np.testing.assert_array_equal(result.image[allowed], whole.image[allowed])
    np.testing.assert_array_equal(result.image[~allowed], page[~allowed])
    assert len(calls) < full
    assert bool(calls) == allowed.any()
    # The mask is that of the tiles computed, 0 elsewhere.
    seen = result.mask != 0
    np.testing.assert_array_equal(result.mask[seen], whole.mask[seen])
    np.testing.assert_array_equal(result.mask[allowed], whole.mask[allowed])


@pytest.mark.parametrize("where", [None, [(40, 40, 60, 41)], []])
@pytest.mark.parametrize("batch", [1, 2, 9])
def test_progress(batch, where):
    steps = []
    erase = Eraser([identity], **SMALL, batch=batch)
    erase.run(make_page(100, 150), where, progress=lambda *step: steps.append(step))
    done, totals = zip(*steps, strict=True)
    assert set(totals) == {20}
    assert done == tuple(range(1, 21))


@pytest.mark.parametrize("after", [1, 3, 20])
def test_cancel(after):
    calls = []
    page = make_page(100, 150)
    copy = page.copy()
    erase = Eraser([network(lambda x: calls.append(1) or x)], **SMALL)
    with pytest.raises(Cancelled):
        erase.run(page, progress=lambda done, total: done < after)
    assert len(calls) == after
    np.testing.assert_array_equal(page, copy)
    calls.clear()
    with pytest.raises(Cancelled):
        erase(page, progress=lambda done, total: done < after)
    assert len(calls) == after


@pytest.mark.parametrize("composite", [False, True])
@pytest.mark.parametrize("settings", [{}, {"even": True, "skip_blank": True}], ids=str)
def test_memory_beyond_the_page_is_a_tile(composite, settings):
    erase = Eraser([identity], tile=64, margin=16, composite=composite, **settings)
    beyond = []
    for size in ((500, 100), (20_000, 100), (100, 20_000)):
        page = make_page(*size)
        erase(page[:1])  # what is allocated once and for all
        tracemalloc.start()
        result = erase(page)
        beyond.append(tracemalloc.get_traced_memory()[1] - result.nbytes)
        tracemalloc.stop()
    assert max(beyond) < beyond[0] + 300_000  # the page is 6 MB; positions of 625 tiles are listed
    assert max(beyond) < 1_000_000


def test_what_is_no_page():
    erase = Eraser([identity], **SMALL)
    for call in (erase, erase.run):
        with pytest.raises(ValueError, match="uint8 H,W,3"):
            call(np.zeros((9, 9), np.uint8))


@pytest.mark.parametrize("wrong", [
    np.ones((9, 8), bool), np.full((8, 9), 255, np.uint8), [(1, 2, 3)], (1, 2, 3, 4),
    np.ones((8, 9, 1), bool), [(1, 2, 3, np.nan)], [(1, 2, 3, None)],
], ids=["turned map", "grey map", "three numbers", "one box", "map with an axis more",
        "not a number", "nothing"])
@pytest.mark.parametrize("name", ["where", "only", "marked"])
def test_wrong_maps(name, wrong):
    with pytest.raises(ValueError, match=f"{name} must be"):
        Eraser([identity], **SMALL).run(make_page(8, 9), **{name: wrong})


@pytest.mark.parametrize("settings, message", [
    ({"networks": []}, "one network"),
    ({"fuse": [1, 2]}, r"average of 1 networks.*\[1, 2\]"),
    ({"fuse": []}, "average"), ({"fuse": [-1]}, "average"), ({"fuse": [0]}, "average"),
    ({"fuse": [float("nan")]}, "average"), ({"fuse": [float("inf")]}, "average"),
    ({"tile": 100}, "multiple of 32, got 100"), ({"tile": 0}, "got 0"),
    ({"margin": 256}, "256 of 512"), ({"margin": -1}, "-1 of 512"),
    ({"tta": "rot"}, "unknown tta 'rot'; known: none, hflip, flips, zoom"),
    ({"batch": 0}, "got 0"),
    ({"quality": "good"}, "unknown quality 'good'; known: fast, balanced, best, published"),
    ({"networks": ["missing.pdparams"]}, "missing.pdparams: no such file"),
    ({"networks": [Path(__file__)]}, "test_eraser.py: "),
])
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        Eraser(**{"networks": [identity], **settings})


def test_bundled_networks_are_the_default(tmp_path, monkeypatch):
    paddle.seed(1)
    monkeypatch.setattr("infer.quality.WEIGHTS", tmp_path)
    paths = QUALITIES["published"].weights
    assert [path.name for path in paths] == ["erasenet_lite.pdparams", "nonlocal_lite.pdparams"]
    nets = []
    for path, arch in zip(paths, ["erasenet", "nonlocal"], strict=True):
        net = build(ModelConfig(arch, width=2, refine_channels=2, form="gated"))
        weights.save(path, weights.state_of(net), net.config)
        nets.append(PaddleEngine(net))
    page = make_page(20, 40)
    changes = {"tile": 64, "margin": 10}
    expected = Eraser(nets, **changes).run(page)
    assert len(Eraser(quality="fast")._networks) == 1
    for networks in (None, paths, [str(path) for path in paths], [nets[0], paths[1]]):
        result = Eraser(networks, **changes, precision="f32").run(page)
        # Those from files run on another engine, which rounds differently.
        assert np.abs(result.image.astype(int) - expected.image).max() <= 1
        np.testing.assert_allclose(result.mask, expected.mask, atol=1e-5)


def test_bundled_networks_erase():
    page = np.full((96, 128, 3), 240, np.uint8)
    cv2.line(page, (20, 70), (100, 20), (30, 30, 200), 2)
    image, mask = Eraser(tile=160, margin=16, tta="none").run(page)
    assert image.shape == page.shape
    assert 0 <= mask.min() <= mask.max() <= 1


def test_a_real_network_agrees_over_batches_and_restores_its_mode():
    paddle.seed(2)
    net = build(ModelConfig(width=2, form="gated"))
    page = make_page(70, 90)
    results = [Eraser([PaddleEngine(net)], **SMALL, batch=batch)(page) for batch in (1, 4)]
    assert net.training
    for one, other in itertools.pairwise(results):
        assert np.abs(one.astype(int) - other).max() <= 1  # convolutions may round differently
