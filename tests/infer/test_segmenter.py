import numpy as np
import pytest

from infer.segmenter import Segmenter
from model import ModelConfig, build, weights


def darkness(batch):
    """A network that takes what is dark for text."""
    return (1 - batch.mean(axis=1, keepdims=True),)


def make_page(height, width, seed=0):
    rng = np.random.default_rng(seed)
    page = np.full((height, width, 3), 255, np.uint8)
    for _ in range(40):
        y, x = rng.integers(0, height), rng.integers(0, width)
        page[y:y + 9, x:x + 14] = rng.integers(0, 255, 3)
    return page


@pytest.mark.parametrize("height, width", [(9, 33), (40, 65), (300, 451)])
def test_every_pixel_is_segmented_once_wherever_tiles_meet(height, width):
    page = make_page(height, width)
    mask = Segmenter(darkness, engine="paddle", tile=128, margin=32)(page)
    assert mask.shape == (height, width) and mask.dtype == np.float32
    np.testing.assert_allclose(mask, 1 - page.mean(axis=2) / 255, atol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 2])
def test_a_scaled_page_gives_a_mask_of_its_own_size(scale):
    seen = []

    def network(batch):
        seen.append(batch.shape)
        return darkness(batch)

    page = make_page(200, 301)
    mask = Segmenter(network, scale, engine="paddle", tile=64, margin=16)(page)
    assert mask.shape == (200, 301)
    assert abs(mask - (1 - page.mean(axis=2) / 255)).mean() < 0.02
    assert max(shape[2] for shape in seen) <= 64


def test_blank_pages_are_not_computed():
    def never(batch):
        raise AssertionError("computed")

    mask = Segmenter(never, engine="paddle")(np.full((80, 90, 3), 244, np.uint8))
    assert not mask.any()


def test_what_is_no_page():
    segment = Segmenter(darkness, engine="paddle")
    with pytest.raises(ValueError, match="expected a page as uint8 H,W,3, got"):
        segment(np.ones((40, 60), np.uint8))


def test_what_is_not_possible_is_said(tmp_path):
    with pytest.raises(ValueError, match="unknown scale 3; known: 0.5, 1, 2"):
        Segmenter(darkness, scale=3)
    net = build(ModelConfig("craft", 4))
    weights.save(tmp_path / "craft.pdparams", weights.state_of(net), net.config)
    with pytest.raises(ValueError, match="craft.pdparams: is not a text segmenter, but a text det"):
        Segmenter(tmp_path / "craft.pdparams", engine="paddle")
    with pytest.raises(ValueError, match="nowhere.pdparams"):
        Segmenter(tmp_path / "nowhere.pdparams", engine="paddle")
