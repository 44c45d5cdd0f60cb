import cv2
import numpy as np
import pytest

from data.char_labels import STEP, label_maps
from data.characters import Characters
from infer.words import SMALLEST, Thresholds, find_words

SIZE = (320, 420)


def line(x, y, count, width, height, gap=0.1):
    """Quads of characters side by side."""
    left = x + np.arange(count) * width * (1 + gap)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    return np.stack([left, np.full(count, y)], axis=1)[:, None] + corners


def column(x, y, count, side):
    """Quads of upright characters below each other."""
    return line(y, x, count, side, side)[:, [0, 3, 2, 1], ::-1]


def turned(quads, degrees):
    matrix = np.vstack([cv2.getRotationMatrix2D((200, 160), degrees, 1), [0, 0, 1]])
    return Characters("", quads).moved(matrix).quads


def arch(count=9, radius=120, height=26):
    """Quads of characters on an arc, bases towards its centre."""
    angles = np.linspace(-60, 60, count + 1)
    upright = line(200, 160 - radius, 1, 2 * radius * np.sin(np.radians(60 / count)), height)
    upright -= [upright[0, 1, 0] - upright[0, 0, 0], 0] / np.array(2)
    return np.concatenate([turned(upright, -angle) for angle in (angles[1:] + angles[:-1]) / 2])


def maps(*words):
    return label_maps([Characters("x" * len(quads), quads) for quads in words],
                      SIZE).transpose(1, 2, 0)


def found(*words):
    return find_words(maps(*words), STEP, Thresholds())


def rectangle(quads):
    return cv2.boxPoints(cv2.minAreaRect(quads.reshape(-1, 2).astype(np.float32)))


def overlap(one, other):
    """Intersection over union of two convex outlines."""
    one, other = one.astype(np.float32), other.astype(np.float32)
    both, _ = cv2.intersectConvexConvex(one, other)
    return both / (cv2.contourArea(one) + cv2.contourArea(other) - both)


@pytest.mark.parametrize("quads", [
    line(50, 50, 6, 20, 30), line(20, 40, 4, 60, 80), line(50, 51, 5, 10, 13),
    turned(line(100, 180, 7, 24, 30), 25), turned(line(100, 180, 7, 24, 30), -40),
    column(60, 30, 8, 26), line(90, 90, 1, 30, 32),
], ids=["line", "large", "small", "rising", "falling", "column", "one character"])
def test_the_quad_of_a_known_word(quads):
    (word,) = found(quads)
    assert overlap(word.quad, rectangle(quads)) > 0.8
    np.testing.assert_array_equal(word.polygon, word.quad)
    assert 0.9 < word.score <= 1
    assert word.quad.sum(axis=1).argmin() == 0 and cv2.contourArea(
        word.quad.astype(np.float32), oriented=True) > 0  # from the top left, clockwise


def test_affinity_is_what_makes_one_word_of_characters():
    quads = line(50, 50, 6, 20, 30)
    one, other = found(quads[:3], quads[3:])
    assert one.quad[1, 0] < other.quad[0, 0] + 5
    scores = maps(quads)
    assert len(find_words(scores, STEP, Thresholds())) == 1
    scores[..., 1] = 0
    assert len(find_words(scores, STEP, Thresholds())) == 6


def test_a_link_alone_does_not_widen_a_word():
    scores = maps(line(50, 50, 3, 20, 30))
    (before,) = find_words(scores, STEP, Thresholds())
    scores[25:40, 40:80, 1] = 1
    (word,) = find_words(scores, STEP, Thresholds())
    np.testing.assert_array_equal(word.quad, before.quad)


def test_what_is_no_word():
    scores = np.zeros((60, 60, 2), np.float32)
    assert find_words(scores, STEP, Thresholds()) == []
    scores[10, 10:10 + SMALLEST - 1, 0] = 1  # noise
    scores[20:30, 20:30, 0] = 0.65  # nothing that is clearly a character
    scores[40:50, 40:50, 1] = 1  # a link of nothing
    assert find_words(scores, STEP, Thresholds()) == []
    assert len(find_words(scores, STEP, Thresholds(text=0.6))) == 1
    scores[10, 10 + SMALLEST - 1, 0] = 1
    assert len(find_words(scores, STEP, Thresholds())) == 1


def test_the_polygon_of_a_bent_word():
    quads = arch()
    (word,) = found(quads)
    outline = cv2.convexHull(quads.reshape(-1, 2).astype(np.float32))
    assert len(word.polygon) >= 8 and len(word.polygon) % 2 == 0
    drawn, truth = (np.zeros(SIZE, np.uint8) for _ in range(2))
    cv2.fillPoly(drawn, [word.polygon.round().astype(np.int32)], 1)
    cv2.fillPoly(truth, quads.round().astype(np.int32), 1)
    assert (drawn & truth).sum() / (drawn | truth).sum() > 0.75
    assert drawn.sum() < 0.7 * cv2.contourArea(outline)  # the hollow is left out


def test_a_low_comma_bends_no_word():
    quads = line(50, 50, 8, 20, 30)
    quads[4] = line(quads[4, 0, 0] + 4, 66, 1, 12, 14)[0]
    scores = maps(quads)
    scores[30:44, 60:90, 1] = 1  # linked all the same
    (word,) = find_words(scores, STEP, Thresholds())
    assert len(word.polygon) == 4
    quads[4:] = quads[4:] + [0, 13]  # a step is no comma
    scores = np.maximum(maps(quads), scores * [0, 1])
    (word,) = find_words(scores, STEP, Thresholds())
    assert len(word.polygon) > 4


@pytest.mark.parametrize("value", [0, 1, -0.1, float("nan")])
def test_thresholds_out_of_range(value):
    with pytest.raises(ValueError, match="between 0 and 1, got link"):
        Thresholds(link=value)
