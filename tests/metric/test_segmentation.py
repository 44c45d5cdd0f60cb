import math

import numpy as np
import pytest

from metric.segmentation import average_precision


def ap(scores, labels):
    return average_precision(np.array(scores, "f4"), np.array(labels, bool))


@pytest.mark.parametrize("scores, labels, expected", [
    ([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0], 1.0),
    ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], (1 / 3 + 2 / 4) / 2),  # found third and fourth
    # Text first, third and fourth: precisions 1, 2/3, 3/4 at thirds of the recall.
    ([0.9, 0.7, 0.6, 0.5, 0.2], [1, 0, 1, 1, 0], (1 + 2 / 3 + 3 / 4) / 3),
    # A tie of text and artwork is one step: 1/2 · 1 + 1/2 · 2/3.
    ([0.8, 0.4, 0.4, 0.1], [1, 0, 1, 0], 1 / 2 + 1 / 2 * 2 / 3),
    ([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 0], 0.25),
    ([0.3], [1], 1.0),
])
def test_by_hand(scores, labels, expected):
    assert ap(scores, labels) == pytest.approx(expected)
    order = np.random.default_rng(0).permutation(len(scores))
    assert ap(np.array(scores)[order], np.array(labels)[order]) == pytest.approx(expected)


def test_against_counting_at_every_threshold():
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 12, (9, 13)) / 11
    labels = rng.random((9, 13)) < 0.2 + 0.5 * scores
    total, before = 0.0, 0.0
    for threshold in np.unique(scores)[::-1]:
        found = scores >= threshold
        recall = (found & labels).sum() / labels.sum()
        total += (recall - before) * (found & labels).sum() / found.sum()
        before = recall
    assert average_precision(scores, labels) == pytest.approx(total)


def test_scaling_scores_changes_nothing():
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(size=500), rng.random(500) < 0.3
    assert average_precision(np.tanh(scores), labels) == average_precision(scores, labels)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, bool])
def test_scores_may_be_of_any_kind_of_number(kind):
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 2 if kind is bool else 256, 500).astype(kind)
    labels = rng.random(500) < 0.3
    assert average_precision(scores, labels) == average_precision(scores.astype(float), labels)


def test_without_text_there_is_none():
    assert math.isnan(ap([0.3, 0.2], [0, 0])) and math.isnan(ap([], []))
    with pytest.raises(ValueError, match="do not fit"):
        ap([0.3, 0.2], [1])
