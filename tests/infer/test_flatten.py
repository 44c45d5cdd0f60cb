"""Evening out light: pages drawn in flat light are shaded, and must come back."""

import cv2
import numpy as np
import pytest

from infer.flatten import BAND, DARKEST, flatten

HEIGHT, WIDTH = 500, 400
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
PAPER = np.array([225, 218, 200], np.float32)  # yellowish
BOX = slice(300, 360), slice(60, 180)
COLOUR = np.array([0.4, 0.6, 0.9], np.float32)  # of the box, as a part of the paper's


def page():
    """Lines of print and a blue box, as parts of the paper's brightness: float32 H,W,3."""
    drawn = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for y in range(30, 280, 25):
        cv2.putText(drawn, "What is printed here stays", (25, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6,
                    (40, 40, 40), 1, cv2.LINE_AA)
    drawn = drawn.astype(np.float32) / 255
    drawn[BOX] = COLOUR
    return drawn


def lit(drawn, light):
    return np.rint(drawn * PAPER * light[..., None]).clip(0, 255).astype(np.uint8)


LIGHTS = {
    "even": np.ones_like(ROWS),
    "falling": 1 - 0.5 * ROWS / HEIGHT,
    "corner": np.exp(-((ROWS / HEIGHT) ** 2 + (COLUMNS / WIDTH) ** 2) / 2.5),
    "shadow": 1 - 0.4 / (1 + np.exp((COLUMNS - 150) / 25)),
    "dim": np.full_like(ROWS, 0.35),
}


@pytest.mark.parametrize("light", LIGHTS)
def test_light_is_evened_out(light):
    drawn = page()
    flat = flatten(lit(drawn, LIGHTS[light])).astype(int)
    paper = (drawn == 1).all(axis=2)
    assert (flat[paper] >= 250).mean() > 0.99
    box = flat[BOX][8:-8, 8:-8].reshape(-1, 3)
    assert np.abs(np.median(box, axis=0) - COLOUR * 255).max() < 25
    ink = drawn[..., 0] < 0.3
    assert flat[ink].mean() < 255 * 0.4


def test_a_clean_page_stays_as_it_is():
    clean = (page() * 255).astype(np.uint8)
    flat = flatten(clean)
    assert np.abs(flat.astype(int) - clean).mean() < 1
    np.testing.assert_array_equal(flat[BOX], clean[BOX])


def test_surroundings_stay_dark():
    photo = lit(page(), LIGHTS["falling"])
    photo[:, :70] = photo[420:] = 40, 30, 25
    flat = flatten(photo)
    assert flat[:, :60].max() < 110
    assert flat[430:].max() < 110
    paper = (page() == 1).all(axis=2)[20:290, 90:]
    assert (flat[20:290, 90:][paper] >= 250).mean() > 0.98


def test_a_large_picture_is_not_taken_for_paper():
    drawn = page()
    drawn[280:480, 20:380] = 0.5, 0.35, 0.3
    flat = flatten(lit(drawn, LIGHTS["even"]))
    assert np.abs(np.median(flat[300:460, 40:360].reshape(-1, 3), axis=0)
                  - np.array([0.5, 0.35, 0.3]) * 255).max() < 25


def test_noise_is_not_blown_up():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 4, (HEIGHT, WIDTH, 3))
    dim = (lit(page(), LIGHTS["dim"]) + noise).clip(0, 255).astype(np.uint8)
    flat = flatten(dim).astype(float)
    assert flat[380:].std() < 6  # its light is 3.3 times as strong
    assert (flat[380:] >= 240).mean() > 0.97
    black = (rng.normal(10, 3, (HEIGHT, WIDTH, 3))).clip(0, 255).astype(np.uint8)
    assert flatten(black).std() <= black.std() * 255 / DARKEST + 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (700, 2), (BAND, 40), (BAND + 1, 40)])
@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_any_size_and_level(shape, level):
    image = np.full((*shape, 3), level, np.uint8)
    flat = flatten(image)
    assert (flat.shape, flat.dtype) == (image.shape, np.uint8)
    assert (flat == (0 if level == 0 else flat[0, 0, 0])).all()
    assert (image == level).all()
