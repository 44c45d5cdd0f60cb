import cv2
import numpy as np
import paddle
import pytest

from infer import Eraser
from infer.scale import SCALES
from infer.two_step import FILLS, Filler
from model import ModelConfig, build, weights

each_fill = pytest.mark.parametrize("fill", FILLS)


def ink_network(batch):
    """What is red is ink; its own picture is black, so that nobody takes it for a result."""
    red = batch[:, :1] - batch[:, 1:2]
    return np.zeros_like(batch), (red > 0.3).astype(np.float32)


@pytest.fixture
def page():
    """A page of two greys with a red stroke, and the page without: uint8 H,W,3."""
    clean = np.full((90, 150, 3), 230, np.uint8)
    clean[:, 100:] = 200
    inked = clean.copy()
    inked[40:44, 20:60] = (200, 20, 30)
    return inked, clean


@each_fill
def test_ink_is_found_and_filled(page, fill):
    inked, clean = page
    image, mask = Eraser([ink_network], fill=fill).run(inked)
    assert cv2.absdiff(image, clean).max() <= 2  # OpenCV's methods are not exact
    assert np.array_equal(mask > 0.5, (inked != clean).any(axis=2))


@pytest.mark.parametrize("scale", SCALES)
def test_no_rim_of_a_hole_stays(scale):
    """Where the finder sees the page resized: the filled picture is brought back, no change."""
    page = np.full((400, 600, 3), 120, np.uint8)
    cv2.putText(page, "ink", (90, 300), cv2.FONT_HERSHEY_SIMPLEX, 8, (255, 60, 60), 30, cv2.LINE_AA)
    image, _ = Eraser([ink_network], fill="page", scale=scale).run(page)
    assert (cv2.absdiff(image, np.full_like(page, 120)).max(axis=2) > 20).sum() == 0


@pytest.mark.parametrize("scale", SCALES)
def test_thin_holes_that_are_given_are_filled_at_any_scale(scale):
    page, holes = np.full((400, 600, 3), 120, np.uint8), np.zeros((400, 600), bool)
    page[200], holes[200] = 255, True
    image, _ = Eraser([], fill="page", scale=scale, dilate=1).run(page, holes=holes)
    assert (image == 120).all()


@each_fill
def test_outside_the_hole_nothing_changes(fill):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (70, 100, 3), np.uint8)
    holes = np.zeros((70, 100), bool)
    holes[30:40, 20:50] = True
    image = Eraser([], fill=fill, dilate=5, scale=2).run(noise, holes=holes).image
    changed = (image != noise).any(axis=2)
    assert changed[30:40, 20:50].mean() > 0.9
    widened = np.zeros_like(changed)
    widened[28:42, 18:52] = True
    assert not (changed & ~widened).any()


def test_each_hole_has_the_colour_around_it():
    """Whatever the rest of the tile is, and where nothing is around it white."""
    page = np.full((64, 128, 3), 240, np.uint8)
    page[:, 64:] = (30, 60, 90)
    holes = np.zeros((64, 128), bool)
    holes[20:30, 20:30] = holes[20:40, 90:100] = True
    inked = page.copy()
    inked[holes] = (255, 0, 255)
    eraser = Eraser([], fill="page")
    assert np.array_equal(eraser.run(inked, holes=holes).image, page)
    assert (eraser.run(inked, holes=np.ones_like(holes)).image == 255).all()


@pytest.mark.parametrize("composite", [True, False])
@pytest.mark.parametrize("scale", [1, 2])
def test_ink_is_widened_by_pixels_of_the_page(page, composite, scale):
    """Whatever the quality and the scale, and nothing beyond that changes."""
    inked, _ = page
    eraser = Eraser([ink_network], fill=lambda batch: (np.zeros_like(batch[:, :3]),), dilate=13,
                    composite=composite, scale=scale)
    image = eraser(inked)
    changed = np.zeros(image.shape[:2], bool)
    changed[34:50, 14:66] = True
    assert (image[36:48, 16:64] < 60).all()  # but for the rim, which a scale blurs
    assert np.array_equal(image[~changed], inked[~changed])


def test_given_holes_ask_no_network(page):
    inked, clean = page

    def never(batch):
        raise AssertionError

    holes = (inked != clean).any(axis=2)
    eraser = Eraser([never], fill="telea")
    assert cv2.absdiff(eraser.run(inked, holes=holes).image, clean).max() <= 2
    where = np.zeros(holes.shape, bool)
    where[:, :40] = True
    half = eraser.run(inked, where=where, holes=holes).image
    assert cv2.absdiff(half[:, :40], clean[:, :40]).max() <= 2
    assert np.array_equal(half[:, 40:], inked[:, 40:])


