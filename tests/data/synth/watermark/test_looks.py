from dataclasses import replace

import numpy as np
import pytest

from data.synth.watermark.looks import Look, draw_look, make_mark

WHITE, BLACK = np.full(3, 255, np.uint8), np.full(3, 10, np.uint8)
# A look without ornaments.
PLAIN = Look(WHITE, WHITE, opacity=1.0, fill=1.0, rim=0, rim_colour=BLACK, shadow=0.0,
             shadow_colour=BLACK, shift=(8, 8), softness=0.0, fade=None)


def square():
    """Coverage with a block of 20 pixels in its middle."""
    block = np.zeros((60, 60), np.uint8)
    block[20:40, 20:40] = 255
    return block


def test_a_rim_lies_around_the_letters():
    mark = make_mark(square(), replace(PLAIN, rim=4))  # 5 pixels larger on each side
    assert mark.alpha[23, 35] == 1 and (mark.colour[23, 35] == BLACK).all()
    assert (mark.colour[35, 35] == WHITE).all()
    hollow = make_mark(square(), replace(PLAIN, rim=4, fill=0.0))
    assert hollow.alpha[35, 35] == 0 and hollow.alpha[23, 35] == 1


def test_a_shadow_lies_beside_the_letters():
    mark = make_mark(square(), replace(PLAIN, shadow=0.6))
    pad = (mark.alpha.shape[0] - 60) // 2
    assert mark.alpha[pad + 44, pad + 44] == pytest.approx(0.6)
    assert mark.alpha[pad + 16, pad + 16] == 0


def test_marks_fade_in_their_direction():
    mark = make_mark(np.full((60, 60), 255, np.uint8), replace(PLAIN, opacity=0.8, fade=0.0))
    assert mark.alpha[30, 3] < 0.1 and mark.alpha[30, -3] == pytest.approx(0.8)


def test_opacities_and_colours_are_varied():
    rng = np.random.default_rng(0)
    looks = [draw_look(rng, 30) for _ in range(600)]
    opacities = [look.opacity for look in looks]
    assert 0.2 <= min(opacities) < 0.25 and 0.8 < max(opacities) <= 0.9
    assert np.mean([look.colour.min() == 255 for look in looks]) > 0.3
    assert np.mean([look.colour.max() < 40 for look in looks]) > 0.1
    assert np.mean([np.ptp(look.colour) > 60 for look in looks]) > 0.15
