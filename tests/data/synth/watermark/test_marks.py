from dataclasses import replace

import numpy as np
import pytest

from data.synth.fonts import Faces
from data.synth.watermark import marks
from data.synth.watermark.marks import Marked, draw_look, lay_on, make_mark

FACES = Faces.load()
LAYOUTS = (marks._tiled, marks._single, marks._corner, marks._scattered, marks._lines)


def grey(height=120, width=160, level=100):
    return np.full((height, width, 3), level, np.uint8)


def plain(**changes):
    """A look without ornaments."""
    look = draw_look(np.random.default_rng(0), 20)
    colour = np.full(3, 255, np.uint8)
    return replace(look, colour=colour, second=colour, fill=1.0, rim=0, shadow=0.0, fade=None,
                   **changes)


@pytest.mark.parametrize("opacity", [0.2, 0.5, 0.9])
def test_a_mark_is_blended_by_its_opacity(opacity):
    block = np.zeros((30, 40), np.uint8)
    block[5:25, 5:35] = 255
    mark = make_mark(block, plain(opacity=opacity))
    marked = Marked(grey())
    marked.blend(mark, 50, 40)
    inside, pad = np.s_[40 + 8 : 62, 50 + 8 : 82], 1
    assert (marked.image[inside] == round(100 + opacity * 155)).all()
    assert (marked.ink[inside] == round(255 * opacity)).all()
    assert mark.alpha.shape == (30 + 2 * pad, 40 + 2 * pad)
    marked.blend(mark, 50, 40)  # a second one lies on the first
    twice = 1 - (1 - opacity) ** 2
    assert marked.ink[50, 60] == pytest.approx(255 * twice, abs=1)
    assert marked.image[50, 60, 0] == pytest.approx(100 + twice * 155, abs=1)


def test_marks_are_cut_at_the_edges():
    mark = make_mark(np.full((40, 40), 255, np.uint8), plain(opacity=0.5))
    for left, top in ((-20, -20), (140, 100), (-100, 0), (500, 500)):
        marked = Marked(grey())
        marked.blend(mark, left, top)
        assert marked.ink.any() == (left in (-20, 140))


def test_rims_shadows_and_fading():
    block = np.zeros((60, 60), np.uint8)
    block[20:40, 20:40] = 255
    colour = np.full(3, 10, np.uint8)
    rim = make_mark(block, replace(plain(opacity=1.0), rim=4, rim_colour=colour))
    assert rim.alpha[20 + 5 - 2, 35] == 1 and (rim.colour[20 + 5 - 2, 35] == 10).all()
    assert (rim.colour[35, 35] == 255).all()
    hollow = make_mark(block, replace(plain(opacity=1.0), fill=0.0, rim=4, rim_colour=colour))
    assert hollow.alpha[35, 35] == 0 and hollow.alpha[23, 35] == 1
    shadow = make_mark(block, replace(plain(opacity=1.0), shadow=0.6, shadow_colour=colour,
                                      shift=(8, 8), softness=0.0))
    pad = (shadow.alpha.shape[0] - 60) // 2
    assert shadow.alpha[pad + 44, pad + 44] == pytest.approx(0.6)
    look = replace(plain(opacity=0.8), fade=0.0)
    faded = make_mark(np.full((60, 60), 255, np.uint8), look)
    assert faded.alpha[30, 3] < 0.1 and faded.alpha[30, -3] == pytest.approx(0.8)


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (200, 30), (240, 320)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pictures_of_any_size_change_under_marks_alone(layout, size):
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    marked = Marked(picture)
    layout(np.random.default_rng(7), marked, FACES)
    assert marked.image.shape == picture.shape
    np.testing.assert_array_equal(marked.image[marked.ink == 0], picture[marked.ink == 0])


def test_tiles_cover_everything():
    for seed in range(8):
        marked = Marked(grey(600, 900))
        marks._tiled(np.random.default_rng(seed), marked, FACES)
        quarters = marked.ink[:600, :900].reshape(2, 300, 2, 450).any(axis=(1, 3))
        assert quarters.all()


def test_opacities_and_colours_are_varied():
    rng = np.random.default_rng(0)
    looks = [draw_look(rng, 30) for _ in range(600)]
    opacities = [look.opacity for look in looks]
    assert 0.2 <= min(opacities) < 0.25 and 0.8 < max(opacities) <= 0.9
    assert np.mean([look.colour.min() == 255 for look in looks]) > 0.3
    assert np.mean([look.colour.max() < 40 for look in looks]) > 0.1
    assert np.mean([np.ptp(look.colour) > 60 for look in looks]) > 0.15


def test_marks_can_be_seen():
    covers = []
    for seed in range(20):
        marked = lay_on(np.random.default_rng(seed), grey(480, 640, 128), FACES)
        covers.append((marked.ink > 20).mean())
        assert marked.ink.any()
    assert 0.02 < np.median(covers) < 0.5
