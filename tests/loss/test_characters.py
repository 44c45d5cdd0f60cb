import numpy as np
import paddle
import pytest

from loss.characters import FEWEST, NEGATIVES, CharacterLoss, hard_mean
from model import Detected


def labels(side=40, text=100):
    """A batch of one: the first `text` pixels are a character, all is trusted."""
    region = np.zeros(side * side, np.float32)
    region[:text] = 1
    return np.stack([region.reshape(side, side)] * 2 + [np.ones((side, side), np.float32)])[None]


def cost(scores, wanted):
    detected = Detected(paddle.to_tensor(scores))
    criterion = CharacterLoss()
    terms = criterion(detected, paddle.to_tensor(wanted))
    assert float(criterion.total(terms)) == pytest.approx(sum(map(float, terms.values())))
    return {name: float(term) for name, term in terms.items()}


def test_perfect_maps_cost_nothing():
    wanted = labels()
    assert cost(wanted[:, :2], wanted) == {"region": 0, "affinity": 0}


def test_each_map_has_a_term():
    wanted = labels()
    scores = wanted[:, :2].copy()
    scores[:, 1] *= 0.5
    assert cost(scores, wanted) == {"region": 0, "affinity": pytest.approx(0.25)}


def test_of_the_background_the_hardest_count():
    """As many as NEGATIVES for each pixel of a character; the easy rest changes nothing."""
    wanted = labels(text=200)
    scores = wanted[:, :2].copy().reshape(1, 2, -1)
    scores[:, 0, 200:200 + NEGATIVES * 200] = 0.5
    scores[:, 0, 200 + NEGATIVES * 200:] = 0.1
    assert cost(scores.reshape(1, 2, 40, 40), wanted)["region"] == pytest.approx(0.25)
    scores[:, 0, 200 + NEGATIVES * 200:] = 0.4
    assert cost(scores.reshape(1, 2, 40, 40), wanted)["region"] == pytest.approx(0.25)


def test_without_text_the_worst_pixels_count():
    error = np.zeros(2000, np.float32)
    error[:FEWEST // 2] = 1
    assert float(hard_mean(paddle.to_tensor(error), paddle.zeros([2000]))) == pytest.approx(0.5)


def test_only_text():
    assert float(hard_mean(paddle.full([50], 0.2), paddle.ones([50]))) == pytest.approx(0.2)


def test_confidence_weighs_errors():
    wanted = labels()
    scores = wanted[:, :2] * 0
    whole = cost(scores, wanted)["region"]
    wanted[:, 2] = 0.5
    assert cost(scores, wanted)["region"] == pytest.approx(whole / 2)
    wanted[:, 2] = 0
    assert cost(scores, wanted) == {"region": 0, "affinity": 0}
