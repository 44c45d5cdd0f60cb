import math

import numpy as np
import pytest

from metric import ERASURE_METRICS, METRICS, measure
from metric.erasure import ink_gone, ink_psnr, print_kept

GT = np.full((2, 5, 3), 200, np.uint8)


def page_with(changes):
    """The ground truth with some pixels at other levels: {(row, column): level or RGB}."""
    image = GT.copy()
    for place, level in changes.items():
        image[place] = level
    return image


INPUT = page_with({(0, c): 50 for c in range(4)})  # 4 pixels of ink, 6 of page


def test_by_hand():
    # Of the ink one pixel stays, one ends at 20 levels off, one at 21, one is perfect; of the
    # page one pixel is damaged by 60, one by 20.
    image = page_with({(0, 0): 50, (0, 1): 180, (0, 2): 179, (1, 0): 140, (1, 1): 220})
    assert ink_gone(image, GT, INPUT) == 2 / 4
    assert print_kept(image, GT, INPUT) == pytest.approx(5 / 6)
    # (150² + 20² + 21² + 0²) / 4 = 5835.25; 10·log10(255² / 5835.25) = 10.47 dB
    assert ink_psnr(image, GT, INPUT) == pytest.approx(10 * math.log10(65025 / 5835.25))


def test_one_channel_makes_ink():
    # Red ink that is as bright as the paper in red: 21 off in green is ink, 20 is not.
    page = page_with({(0, 0): (200, 179, 200), (0, 1): (200, 180, 200)})
    assert ink_gone(GT, GT, page) == 1
    assert ink_gone(page, GT, page) == 0
    assert print_kept(page, GT, page) == 1
    assert ink_psnr(page, GT, page) == pytest.approx(10 * math.log10(255**2 / (21**2 / 3)))


def test_untouched_and_perfect():
    assert ink_gone(INPUT, GT, INPUT) == 0
    assert print_kept(INPUT, GT, INPUT) == 1
    assert ink_psnr(INPUT, GT, INPUT) == pytest.approx(10 * math.log10(255**2 / 150**2))
    assert ink_gone(GT, GT, INPUT) == print_kept(GT, GT, INPUT) == 1
    assert ink_psnr(GT, GT, INPUT) == math.inf


def test_no_ink_and_nothing_but_ink():
    assert math.isnan(ink_gone(INPUT, GT, GT))
    assert math.isnan(ink_psnr(INPUT, GT, GT))
    assert print_kept(INPUT, GT, GT) == pytest.approx(6 / 10)
    assert math.isnan(print_kept(GT, GT, GT - 100))


def test_white_page_erases_all_and_keeps_nothing():
    gt = np.zeros_like(GT)
    gt[:, :4] = 255
    page = gt.copy()
    page[0, 0] = 0
    blank = np.full_like(gt, 255)
    assert ink_gone(blank, gt, page) == 1
    assert print_kept(blank, gt, page) == pytest.approx(7 / 9)


def test_measure_names_them_only_with_an_input():
    assert list(measure(INPUT, GT)) == list(METRICS)
    figures = measure(INPUT, GT, INPUT)
    assert list(figures) == [*METRICS, *ERASURE_METRICS]
    assert all(type(value) is float for value in figures.values())


@pytest.mark.parametrize("metric", ERASURE_METRICS.values(), ids=ERASURE_METRICS)
def test_bad_input(metric):
    with pytest.raises(ValueError, match="input is 4x2 pixels, ground truth 5x2"):
        metric(GT, GT, GT[:, :4])
    with pytest.raises(ValueError, match="image is 5x1 pixels, ground truth 5x2"):
        metric(GT[:1], GT, GT)