@pytest.mark.parametrize("fill", FILLS)
def test_a_hole_larger_than_tiles_is_filled_from_around_it(fill):
    page, holes = np.full((400, 500, 3), (200, 210, 220), np.uint8), np.zeros((400, 500), bool)
    holes[60:330, 0:290] = holes[40:45, 400:480] = True
    inked = page.copy()
    inked[holes] = (180, 0, 0)
    eraser = Eraser([], fill=fill, dilate=1, tile=64, margin=8)
    image, mask = eraser.run(inked, holes=holes)
    assert cv2.absdiff(image, page).max() < 40  # red is 220 away
    assert np.array_equal(mask == 1, holes)
    where = np.zeros_like(holes)
    where[:200] = True
    half = eraser.run(inked, where=where, holes=holes).image
    assert cv2.absdiff(half[:200], page[:200]).max() < 40
    assert np.array_equal(half[200:], inked[200:])


def test_white_ink_on_a_blank_page_is_filled_too(page):
    """Tiles without print are not left out where holes are given."""
    holes = np.zeros((600, 500), bool)
    holes[300:320, 100:200] = True
    page = np.full((600, 500, 3), 250, np.uint8)
    page[300:320, 100:200] = 252
    image = Eraser([], fill="page").run(page, holes=holes).image
    assert (image == 250).all()


@pytest.mark.parametrize("layer", ["partial", "gated", "attention"])
def test_an_inpainting_network_fills(tmp_path, page, layer):
    paddle.seed(0)
    net = build(ModelConfig("inpaint", 4, layer=layer))
    path = tmp_path / "net.pdparams"
    weights.save(path, weights.state_of(net), net.config)
    inked, clean = page
    eraser = Eraser([ink_network], fill=path, engine="paddle")
    image, mask = eraser.run(inked)
    hole = Filler(None, 7).hole(mask) > 0
    assert (image[hole] != inked[hole]).any(axis=1).mean() > 0.9
    assert np.array_equal(image[~hole], inked[~hole])
    other = inked.copy()
    other[40:44, 20:60, 1:] += 9  # other ink makes no other picture
    assert np.array_equal(eraser(other), image)


@pytest.mark.parametrize("arguments, message", [
    ({"networks": []}, "needs one network at least"),
    ({"networks": [], "fill": "tele"}, "tele: no such file"),
    ({"networks": [], "fill": "page", "dilate": -1}, "dilate must be 0 or more pixels, got -1"),
])
def test_wrong_settings(arguments, message):
    with pytest.raises(ValueError, match=message):
        Eraser(**arguments)


def test_a_text_segmenter_finds(tmp_path, page):
    """Where its mask says text the page is filled, and nowhere else."""
    paddle.seed(0)
    net = build(ModelConfig("text_seg", 8))
    net.eval()
    inked, _ = page
    settings = {"fill": "page", "dilate": 0, "engine": "paddle", "quality": "published",
                "tta": "none"}

    def run():
        weights.save(tmp_path / "seg.pdparams", weights.state_of(net), net.config)
        return Eraser([tmp_path / "seg.pdparams"], **settings).run(inked)

    seen = float(np.median(run().mask))
    net.head.bias.set_value(net.head.bias - np.log(seen / (1 - seen)))  # now half of it is text
    image, mask = run()
    found = mask >= 0.5
    assert 0.3 < found.mean() < 0.7
    assert np.array_equal(image[~found], inked[~found])
    assert len(np.unique(image[found], axis=0)) == 1
    with pytest.raises(ValueError, match="is not an eraser, but a text segmenter"):
        Eraser([tmp_path / "seg.pdparams"], engine="paddle")


def test_wrong_kinds_of_network(tmp_path):
    for arch in ("inpaint", "erasenet"):
        net = build(ModelConfig(arch, 4))
        weights.save(tmp_path / f"{arch}.pdparams", weights.state_of(net), net.config)
    with pytest.raises(ValueError, match="is not an eraser, but an inpainting network"):
        Eraser([tmp_path / "inpaint.pdparams"], engine="paddle")
    with pytest.raises(ValueError, match="is not an eraser or a text segmenter, but an inpainting"):
        Eraser([tmp_path / "inpaint.pdparams"], fill="page", engine="paddle")
    with pytest.raises(ValueError, match="is not an inpainting network, but an eraser"):
        Eraser([], fill=tmp_path / "erasenet.pdparams", engine="paddle")


def test_wrong_holes(page):
    inked, _ = page
    with pytest.raises(ValueError, match="holes must be a bool map of .* with a fill"):
        Eraser([ink_network]).run(inked, holes=np.zeros((90, 150), bool))
    with pytest.raises(ValueError, match=r"got float32 \(90, 150\)"):
        Eraser([], fill="ns").run(inked, holes=np.zeros((90, 150), np.float32))
    with pytest.raises(ValueError, match="without networks .* needs its holes"):
        Eraser([], fill="ns")(inked)
