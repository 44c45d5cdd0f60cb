import numpy as np
import paddle
import pytest

from model.paper import paper_colour


def found(picture, mask):
    """The paper of H,W,3 in grey levels whose ink is H,W."""
    picture = paddle.to_tensor(picture.astype(np.float32) / 255).transpose([2, 0, 1])[None]
    paper = paper_colour(picture, paddle.to_tensor(mask.astype(np.float32))[None, None])
    assert paper.dtype == paddle.float32 and paper.shape == picture.shape
    return paper[0].transpose([1, 2, 0]).numpy() * 255


def page(paper):
    """Print and a large blot, which hides a third of the page, on paper: picture and blot."""
    picture, blot = paper.astype(float), np.zeros(paper.shape[:2])
    picture[8:-8:16, 8:-8] = 30
    blot[40:104, 48:144] = 1
    picture[blot > 0] = (20, 20, 160)
    return picture, blot


@pytest.mark.parametrize("colour", [(255, 255, 255), (235, 220, 190), (60, 55, 70)])
def test_it_is_what_is_neither_print_nor_ink(colour):
    picture, blot = page(np.full((128, 192, 3), colour, float))
    paper = found(picture, blot)
    inside = paper[44:100, 52:140]
    assert np.abs(inside - colour).max() < 3
    assert np.abs(paper - colour).max() < 0.15 * max(colour)  # beside print a little darker


def test_it_follows_the_light():
    light = np.linspace(120, 240, 192)[None, :, None] * np.ones((128, 1, 3))
    picture, blot = page(light)
    there = blot > 0
    assert np.abs(found(picture, blot) - light)[there].mean() < 8
    assert np.abs(np.median(light) - light)[there].mean() > 14  # what one colour would be off


def test_a_page_that_is_all_ink_has_some_colour():
    for level in (0, 255):
        paper = found(np.full((32, 64, 3), level), np.ones((32, 64)))
        assert np.isfinite(paper).all() and (paper >= 0).all() and (paper <= 256).all()


def test_no_gradient_goes_through_it():
    picture, mask = (paddle.rand([1, c, 32, 32]) for c in (3, 1))
    picture.stop_gradient = mask.stop_gradient = False
    assert paper_colour(picture, mask).stop_gradient
