import re

import numpy as np
import pytest

from data.synth import words
from data.synth.fonts import Faces
from data.synth.watermark import shapes

FACES = Faces.load()


def test_every_line_of_the_list_can_be_said(monkeypatch):
    rng = np.random.default_rng(0)
    for line in words.lines("watermarks"):
        monkeypatch.setattr(shapes.words, "lines", lambda name, line=line: (
            (line,) if name == "watermarks" else ("Tom",)))
        said = shapes.says(rng)
        assert said and not re.search(r"[{}]", said)


@pytest.mark.parametrize("draw", [
    lambda rng, em: shapes.text(rng, em, FACES),
    lambda rng, em: shapes.logo(rng, 2 * em),
    lambda rng, em: shapes.lockup(rng, em, FACES),
    lambda rng, em: shapes.framed(rng, shapes.text(rng, em, FACES), em),
])
@pytest.mark.parametrize("em", [9.0, 40.0, 300.0])
def test_shapes_are_inked_and_as_large_as_asked(draw, em):
    for seed in range(6):
        block = draw(np.random.default_rng(seed), em)
        assert block.dtype == np.uint8 and block.max() > 150
        assert 0.4 * em < block.shape[0] < 12 * em


@pytest.mark.parametrize("draw", [shapes._cloud, shapes._camera, shapes._polygon, shapes._petals,
                                  shapes._swirl])
def test_logos_stay_within_their_box(draw):
    for seed in range(5):
        canvas = shapes.Canvas(120, 120, FACES)
        draw(canvas, np.random.default_rng(seed), 120)
        ink = canvas.pixels[..., 0] < 128
        assert 0.03 < ink.mean() < 0.9


def test_turning_keeps_the_ink():
    block = np.zeros((40, 100), np.uint8)
    block[10:30, 10:90] = 255
    for angle in (0, 30, -45, 90, 200):
        turned = shapes.turned(block, angle)
        assert turned.mean() * turned.size == pytest.approx(block.mean() * block.size, rel=0.02)
    assert shapes.turned(block, 90).shape[0] >= 100
