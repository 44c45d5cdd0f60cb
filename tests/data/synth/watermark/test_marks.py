import numpy as np
import pytest

from data.synth.fonts import Faces
from data.synth.watermark import marks
from data.synth.watermark.looks import Look, make_mark
from data.synth.watermark.marks import Marked, lay_on

FACES = Faces.load()
WHITE = np.full(3, 255, np.uint8)
LAYOUTS = (marks._tiled, marks._single, marks._corner, marks._scattered, marks._lines)


def grey(height=120, width=160, level=100):
    return np.full((height, width, 3), level, np.uint8)


def white(block, opacity):
    look = Look(WHITE, WHITE, opacity, fill=1.0, rim=0, rim_colour=WHITE, shadow=0.0,
                shadow_colour=WHITE, shift=(0, 0), softness=0.0, fade=None)
    return make_mark(block, look)


@pytest.mark.parametrize("opacity", [0.2, 0.5, 0.9])
def test_a_mark_is_blended_by_its_opacity(opacity):
    block = np.zeros((30, 40), np.uint8)
    block[5:25, 5:35] = 255
    mark = white(block, opacity)
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
    mark = white(np.full((40, 40), 255, np.uint8), 0.5)
    for left, top in ((-20, -20), (140, 100), (-100, 0), (500, 500)):
        marked = Marked(grey())
        marked.blend(mark, left, top)
        assert marked.ink.any() == (left in (-20, 140))


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


def test_marks_can_be_seen():
    covers = []
    for seed in range(20):
        marked = lay_on(np.random.default_rng(seed), grey(480, 640, 128), FACES)
        covers.append((marked.ink > 20).mean())
        assert marked.ink.any()
    assert 0.02 < np.median(covers) < 0.5
