import math

import cv2
import numpy as np
import pytest
from scipy.signal import convolve2d
from skimage.metrics import (
    mean_squared_error,
    peak_signal_noise_ratio,
    structural_similarity,
)

from metric import METRICS, measure
from metric.fidelity import ms_ssim, mse, psnr, ssim


def page(height=190, width=230, seed=0):
    """Paper with lines of strokes: detail at several scales."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), 245, np.uint8)
    for _ in range(60):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        colour = tuple(int(c) for c in rng.integers(0, 160, 3))
        cv2.line(image, (x, y), (x + int(rng.integers(-30, 30)), y + 7), colour, 2)
    return image


def flat(level, shape=(40, 50)):
    return np.full((*shape, 3), level, np.uint8)


def naive_ms_ssim(image, gt):
    """Wang et al. 2003, written down step by step for pages of 176 pixels a side and more."""
    x, y = (a.astype(float) @ [0.299, 0.587, 0.114] for a in (image, gt))
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def local(a):
        return convolve2d(a, window, mode="valid")

    def halve(a):
        a = np.pad(a, [(0, side % 2) for side in a.shape], mode="edge")
        return (a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]) / 4

    c1, c2 = 2.55**2, 7.65**2
    result = 1
    for scale, weight in enumerate([0.0448, 0.2856, 0.3001, 0.2363, 0.1333]):
        mx, my = local(x), local(y)
        vx, vy, cov = local(x * x) - mx**2, local(y * y) - my**2, local(x * y) - mx * my
        factor = (2 * cov + c2) / (vx + vy + c2)
        if scale == 4:
            factor = factor * (2 * mx * my + c1) / (mx**2 + my**2 + c1)
        result *= factor.mean() ** weight
        x, y = halve(x), halve(y)
    return result


def test_mse_and_psnr_by_hand():
    # One of 4 pixels is off by 51 = 255 / 5 in one of 3 channels: 0.2² / 12 = 1 / 300.
    gt = flat(100, (2, 2))
    image = gt.copy()
    image[0, 1, 2] += 51
    assert mse(image, gt) == pytest.approx(1 / 300)
    assert psnr(image, gt) == pytest.approx(10 * math.log10(300))  # 24.77 dB
    # Black against white is the largest error there is.
    assert mse(flat(0), flat(255)) == pytest.approx(1)
    assert psnr(flat(0), flat(255)) == pytest.approx(0)


def faint(gt):
    """Nearly the page: every 35th pixel is one level off."""
    image = gt.copy()
    image[::7, ::5] -= 1
    return image


@pytest.mark.parametrize("change", [lambda gt: cv2.GaussianBlur(gt, (0, 0), 1.2), faint])
def test_agrees_with_scikit_image(change):
    gt = page()
    image = change(gt)
    assert psnr(image, gt) == pytest.approx(peak_signal_noise_ratio(gt, image))
    assert mse(image, gt) == pytest.approx(mean_squared_error(gt, image) / 255**2)
    grey, grey_gt = (a.astype(float) @ [0.299, 0.587, 0.114] for a in (image, gt))
    expected = structural_similarity(
        grey, grey_gt, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255,
    )
    assert ssim(image, gt) == pytest.approx(expected, abs=1e-7)


def test_ssim_of_flat_pages_by_hand():
    # No structure, so only luminance: (2·100·150 + 6.5025) / (100² + 150² + 6.5025) = 0.923092...
    expected = (2 * 100 * 150 + 2.55**2) / (100**2 + 150**2 + 2.55**2)
    assert ssim(flat(100), flat(150)) == pytest.approx(expected, abs=1e-6)
    assert ms_ssim(flat(100, (20, 20)), flat(150, (20, 20))) == pytest.approx(expected)
    # At five scales luminance counts at the coarsest only, to the power .1333.
    large = (200, 200)
    assert ms_ssim(flat(100, large), flat(150, large)) == pytest.approx(expected**0.1333)


@pytest.mark.parametrize("size", [(176, 176), (181, 230)])
def test_ms_ssim_is_the_paper_s(size):
    gt = page(*size)
    image = cv2.GaussianBlur(gt, (0, 0), 1.5)
    image[40:80, 40:90] = 230
    assert ms_ssim(image, gt) == pytest.approx(naive_ms_ssim(image, gt), abs=1e-6)


def test_ms_ssim_downsamples():
    # Fine noise is forgiven at coarse scales; measured at full size five times, it would not be.
    gt = page()
    noise = np.random.default_rng(1).normal(0, 12, gt.shape)
    image = np.clip(gt + noise, 0, 255).astype(np.uint8)
    assert ms_ssim(image, gt) > ssim(image, gt) + 0.1


@pytest.mark.parametrize("side", [1, 2, 5, 10, 11, 21])
def test_tiny_pages_have_one_scale(side):
    gt, image = page(seed=1)[50:50 + side, 20:], page(seed=2)[50:50 + side, 20:]
    assert ms_ssim(image, gt) == pytest.approx(max(0, ssim(image, gt)), abs=1e-5)


@pytest.mark.parametrize(("side", "scales"), [(22, 2), (43, 2), (44, 3), (88, 4), (175, 4)])
def test_small_pages_have_fewer_scales(side, scales):
    # Luminance alone differs, and its weight is the last one's share of those that remain.
    weights = [0.0448, 0.2856, 0.3001, 0.2363][:scales]
    luminance = (2 * 100 * 150 + 2.55**2) / (100**2 + 150**2 + 2.55**2)
    size = (side, 200)
    expected = luminance ** (weights[-1] / sum(weights))
    assert ms_ssim(flat(100, size), flat(150, size)) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (9, 7), (100, 33), (190, 230)])
def test_equal_pages(shape):
    image = page(*shape)
    assert psnr(image, image.copy()) == math.inf
    assert mse(image, image.copy()) == 0
    assert ssim(image, image.copy()) == pytest.approx(1)
    assert ms_ssim(image, image.copy()) == 1


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_symmetric(metric):
    a, b = page(seed=3), page(seed=4)
    assert metric(a, b) == pytest.approx(metric(b, a))


def test_fall_with_blur():
    gt = page()
    blurred = [cv2.GaussianBlur(gt, (0, 0), sigma) for sigma in (0.5, 1, 2, 4)]
    for metric in (psnr, ssim, ms_ssim):
        values = [metric(image, gt) for image in blurred]
        assert values == sorted(values, reverse=True)
        assert len(set(values)) == len(values)


def test_inverted_page_stays_real():
    gt = page()
    assert ssim(255 - gt, gt) < 0
    assert ms_ssim(255 - gt, gt) == 0


def test_views_and_read_only_arrays():
    a, b = page(seed=5), page(seed=6)
    for array in (a, b):
        array.setflags(write=False)
    crop = np.s_[10:60, 20:90, ::-1]
    assert measure(a[crop], b[crop]) == measure(a[crop].copy(), b[crop].copy())


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_bad_input(metric):
    with pytest.raises(ValueError, match="50x40.*60x40"):
        metric(flat(0), flat(0, (40, 60)))
    with pytest.raises(ValueError, match=r"image: expected uint8 H,W,3.*float32"):
        metric(flat(0).astype(np.float32), flat(0))
    with pytest.raises(ValueError, match=r"ground truth: .*\(40, 50\)"):
        metric(flat(0), flat(0)[..., 0])
    with pytest.raises(ValueError, match=r"\(0, 50, 3\)"):
        metric(flat(0)[:0], flat(0)[:0])
