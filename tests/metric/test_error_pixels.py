import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from metric.error_pixels import age, pceps, peps


def grey(levels):
    """Grey levels as an RGB page."""
    return np.repeat(np.asarray(levels, np.uint8)[..., None], 3, axis=2)


def published(image, gt):
    """The arithmetic of EraseNet's evaluation, for any size: AGE, pEPs, pCEPs."""
    y, y_gt = ((a / 255) @ [0.299, 0.587, 0.114] for a in (image, gt))
    difference = abs(y * 255 - y_gt * 255).round().astype(np.uint8)
    errors = difference > 20
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    return difference.mean(), errors.mean(), binary_erosion(errors, cross).mean()


def test_age_by_hand():
    # Red off by 100, green by 100, blue by 100, nothing: 29.9, 58.7, 11.4 -> 30 + 59 + 11 + 0.
    gt = np.zeros((2, 2, 3), np.uint8)
    image = gt.copy()
    image[0, 0, 0] = image[0, 1, 1] = image[1, 0, 2] = 100
    assert age(image, gt) == 25
    assert peps(image, gt) == 0.5
    assert pceps(image, gt) == 0


def test_channels_can_cancel():
    # The measures look at grey: .299·59 - .587·30 = .03, although both channels are far off.
    gt = np.full((3, 3, 3), 100, np.uint8)
    image = gt.copy()
    image[..., 0] += 59
    image[..., 1] -= 30
    assert age(image, gt) == 0


def test_threshold_is_above_twenty_whole_levels():
    gt = grey(np.zeros((1, 2)))
    assert peps(grey([[20, 21]]), gt) == 0.5
    # .299·69 = 20.631 rounds to 21, .299·68 = 20.332 to 20.
    image = gt.copy()
    image[0, :, 0] = 69, 68
    assert peps(image, gt) == 0.5


def test_halves_go_to_even():
    # .299·13 + .587·25 + .114·17 = 20.5 -> 20, no error; .299·14 + .587·26 + .114·18 = 21.5 -> 22.
    gt = np.zeros((1, 1, 3), np.uint8)
    assert age(gt + np.uint8([13, 25, 17]), gt) == 20
    assert peps(gt + np.uint8([13, 25, 17]), gt) == 0
    assert age(gt + np.uint8([14, 26, 18]), gt) == 22


def test_clustered_by_hand():
    errors = np.array([
        [1, 1, 1, 0, 0],
        [1, 1, 1, 0, 1],
        [1, 1, 1, 0, 0],
        [0, 1, 0, 0, 0],
    ])
    image, gt = grey(errors * 200), grey(errors * 0)
    # 11 of 20 are wrong; of those (1, 1) and (2, 1) alone have four wrong neighbours.
    assert peps(image, gt) == pytest.approx(11 / 20)
    assert pceps(image, gt) == pytest.approx(2 / 20)


def test_border_is_no_error():
    # All wrong: what is left of 4×6 without its rim is 2×4.
    image, gt = grey(np.full((4, 6), 255)), grey(np.zeros((4, 6)))
    assert peps(image, gt) == 1
    assert pceps(image, gt) == pytest.approx(8 / 24)
    assert pceps(image[:1, :1], gt[:1, :1]) == 0


@pytest.mark.parametrize("shape", [(1, 1), (37, 53), (64, 64)])
def test_agrees_with_the_published_arithmetic(shape):
    rng = np.random.default_rng(0)
    gt = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    image = np.clip(gt + rng.normal(0, 60, gt.shape), 0, 255).astype(np.uint8)
    # Exact halves fall either way in the published arithmetic, by its rounding errors.
    halves = (image.astype(int) - gt) @ [299, 587, 114] % 1000 == 500
    image[halves] = gt[halves]
    assert (age(image, gt), peps(image, gt), pceps(image, gt)) == pytest.approx(
        published(image, gt)
    )


def test_equal_pages():
    image = np.random.default_rng(1).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    assert age(image, image) == peps(image, image) == pceps(image, image) == 0
