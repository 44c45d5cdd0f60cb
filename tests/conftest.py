"""Small drawn pages, data sets of them, a disk that fills up, runs of test.py, and a browser."""

import os
import resource
import shutil
import signal
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from data.cores import start_paddle
from data.image_io import write_image

# Before pytest installs its handlers of crashes, which name the test: Paddle's would replace them.
start_paddle()
import paddle

import test as command
from model import ModelConfig, build, weights

paddle.disable_signal_handler()
# A shell has what it starts in the background ignore this, and with it what the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

SMALL = ["--quality", "published", "--tile", "64", "--margin", "8", "--tta", "none"]


def draw_page(seed=0, height=96, width=128):
    """A page with print and coloured strokes, and the same without the strokes: uint8 H,W,3."""
    rng = np.random.default_rng(seed)
    gt = np.full((height, width, 3), rng.integers(235, 250), np.uint8)
    for y in range(16, height, 16):
        words = "".join(rng.choice(list("aegmnosx  "), 24))
        cv2.putText(gt, words, (4, y), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (40, 40, 40), 1, cv2.LINE_AA)
    image = gt.copy()
    for colour in ((200, 30, 40), (30, 50, 190), (60, 60, 60)):
        points = rng.integers(0, (width, height), (4, 2)).astype(np.int32)
        cv2.polylines(image, [points], False, colour, 2, cv2.LINE_AA)
    return image, gt


def make_set(root, layout="competition", names=("a", "b", "c"), **size):
    """Write one drawn page a name, inputs and ground truths in different formats.

    Returns what find_pairs takes: the folder or the list file. Each `watermark` page has two
    inputs, NAME_0001 and NAME_0002.
    """
    images, gts = {
        "competition": ("images", "gts"),
        "watermark": ("watermark_images", "bg_images"),
        "scut": ("all_images", "all_labels"),
        "list": ("in", "clean"),
    }[layout]
    for folder in (images, gts):
        (root / folder).mkdir(parents=True)
    lines = []
    for seed, name in enumerate(names):
        image, gt = draw_page(seed, **size)
        inputs = [f"{name}_0001", f"{name}_0002"] if layout == "watermark" else [name]
        for stem in inputs:
            write_image(root / images / f"{stem}.bmp", image)
        write_image(root / gts / f"{name}.png", gt)
        lines.append(f"{images}/{name}.bmp\t{gts}/{name}.png\n")
    if layout != "list":
        return root
    (root / "pages.txt").write_text("".join(lines), encoding="utf-8")
    return root / "pages.txt"


@contextmanager
def limit_files(size):
    """Within, no file grows beyond `size` bytes: a longer write ends half-way with an OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Graphs are kept apart from the user's; programs that tests start inherit the setting."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEXT_ERASER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


# Test modules cannot import a conftest.py: they get these functions as fixtures.


@pytest.fixture(name="draw_page")
def _draw_page():
    return draw_page


@pytest.fixture(name="make_set")
def _make_set():
    return make_set


@pytest.fixture(name="full_disk")
def _full_disk():
    return limit_files


@pytest.fixture(scope="session")
def nets(tmp_path_factory):
    """Checkpoints: 'same' leaves a page as it is, 'darker' takes 40 grey levels off.

    They see no ink; 'unsure' is 'same' with 1/2 ink everywhere. With all parameters 0 a residual
    network changes nothing, and its mask is the last bias's.
    """
    paths = {}
    for name, change, logit in (("same", 0, -50), ("darker", -40, -50), ("unsure", 0, 0)):
        net = build(ModelConfig(width=2, form="residual"))
        state = {key: array * 0 for key, array in weights.state_of(net).items()}
        state["coarse.mask_up1.1.bias"][:] = logit
        state["refine.head.1.bias"][:] = change / 255
        paths[name] = tmp_path_factory.mktemp("weights") / f"{name}.pdparams"
        weights.save(paths[name], state, net.config)
    return paths


@pytest.fixture
def run(nets, tmp_path, capsys, monkeypatch):
    """run(INPUT..., options) of test.py in `tmp_path`: status, stdout, stderr.

    The output is out and the network 'darker' where no other is given; a list stands for a
    checkpoint's name or path, after --weights. `run.settings` are options that it adds.
    """
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        chosen = next((a for a in arguments if isinstance(a, list)), ["darker"])
        arguments = [str(a) for a in arguments if not isinstance(a, list)]
        if "--output" not in arguments:
            arguments += ["--output", "out"]
        arguments += ["--weights", *(str(nets.get(name, name)) for name in chosen)]
        status = command.main([*arguments, *SMALL])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    call.settings = SMALL
    return call


@pytest.fixture(scope="module")
def browser():
    """Chromium, the system's or Playwright's own, under Playwright; skips where one is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install it")
    with sync_api.sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome")
        path = next(filter(None, map(shutil.which, names)), playwright.chromium.executable_path)
        if not os.path.exists(path):
            pytest.skip("no Chromium: apt-get install chromium, or playwright install chromium")
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()
