import cv2
import numpy as np
import pytest

from data.augment import AugmentConfig, augment, reflect, rotated_crop


def places(height, width):
    """Image, gt and mask that hold their own coordinates: x and y, and in the mask their mean."""
    y, x = np.mgrid[:height, :width].astype(np.uint8)
    zero = np.zeros_like(x)
    image, gt = np.dstack([x, y, zero]), np.dstack([x, y, zero + 255])
    return image, gt, ((x.astype(int) + y) // 2).astype(np.uint8)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height, width):
    page = cv2.GaussianBlur(noise(height, width).astype(np.float32), (0, 0), 4)
    return cv2.normalize(page, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def draw(image, gt, mask, seed=0, make_mask=None, **config):
    config = {"crop": 64, "redraw": 0, **config}
    return augment(image, gt, mask, np.random.default_rng(seed), AugmentConfig(**config), make_mask)


# Crops


@pytest.mark.parametrize(
    "height, width", [(200, 180), (64, 64), (20, 250), (9, 7), (1, 40), (1, 1)]
)
@pytest.mark.parametrize("config", [
    {"rotate": 0, "flip": 0},
    {"rotate": 0, "flip": 1},
    {"rotate": 1},
    {"rotate": 1, "max_angle": 90},
    {"enlarge": 1},
], ids=["upright", "flipped", "rotated", "any angle", "enlarged"])
def test_image_gt_and_mask_move_together(height, width, config):
    for seed in range(4):
        image, gt, mask = draw(*places(height, width), seed, **config)
        assert image.shape == gt.shape == (64, 64, 3)
        assert image.dtype == gt.dtype == np.uint8
        assert mask.shape == (64, 64)
        assert mask.dtype == np.float32
        assert (image[..., :2] == gt[..., :2]).all()
        assert not image[..., 2].any()
        assert (gt[..., 2] == 255).all()
        mean = (image[..., 0].astype(int) + image[..., 1]) / 2
        assert np.abs(mask * 255 - mean).max() <= 2
        assert image[..., 0].max() < width
        assert image[..., 1].max() < height


@pytest.mark.parametrize("angle", [-90, -45, -10, -0.1, 0.1, 3, 10, 45, 90])
@pytest.mark.parametrize("height, width", [(300, 200), (50, 40), (3, 500), (1, 1)])
def test_rotation_never_leaves_black(height, width, angle):
    white = np.full((height, width, 3), 255, np.uint8)
    for left, top in ((0, 0), (0.999, 0), (0, 0.999), (0.999, 0.999), (0.5, 0.5)):
        assert (rotated_crop(white, left, top, 64, angle) == 255).all()
        assert not rotated_crop(255 - white[..., 0], left, top, 64, angle).any()


@pytest.mark.parametrize("left, top", [(0, 0), (0.3, 0.8), (0.999, 0.999)])
def test_angle_0_cuts_exact_pixels(left, top):
    page = noise(150, 201)
    x, y = round(left * (201 - 64)), round(top * (150 - 64))
    assert (rotated_crop(page, left, top, 64, 0) == page[y:y + 64, x:x + 64]).all()


def test_crops_reach_every_corner():
    height, width = 100, 120
    image, gt, mask = places(height, width)
    starts = {tuple(draw(image, gt, mask, seed, rotate=0, flip=0)[0][0, 0, :2])
              for seed in range(1500)}
    assert {x for x, _ in starts} == set(range(width - 64 + 1))
    assert {y for _, y in starts} == set(range(height - 64 + 1))


@pytest.mark.parametrize("height, width", [(64, 64), (40, 100), (63, 2), (1, 30), (2, 1), (1, 1)])
def test_pages_smaller_than_the_crop_are_reflected(height, width):
    page = noise(height, width)
    expected = np.pad(
        page, [(0, max(0, 64 - height)), (0, max(0, 64 - width)), (0, 0)], mode="reflect")
    assert (rotated_crop(page, 0, 0, 64, 0) == expected[:64, :64]).all()


@pytest.mark.parametrize("angle", [-30, -10, -2.5, 0.5, 7, 10])
@pytest.mark.parametrize("left, top", [(0.5, 0.5), (0.4, 0.62)])
def test_rotated_crop_agrees_with_rotating_the_whole_page(angle, left, top):
    page = smooth(260, 300)
    x, y = round(left * (300 - 64)), round(top * (260 - 64))
    centre = x + 31.5, y + 31.5
    turned = cv2.warpAffine(page, cv2.getRotationMatrix2D(centre, angle, 1), (300, 260))
    crop = rotated_crop(page, left, top, 64, angle)
    assert np.abs(crop.astype(int) - turned[y:y + 64, x:x + 64]).max() <= 2


@pytest.mark.parametrize("angle, turns", [(90, 1), (-90, -1)])
def test_a_quarter_turn_turns_pixels(angle, turns):
    page = noise(200, 200)
    expected = np.rot90(rotated_crop(page, 0.5, 0.5, 64, 0), turns)
    assert np.abs(rotated_crop(page, 0.5, 0.5, 64, angle).astype(int) - expected).max() <= 1


def test_rotated_crop_at_the_edge_continues_in_reflection():
    page = smooth(64, 64)
    wide = np.pad(page, [(32, 32), (32, 32), (0, 0)], mode="reflect")
    inside = rotated_crop(wide, 0.5, 0.5, 64, 10)
    assert np.abs(rotated_crop(page, 0, 0, 64, 10).astype(int) - inside).max() <= 1


@pytest.mark.parametrize("length", [1, 2, 3, 10])
def test_reflect_is_numpys(length):
    expected = np.pad(np.arange(length), 50, mode="reflect")
    assert reflect(-50, length + 50, length).tolist() == expected.tolist()
    assert (reflect(-10**6, 10**6, length) < length).all()


# Chances


def test_flip_mirrors():
    page = places(150, 150)
    for seed in range(5):
        kept, flipped = (draw(*page, seed, flip=chance) for chance in (0, 1))
        for one, other in zip(kept, flipped, strict=True):
            assert (one == other[:, ::-1]).all()
            assert other.flags.c_contiguous


@pytest.mark.parametrize("name, chance", [
    ("flip", 0), ("flip", 0.3), ("flip", 1), ("rotate", 0), ("rotate", 0.3), ("rotate", 1),
    ("enlarge", 0), ("enlarge", 0.3)])
def test_probabilities(name, chance):
    page = noise(150, 150), noise(150, 150), noise(150, 150)[..., 0]
    never = {"flip": 0, "rotate": 0, "enlarge": 0}
    happened = np.mean([
        (draw(*page, seed, **{**never, name: chance})[0] != draw(*page, seed, **never)[0]).any()
        for seed in range(300)
    ])
    assert abs(happened - chance) <= (0.08 if 0 < chance < 1 else 0)


def test_angles_keep_to_their_limit():
    page = places(150, 150)
    angles = []
    for seed in range(200):
        crop = draw(*page, seed, rotate=1, max_angle=10, flip=0)[0].astype(float)
        if crop[..., :2].min() > 1 and crop[..., :2].max() < 148:  # nothing reflected
            across = crop[32, -1] - crop[32, 0]
            angles.append(np.degrees(np.arctan2(across[1], across[0])))
    assert 9 < max(angles) < 11
    assert -11 < min(angles) < -9


def test_crops_are_enlarged_evenly_up_to_their_limit():
    page = places(150, 150)
    shown = []  # the page's pixels a pixel of the crop
    for seed in range(300):
        crop = draw(*page, seed, enlarge=1, max_enlarged=2, flip=0, rotate=0)[0].astype(float)
        shown.append((crop[32, -8, 0] - crop[32, 8, 0]) / 48)
    assert 0.48 <= min(shown) < 0.53 and 0.97 < max(shown) <= 1.02
    assert 0.4 < np.mean(np.array(shown) < 0.5**0.5) < 0.6  # even on a scale of ratios


def test_same_seed_same_crop():
    page = places(150, 150)
    for seed in range(5):
        for one, other in zip(draw(*page, seed), draw(*page, seed), strict=True):
            assert (one == other).all()
    assert len({draw(*page, seed)[0].tobytes() for seed in range(20)}) == 20


# Drawing again


def inked(width=1000):
    """A page with one spot of ink: few crops hold it."""
    image = np.full((64, width, 3), 255, np.uint8)
    mask = np.zeros((64, width), np.uint8)
    mask[20:30, 500:510] = 255
    image[mask > 0] = 0
    return image, np.full_like(image, 255), mask


@pytest.mark.parametrize("redraw, redraws, at_least, at_most", [
    (0, 8, 0, 0.15), (1, 0, 0, 0.15), (1, 8, 0.3, 0.7), (1, 200, 1, 1), (0.9, 200, 0.3, 0.9)])
def test_blank_crops_are_drawn_again(redraw, redraws, at_least, at_most):
    page = inked()
    hits = [draw(*page, seed, redraw=redraw, redraws=redraws, rotate=0)[2].any()
            for seed in range(100)]
    assert at_least <= np.mean(hits) <= at_most


def test_min_ink_is_a_share_of_the_crop():
    image, gt, mask = inked()
    for min_ink in (50 / 64**2, 100 / 64**2):
        for seed in range(20):
            crop = draw(image, gt, mask, seed, redraw=1, redraws=500, rotate=0, min_ink=min_ink)
            assert (crop[2] > 0.5).mean() >= min_ink
    faint = mask // 4  # nowhere half ink
    assert any(not draw(image, gt, faint, seed, redraw=1)[2].any() for seed in range(20))


def test_masks_made_from_the_crop():
    image, gt, mask = inked()
    calls = []

    def make_mask(crop, crop_gt):
        calls.append(crop.shape)
        return (crop_gt.astype(np.float32) - crop)[..., 0] / 255

    for seed in range(20):
        config = {"redraw": 1, "redraws": 3, "rotate": 0}
        expected = draw(image, gt, mask, seed, **config)
        calls.clear()
        crop = draw(image, gt, None, seed, make_mask, **config)
        assert all((one == other).all() for one, other in zip(crop, expected, strict=True))
        assert 1 <= len(calls) <= 4
        assert set(calls) == {(64, 64, 3)}
    draw(gt, gt, None, 0, make_mask, redraw=1, redraws=7)  # wholly blank: it ends
    assert len(calls) >= 8


@pytest.mark.parametrize("wrong, message", [
    ({"crop": 100}, "crop must be a positive multiple of 32 pixels, got 100"),
    ({"crop": 0}, "got 0"),
    ({"flip": 1.1}, r"flip is a probability in \[0, 1\], got 1.1"),
    ({"rotate": -0.1}, "rotate is a probability"),
    ({"redraw": 2}, "redraw is a probability"),
    ({"min_ink": 2}, r"min_ink is a share in \[0, 1\], got 2"),
    ({"min_ink": float("nan")}, "min_ink is a share"),
    ({"redraws": -1}, "redraws must be 0 or more, got -1"),
    ({"max_angle": 91}, "max_angle must lie in"),
    ({"max_enlarged": 0.9}, "max_enlarged must lie in"),
])
def test_settings_out_of_range(wrong, message):
    with pytest.raises(ValueError, match=message):
        AugmentConfig(**wrong)
