import base64
import io

import numpy as np
import pytest
from PIL import Image

from data.picture import SIDE
from infer.record import COLOUR, Record, certainty, read_figures, read_pictures

MASKS = {  # rows of 100 pixels
    "paper": [0] * 100, "noise": [25] * 100, "ink": [255] * 100, "half": [0] * 50 + [255] * 50,
    "doubt": [0] * 90 + [127] * 10, "soft": [0] * 80 + [255] * 10 + [64] * 10,
}


def test_certainty_is_as_it_is_defined():
    rng = np.random.default_rng(0)
    for mask in [rng.integers(0, 256, (70, 90), np.uint8), *map(np.uint8, MASKS.values())]:
        p = mask / 255
        seen = p > 0.1
        expected = {
            "certainty": 2 * np.abs(np.where(seen, p, 0) - 0.5).mean(),
            "doubtful": (p[seen] <= 0.9).mean() if seen.any() else 0,
            "ink": (p > 0.5).mean(),
        }
        assert certainty(mask) == pytest.approx(expected, abs=1e-6)


def test_what_is_sure_and_what_is_not():
    found = {name: certainty(np.uint8([mask])) for name, mask in MASKS.items()}
    for name in ("paper", "noise", "ink", "half"):
        assert found[name]["certainty"] == 1, name
        assert found[name]["doubtful"] == 0
    assert [found[name]["ink"] for name in ("paper", "half", "soft")] == [0, 0.5, 0.1]
    assert found["doubt"]["certainty"] < found["soft"]["certainty"] < 1
    assert found["soft"]["doubtful"] == 0.5
    # The same doubtful spot weighs less on a larger page.
    larger = certainty(np.uint8([[*MASKS["doubt"], *MASKS["paper"]]]))
    assert found["doubt"]["certainty"] < larger["certainty"] < 1


@pytest.mark.parametrize("height, width", [(60, 80), (2 * SIDE, SIDE), (1, 1)])
def test_a_record_keeps_figures_and_pictures(tmp_path, height, width):
    before = np.full((height, width, 3), 90, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[:, :width // 2] = 255
    path = tmp_path / "a.json"
    record = Record(before, before + 100, mask, 1.2345)
    path.write_bytes(record.encode() + record._replace(mask=255 - mask, number=7).encode())
    [(figures, place), (others, other_place)] = read_figures(path)
    assert figures == certainty(mask) | {"seconds": 1.23, "number": None}
    assert others == certainty(255 - mask) | {"seconds": 1.23, "number": 7}
    assert read_pictures(path, other_place)["before"] == read_pictures(path, place)["before"]
    pictures = read_pictures(path, place)
    size = pictures["width"], pictures["height"]
    assert max(size) <= SIDE
    for kind, grey in (("before", 90), ("after", 190), ("mask", None)):
        with Image.open(io.BytesIO(base64.b64decode(pictures[kind].split(",")[1]))) as image:
            assert image.size == size
            shown = np.asarray(image.convert("RGBA")).astype(int)
        if grey:
            assert np.abs(shown[..., :3] - grey).max() <= 3
        elif width > 1:
            assert shown[0, 0, 3] == 255
            assert shown[-1, -1, 3] == 0
            assert np.abs(shown[0, 0, :3] - COLOUR).max() < 12
