import base64
import io

import numpy as np
import pytest
from PIL import Image

from data.picture import SIDE, data_uri, shrink


@pytest.mark.parametrize("height, width, expected", [
    (SIDE, 900, (SIDE, 900)), (20, 30, (20, 30)), (2 * SIDE, SIDE, (SIDE, SIDE // 2)),
    (1, 9 * SIDE, (1, SIDE)), (SIDE + 1, SIDE + 1, (SIDE, SIDE)),
])
def test_pictures_keep_their_shape_and_are_no_larger_than_needed(height, width, expected):
    for channels in ((), (3,), (4,)):
        image = np.full((height, width, *channels), 77, np.uint8)
        small = shrink(image)
        assert small.shape == (*expected, *channels)
        assert (small == 77).all()


def test_a_thin_stroke_does_not_vanish():
    image = np.full((3 * SIDE, 300, 3), 255, np.uint8)
    image[1234] = 0
    assert 150 < shrink(image).min() < 180  # a third of a pixel


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_an_image_survives_in_a_uri(channels):
    image = np.full((40, 60, *channels), 200, np.uint8)
    image[10:30, 10:50] = 40
    kind, content = data_uri(image).split(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as opened:
        again = np.asarray(opened.convert(Image.fromarray(image).mode))
    assert again.shape == image.shape
    assert np.abs(again.astype(int) - image).mean() < 3
    if channels == (4,):
        np.testing.assert_array_equal(again[..., 3], image[..., 3])
