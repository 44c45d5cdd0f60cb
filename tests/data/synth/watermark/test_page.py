import cv2
import numpy as np
import pytest

from data.image_io import write_image
from data.synth.camera import Jpeg
from data.synth.fonts import Faces
from data.synth.page import SynthOptions, compose, crops, render
from data.synth.watermark.page import Watermarked, photograph, photographs, watermarked
from data.synth.watermark.scenes import scene

FACES = Faces.load()


@pytest.fixture
def photos(tmp_path):
    """A folder with one picture that nothing generated looks like: red, a gradient in blue."""
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 250, np.arange(400) // 2
    write_image(tmp_path / "photo.png", picture)
    return tmp_path


def noisy(height=200, width=260):
    return np.random.default_rng(3).integers(90, 160, (height, width, 3)).astype(np.uint8)


def test_both_pictures_go_through_the_same_jpeg():
    gt, ink = noisy(), np.zeros((200, 260), np.uint8)
    image = gt.copy()
    image[80:100, 100:150] = 255
    ink[80:100, 100:150] = 128
    page = Watermarked(image, gt, ink, Jpeg(70))
    pair = page.page()
    np.testing.assert_array_equal(pair.gt, Jpeg(70).pass_through(gt))
    near = cv2.dilate(ink, np.ones((65, 65), np.uint8)) > 0  # the mark's blocks and their rims
    np.testing.assert_array_equal(pair.image[~near], pair.gt[~near])
    raw = page.page(jpeg=False)
    np.testing.assert_array_equal(raw.image, image)
    cut = page.crop(60, 90, 64, 96)
    np.testing.assert_array_equal(cut.image, pair.image[60:124, 90:186])
    np.testing.assert_array_equal(cut.ink, ink[60:124, 90:186])


def test_without_jpeg_nothing_changes_but_the_marks():
    for seed in range(8):
        pair = watermarked(np.random.default_rng(seed), noisy(), FACES).page(jpeg=False)
        clear = pair.ink == 0
        np.testing.assert_array_equal(pair.image[clear], pair.gt[clear])
        assert (pair.image != pair.gt).any()


@pytest.mark.parametrize("size", [(30, 20), (150, 200), (700, 500), (300, 1200)])
def test_photographs_of_any_size(photos, size):
    part = photograph(np.random.default_rng(0), photos, *size)
    assert part.shape == (*size, 3) and part.dtype == np.uint8
    assert (part[..., 0] > 240).all() and not part[..., 1].any()


def test_a_photograph_keeps_its_proportions(photos):
    for seed in range(12):
        part = photograph(np.random.default_rng(seed), photos, 60, 80)
        across = abs(int(part[30, -1, 2]) - int(part[30, 0, 2]))
        assert 36 <= across <= 200  # from its own pixels to the whole of it


def test_marks_lie_on_the_photographs_of_a_folder(photos):
    options = SynthOptions(photos=photos)
    red = [(render(1, i, "watermark", (96, 96), options).gt[..., 0] > 200).mean() > 0.9
           for i in range(24)]
    assert 6 < sum(red) < 22
    assert not any((render(1, i, "watermark", (96, 96)).gt[..., 1] < 30).mean() > 0.99
                   and (render(1, i, "watermark", (96, 96)).gt[..., 0] > 200).mean() > 0.9
                   for i in range(6))


def test_folders_without_photographs_are_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere: no such folder"):
        SynthOptions(photos=tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no images there to put watermarks on"):
        photographs(tmp_path)


def test_a_broken_photograph_is_named(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        photograph(np.random.default_rng(0), tmp_path, 40, 40)


def test_crops_are_cut_outs_of_pages():
    for pair in crops(2, 0, 96, 3, "watermark"):
        whole = compose(2, 0, "watermark", None, SynthOptions(), crop=96).page()
        found = cv2.matchTemplate(whole.image, pair.image, cv2.TM_SQDIFF)
        top, left = np.unravel_index(found.argmin(), found.shape)
        np.testing.assert_array_equal(whole.cut(top, left, 96, 96).gt, pair.gt)


def test_generated_scenes_are_varied():
    means, spreads = [], []
    for seed in range(16):
        picture = scene(np.random.default_rng(seed), 90, 120)
        assert picture.shape == (90, 120, 3) and picture.dtype == np.uint8
        means.append(picture.mean(axis=(0, 1)))
        spreads.append(picture.std())
    assert np.std(means) > 25 and np.median(spreads) > 15
    assert scene(np.random.default_rng(0), 1, 1).shape == (1, 1, 3)
    assert scene(np.random.default_rng(0), 40, 2400).shape == (40, 2400, 3)
    np.testing.assert_array_equal(*(scene(np.random.default_rng(5), 60, 80) for _ in range(2)))
