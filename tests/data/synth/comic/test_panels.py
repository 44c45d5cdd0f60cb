import cv2
import numpy as np
import pytest

from data.synth.comic.panels import cut_page

WIDTH, HEIGHT = 600, 850


@pytest.mark.parametrize("seed", range(12))
def test_panels_share_a_page_without_overlap(seed):
    panels = cut_page(np.random.default_rng(seed), WIDTH, HEIGHT, 16.0)
    taken = np.zeros((HEIGHT, WIDTH), np.uint8)
    for panel in panels:
        mask = np.zeros_like(taken)
        cv2.fillPoly(mask, [np.round(panel.corners).astype(np.int32)], 1)
        box = panel.box
        assert box.width > 20 and box.height > 20
        assert box.left <= panel.corners[:, 0].min() and box.bottom >= panel.corners[:, 1].max()
        taken += cv2.erode(mask, np.ones((5, 5), np.uint8))
    assert taken.max() == 1
    assert (taken == 1).mean() > 0.6


def test_tiny_pages_have_panels_too():
    assert cut_page(np.random.default_rng(0), 30, 20, 16.0)
    counts = {len(cut_page(np.random.default_rng(seed), WIDTH, HEIGHT, 16.0))
              for seed in range(40)}
    assert 1 in counts and max(counts) > 7
