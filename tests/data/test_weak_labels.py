import numpy as np
import pytest

from data.char_labels import STEP, label_maps
from data.characters import Characters
from data.weak_labels import HEIGHT, characters, confidence, split


def row(widths, height=50, gap=4, left=0, top=0):
    """Quads of characters side by side."""
    quads, x = [], left
    for width in widths:
        quads.append([[x, top], [x + width, top], [x + width, top + height], [x, top + height]])
        x += width + gap
    return np.array(quads, float)


def outline(quads):
    (left, top), (right, bottom) = quads.min(axis=(0, 1)), quads.max(axis=(0, 1))
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


@pytest.mark.parametrize("length, found, trust", [
    (7, 5, 5 / 7), (5, 5, 1), (4, 6, 0.5), (3, 0, 0), (2, 9, 0), (1, 1, 1)])
def test_confidence(length, found, trust):
    assert confidence(length, found) == pytest.approx(trust)


@pytest.mark.parametrize("widths", [(30, 30, 30, 30), (40, 14, 30, 36, 12), (50,)])
def test_a_word_is_split_into_its_letters(widths):
    quads = row(widths, left=6, top=6)
    region, _ = label_maps([Characters("x" * len(quads), quads)], (64, 260))
    boxes = split(region)
    assert len(boxes) == len(widths)
    middles = boxes[:, [0, 2]].mean(axis=1) * STEP
    np.testing.assert_allclose(middles, quads[:, :, 0].mean(axis=1), atol=2)


def test_nothing_is_split_into_nothing():
    assert split(np.zeros((32, 64), np.float32)).shape == (0, 4)
    assert split(np.full((32, 64), 0.1, np.float32)).shape == (0, 4)


class Seen:
    """Region scores that are drawn into a page's red channel; remembers what it was shown."""

    def __init__(self):
        self.crops = []

    def __call__(self, crop):
        self.crops.append(crop)
        return crop[::STEP, ::STEP, 0].astype(np.float32) / 255


def drawn(quads, shape=(200, 400)):
    region, _ = label_maps([Characters("x" * len(quads), quads)], shape)
    page = np.zeros((*shape, 3), np.uint8)
    page[..., 0] = np.kron(region, np.ones((STEP, STEP)))[:shape[0], :shape[1]] * 255
    return page


def test_characters_of_a_word_on_a_page():
    quads = row((30, 24, 40, 30), left=60, top=80)
    see = Seen()
    found, trust = characters(drawn(quads), outline(quads), 4, see)
    assert trust == 1 and see.crops[0].shape[0] == HEIGHT and see.crops[0].shape[1] % 32 == 0
    np.testing.assert_allclose(found.mean(axis=1), quads.mean(axis=1), atol=4)
    found, trust = characters(drawn(quads), outline(quads), 5, see)
    assert trust == pytest.approx(0.8) and len(found) == 4


def test_characters_of_a_turned_word():
    turn = np.array([[0.8, -0.6, 40], [0.6, 0.8, -20], [0, 0, 1]])
    quads = Characters("", row((30, 24, 40, 30), left=60, top=40)).moved(turn).quads
    whole = Characters("", outline(row((30, 24, 40, 30), left=60, top=40))[None]).moved(turn)
    found, trust = characters(drawn(quads), whole.quads[0], 4, Seen())
    assert trust == 1
    np.testing.assert_allclose(found.mean(axis=1), quads.mean(axis=1), atol=4)
    # They are read as the word is: from the top left of each, clockwise.
    np.testing.assert_allclose(found[0, 1] - found[0, 0], [24, 18], atol=16)


def test_characters_of_a_column():
    """The network sees it upright; quads begin at the characters' own top left."""
    quads = row((34, 34, 34), height=40, left=20, top=100)[:, [0, 3, 2, 1], ::-1]
    see = Seen()
    page = drawn(quads)
    found, trust = characters(page, outline(quads), 3, see)
    assert trust == 1 and see.crops[0].shape[1] == HEIGHT
    np.testing.assert_allclose(found.mean(axis=1), quads.mean(axis=1), atol=4)
    assert (found[:, 0] == found.min(axis=1)).all()


@pytest.mark.parametrize("length", [2, 9])
def test_what_is_not_trusted_is_divided_evenly(length):
    quads = row((30, 24, 40, 30), left=60, top=80)
    found, trust = characters(drawn(quads), outline(quads), length, Seen())
    assert trust == 0.5 and len(found) == length
    word = outline(quads)
    np.testing.assert_allclose(found[0, 0], word[0], atol=0.01)
    np.testing.assert_allclose(found[-1, 2], word[2], atol=0.01)
    widths = found[:, 1, 0] - found[:, 0, 0]
    np.testing.assert_allclose(widths, np.ptp(word[:, 0]) / length, atol=0.01)
