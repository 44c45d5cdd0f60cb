import numpy as np
import pytest

from data.holes import HoleConfig, cut_hole, ink_hole, random_hole
from data.pairs import DataConfig, PairDataset, find_pairs


def test_ink_is_widened():
    mask = np.zeros((9, 9), np.float32)
    mask[4, 4], mask[0, 0] = 0.6, 0.4  # the second is no ink
    hole = ink_hole(mask, 3)
    expected = np.zeros((9, 9), np.float32)
    expected[3:6, 3:6] = 1
    assert hole.dtype == np.float32 and np.array_equal(hole, expected)
    assert ink_hole(mask, 0).sum() == 1


def test_random_holes():
    """Of 0 and 1, alike for one seed, of very different sizes, none of them everything."""
    config = HoleConfig()
    holes = [random_hole(128, np.random.default_rng(seed), config) for seed in range(40)]
    assert np.array_equal(holes[3], random_hole(128, np.random.default_rng(3), config))
    shares = [hole.mean() for hole in holes]
    assert all(set(np.unique(hole)) == {0, 1} for hole in holes)
    assert min(shares) < 0.05 and max(shares) > 0.15 and max(shares) < 0.8
    few = [random_hole(128, np.random.default_rng(s), HoleConfig(shapes=1, largest=0.05)).mean()
           for s in range(40)]
    assert np.mean(few) < np.mean(shares) / 2


def test_whose_ink(draw_page):
    image, gt = draw_page(height=64, width=64)
    mask = (np.abs(image.astype(int) - gt).max(axis=2) > 20).astype(np.float32)
    rng = np.random.default_rng(0)
    page, hole = cut_hole(image, gt, mask, rng, HoleConfig(own=1.0))
    assert page is image and np.array_equal(hole, ink_hole(mask, 7))
    assert (np.abs(page.astype(int) - gt).max(axis=2)[hole == 0] <= 20).all()
    page, hole = cut_hole(image, gt, mask, rng, HoleConfig(own=0.0))
    assert page is gt and hole.any()
    page, hole = cut_hole(gt, gt, mask * 0, rng, HoleConfig(own=1.0))
    assert page is gt and hole.any()  # no ink: a random hole rather than none


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_crops_with_holes(tmp_path, make_set, own):
    pairs, _ = find_pairs(make_set(tmp_path))
    config = DataConfig(holes=HoleConfig(own=own))
    config.augment.crop = 64
    dataset = PairDataset(pairs, config)
    image, gt, mask, name = dataset[(0, 1)]
    assert (image.shape, gt.shape, mask.shape) == ((4, 64, 64), (3, 64, 64), (1, 64, 64))
    assert image.dtype == np.float32 and np.array_equal(image[3:], mask)
    assert set(np.unique(mask)) == {0, 1}
    assert np.array_equal(image[:3], gt) == (own == 0)
    again = dataset[(0, 1)][0]
    assert np.array_equal(image, again)
