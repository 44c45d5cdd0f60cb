import math

import numpy as np
import pytest

from metric.detection import Counts, _shared, count_words, summed


def box(left, top, width=40, height=10):
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], float) + [left, top]


def test_words_are_matched_one_to_one():
    true = [box(0, 0), box(100, 0), box(0, 50)]
    found = [box(2, 0), box(4, 1), box(102, 1), box(200, 200)]
    counts = count_words(found, true)
    assert counts == Counts(2, 4, 3)
    assert counts.precision == 0.5 and counts.recall == pytest.approx(2 / 3)
    assert counts.hmean == pytest.approx(4 / 7)


def test_half_a_word_is_not_enough():
    assert count_words([box(0, 0, 20)], [box(0, 0)]).matched == 1
    assert count_words([box(0, 0, 19)], [box(0, 0)]).matched == 0


def test_the_best_overlap_is_taken_first():
    counts = count_words([box(10, 0), box(0, 0)], [box(0, 0), box(16, 0)])
    assert counts.matched == 2


def test_what_lies_in_ignored_places_does_not_count():
    assert count_words([box(0, 0), box(100, 0)], [box(100, 0)], [box(-5, -5, 60, 30)]) == (1, 1, 1)


def test_a_match_counts_in_ignored_places_and_not_in_those_of_others():
    place = [box(-5, -5, 60, 30)]
    assert count_words([box(0, 0)], [box(0, 0)], place) == (1, 1, 1)
    assert count_words([box(0, 0)], [box(0, 0)], others=place) == (0, 0, 1)


def test_tilted_words_whose_sides_lie_on_one_line():
    """Areas do not depend on the tilt."""
    rng = np.random.default_rng(0)
    for _ in range(3000):
        angle = rng.uniform(-0.3, 0.3)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        one, other = (box(*sides) for sides in 10 * rng.integers(1, 8, (2, 4)))
        expected = _shared(one, other)
        for found in (_shared(one @ turn, other @ turn), _shared(one @ turn, other[::-1] @ turn)):
            assert found == pytest.approx(expected, abs=1e-2)
        (left, top), (right, bottom) = np.maximum(one[0], other[0]), np.minimum(one[2], other[2])
        assert expected[0] == max(0, right - left) * max(0, bottom - top)


def test_an_outline_may_have_a_corner_twice():
    """As a word's that the page's corner cuts off."""
    word = box(0, 0)
    twice = np.concatenate([word, word[-1:]])
    assert count_words([twice], [word]) == count_words([word], [twice]) == (1, 1, 1)


def test_nothing_to_find():
    assert count_words([], []).hmean == 1 and count_words([], []).precision == 1
    assert count_words([], [box(0, 0)]).hmean == 0
    assert count_words([box(0, 0)], []).recall == 1 and count_words([box(0, 0)], []).hmean == 0


def test_counts_of_pages_add_up():
    assert summed([Counts(1, 2, 3), Counts(2, 2, 2)]) == Counts(3, 4, 5)
