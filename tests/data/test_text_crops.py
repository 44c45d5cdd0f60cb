from dataclasses import replace

import numpy as np
import pytest

from data.augment import AugmentConfig
from data.char_labels import label_maps
from data.characters import Characters, to_json
from data.generated import SynthConfig
from data.image_io import write_image
from data.pairs import DataConfig
from data.text_crops import MOST_WORDS, TextDataset, open_text, trusted, weak_labels
from data.text_pages import find_text

QUADS = np.stack([[[20 + 22 * i, 30], [40 + 22 * i, 30], [40 + 22 * i, 60], [20 + 22 * i, 60]]
                  for i in range(4)]).astype(float)
WORD = Characters("word", QUADS)
OUTLINE = "20,30,106,30,106,60,20,60"


def page_of(words, shape):
    """A page whose red channel is its words' region label."""
    region, _ = label_maps(words, shape)
    page = np.full((*shape, 3), 90, np.uint8)
    page[..., 0] = np.kron(region, np.ones((2, 2)))[: shape[0], : shape[1]] * 255
    return page


@pytest.fixture
def folders(tmp_path):
    """A folder of pages with known characters, and one of the same pages with known words."""
    for folder in ("known/images", "known/chars", "weak/images", "weak/words"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("a", "b", "c"):
        page = page_of([WORD], (100, 140))
        for kind in ("known", "weak"):
            write_image(tmp_path / kind / "images" / f"{name}.png", page)
        (tmp_path / "known" / "chars" / f"{name}.json").write_text(to_json([WORD], 140, 100))
        (tmp_path / "weak" / "words" / f"{name}.txt").write_text(
            f"{OUTLINE},word\n{OUTLINE},###\n")
    return tmp_path


def config(root, **changes):
    settings = {"augment": AugmentConfig(crop=96, rotate=0.5, max_angle=20), "val_fraction": 0.3}
    return DataConfig(root=str(root), **settings | changes)


@pytest.mark.parametrize("enlarge", [0, 1])
def test_labels_lie_where_the_characters_are(folders, enlarge):
    """The page shows its own label: turned, enlarged and cropped, both are still the same."""
    how = AugmentConfig(crop=96, rotate=0.5, max_angle=20, enlarge=enlarge, max_enlarged=1.5)
    train, val = open_text(config(folders / "known", augment=how), seed=1)
    assert len(train) == 2 and len(val) == 1
    for draw in range(6):
        image, labels, wholes, name = train[draw, draw % 2]
        assert name in "abc" and np.isnan(wholes).all()
        assert image.shape == (3, 96, 96) and labels.shape == (3, 48, 48)
        assert image.dtype == labels.dtype == np.float32
        there = labels[2] == 1
        shown = image[0].reshape(48, 2, 48, 2).mean(axis=(1, 3))
        assert labels[0][there].max() > 0.6 and there.mean() > 0.5
        # A label's edge is sharp, and turning the picture blurs it.
        assert np.abs(shown - labels[0])[there].mean() < 0.02


def test_a_draw_is_always_the_same(folders):
    one, other = (open_text(config(folders / "known"), seed=1)[0] for _ in range(2))
    list(map(one.__getitem__, [(0, 0), (0, 1)]))
    for left, right in zip(one[3, 1][:3], other[3, 1][:3], strict=True):
        np.testing.assert_array_equal(left, right)


def test_what_lies_beyond_the_page_is_not_trusted(folders):
    small = config(folders / "known", augment=AugmentConfig(crop=192, rotate=0))
    _, labels, _, _ = open_text(small, 0)[0][0, 0]
    assert (labels[2, :49, :69] == 1).all()
    assert (labels[2, 51:] == 0).all() and (labels[2, :, 71:] == 0).all()


def test_weak_pages_take_their_share(folders):
    data = config(folders / "known", weak=str(folders / "weak"), weak_share=1 / 6)
    train, _ = open_text(data, seed=0)
    weak = [not np.isnan(train[draw, 0][2]).all() for draw in range(300)]
    assert 30 < sum(weak) < 72  # 50 expected
    data = config(folders / "known", weak=str(folders / "weak"), weak_share=1.0,
                  augment=AugmentConfig(crop=128, rotate=0))
    _, labels, wholes, _ = open_text(data, seed=0)[0][0, 0]
    assert wholes.shape == (MOST_WORDS, 9) and np.isnan(wholes[2:]).all()
    assert wholes[0, 8] == 4 and wholes[1, 8] == 0  # the second's text nobody could read
    assert (labels[:2] == 0).all()


def test_words_that_the_crop_cuts_off_are_ignored(folders):
    data = config(folders / "known", weak=str(folders / "weak"), weak_share=1.0,
                  augment=AugmentConfig(crop=64, rotate=0))
    train, _ = open_text(data, seed=0)
    lengths = {row[8] for draw in range(8) for row in train[draw, 0][2] if not np.isnan(row[0])}
    assert lengths == {0}


def test_weak_labels_of_what_a_network_sees():
    image = page_of([WORD], (96, 128))
    expected = label_maps([WORD], (96, 128))
    wholes = np.full((4, 9), np.nan, np.float32)
    wholes[0] = [20, 30, 106, 30, 106, 60, 20, 60, 5]

    def see(crop):
        return crop[::2, ::2, 0].astype(np.float32) / 255

    labels = np.stack([*np.zeros((2, 48, 64)), np.ones((48, 64))]).astype(np.float32)
    weak_labels(image, labels, wholes, see)
    inside = np.zeros((48, 64), bool)
    inside[16:29, 11:52] = True
    assert labels[2][inside] == pytest.approx(0.8)  # 4 of 5 characters were found
    assert (labels[2, :14] == 1).all() and (labels[2, 32:] == 1).all()
    peaks = expected[0] > 0.9
    assert labels[0][peaks].min() > 0.5 and labels[1].max() > 0.8
    wholes[0, 8] = 0
    labels = np.stack([*np.zeros((2, 48, 64)), np.ones((48, 64))]).astype(np.float32)
    weak_labels(image, labels, wholes, see)
    assert (labels[:2] == 0).all() and (labels[2][inside] == 0).all()


def test_unknown_text_is_not_trusted():
    trust = trusted([WORD, Characters("", QUADS[:1])], (96, 128))
    assert trust.shape == (1, 48, 64) and trust[0, 22, 15] == 0 and trust[0, 22, 30] == 1


def test_generated_crops():
    data = DataConfig(layout="synth", val_pages=1, augment=AugmentConfig(crop=128),
                      synth=SynthConfig(val_size=[200, 240]))
    train, (page,) = open_text(data, seed=3)
    image, labels, wholes, name = train[0, 0]
    assert image.shape == (3, 128, 128) and labels.shape == (3, 64, 64)
    assert "generated page" in name and np.isnan(wholes).all()
    assert max(train[0, i][1][0].max() for i in range(3)) > 0.9
    turned = replace(data, augment=AugmentConfig(crop=128, rotate=1))
    _, labels, _, _ = open_text(turned, seed=3)[0][0, 0]
    assert (labels[2] == 1).mean() > 0.9  # what turns into a crop was mostly rendered with it
    picture, words = page.read_words()
    assert picture.shape == (240, 200, 3) and all(isinstance(word, Characters) for word in words)


def test_a_list_says_which_pages_validate(folders, tmp_path):
    (tmp_path / "val.txt").write_text("b\n")
    train, val = open_text(config(folders / "known", val_list=str(tmp_path / "val.txt")), seed=1)
    assert [page.name for page in val] == ["b"] and len(train) == 2


def test_what_cannot_be_trained_on(folders):
    with pytest.raises(ValueError, match="no pages given"):
        open_text(DataConfig(), 0)
    with pytest.raises(ValueError, match="3 pages leave 0 to train"):
        open_text(config(folders / "known", val_fraction=0.9), 0)
    assert len(TextDataset(find_text(folders / "known"), [], config(folders))) == 3
    with pytest.raises(ValueError, match="weak_share must lie in"):
        DataConfig(weak_share=2)
