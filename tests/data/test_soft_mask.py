import numpy as np
import pytest

from data.soft_mask import CHANNELS, size_of, soft_mask, to_uint8


def flat(*colour):
    return np.full((5, 7, 3), colour, np.uint8)


def noise(seed, height=19, width=23):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("apart, ink", [(0, 0), (1, 0.05), (10, 0.5), (20, 1), (21, 1), (255, 1)])
def test_grey_levels_apart(apart, ink, channel):
    image, gt = flat(255 - apart), flat(255)
    for mask in (soft_mask(image, gt, channel=channel), soft_mask(gt, image, channel=channel)):
        assert mask.dtype == np.float32
        assert mask.shape == (5, 7)
        assert (mask == np.float32(ink)).all()


def test_equal_images_have_no_ink():
    for channel in CHANNELS:
        assert not soft_mask(noise(0), noise(0), channel=channel, dilate=3).any()


def test_threshold_scales():
    assert (soft_mask(flat(200), flat(210), threshold=40) == 0.25).all()
    assert (soft_mask(flat(200), flat(210), threshold=2.5) == 1).all()


def test_max_sees_ink_in_one_channel_that_the_mean_misses():
    ink, paper = flat(250, 230, 250), flat(250)
    assert (soft_mask(ink, paper) == np.float32(1 / 3)).all()
    assert (soft_mask(ink, paper, channel="max") == 1).all()


def test_definition_on_noise():
    image, gt = noise(1), noise(2) // 8 + noise(1) // 8 * 7
    difference = np.abs(image.astype(float) - gt)
    for channel, reduced in (("mean", difference.mean(2)), ("max", difference.max(2))):
        expected = np.minimum(reduced / 20, 1)
        np.testing.assert_allclose(soft_mask(image, gt, channel=channel), expected, atol=1e-6)


@pytest.mark.parametrize("dilate", [0, 1, 2, 3, 4, 7, 99])
def test_dilation_is_max_pooling(dilate):
    image, gt = noise(3), noise(3)
    rows, columns = np.random.default_rng(4).integers(0, (19, 23), (12, 2)).T
    image[rows, columns] ^= np.arange(12, dtype=np.uint8)[:, None] + 1
    mask = soft_mask(image, gt)
    size = max(1, dilate)
    before = size // 2
    padded = np.pad(mask, (before, size - 1 - before))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    np.testing.assert_array_equal(soft_mask(image, gt, dilate=dilate), windows.max((2, 3)))


@pytest.mark.parametrize("settings, message", [
    ({"threshold": 0}, "threshold must be above 0"),
    ({"threshold": -5}, "got -5"),
    ({"threshold": float("nan")}, "got nan"),
    ({"threshold": float("inf")}, "got inf"),
    ({"channel": "median"}, "'median'; known: mean, max"),
    ({"dilate": -1}, "dilate must be 0 or more"),
])
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        soft_mask(flat(0), flat(0), **settings)


def test_unequal_sizes_are_named_width_first():
    with pytest.raises(ValueError, match="image 23x19, ground truth 7x5"):
        soft_mask(noise(0), flat(0))
    assert size_of(noise(0)) == "23x19"


def test_stored_form():
    stored = to_uint8(np.float32([[0, 0.1, 0.5, 1]]))
    assert stored.dtype == np.uint8
    assert stored.tolist() == [[0, 26, 128, 255]]
    every = np.arange(256, dtype=np.uint8)
    assert (to_uint8(every / np.float32(255)) == every).all()
