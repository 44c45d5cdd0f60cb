"""The command test.py in two steps: what finds the ink, or masks that say it, and what fills it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import test as command
from data.image_io import read_grey, read_image, write_image
from model import ModelConfig, build, weights


@pytest.fixture
def holed_pages(tmp_path, monkeypatch):
    """Pages a and b in pages/, grey but for a black square; masks of the squares in holes/."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        page, mask = np.full((40, 60, 3), 180, np.uint8), np.zeros((40, 60), np.uint8)
        page[10:20, 20:30], mask[10:20, 20:30] = 0, 255
        Path("pages").mkdir(exist_ok=True)
        Path("holes").mkdir(exist_ok=True)
        write_image(f"pages/{name}.png", page)
        write_image(f"holes/{name}.png", mask)


@pytest.fixture
def fill(run, holed_pages, capsys):
    """fill(options) erases pages/ into out/ without any network: status, stdout, stderr."""
    def call(*options):
        status = command.main(["pages", "--output", "out", *options, *run.settings])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err
    return call


def test_given_holes_are_filled_and_remembered(fill):
    holed = ["--fill", "page", "--holes", "holes"]
    status, out, _ = fill(*holed, "--mask", "seen")
    assert status == 0 and "2 erased, 0 up to date" in out
    assert (read_image("out/a.png") == 180).all()
    assert np.array_equal(read_grey("seen/a.png"), read_grey("holes/a.png"))
    assert "0 erased, 2 up to date" in fill(*holed, "--mask", "seen")[1]
    assert "2 erased" in fill(*holed, "--dilate", "3")[1]
    mask = read_grey("holes/b.png")
    mask[0, 0] = 255
    write_image("holes/b.png", mask)
    assert "1 erased, 1 up to date" in fill(*holed, "--dilate", "3")[1]


@pytest.mark.parametrize("change, message", [
    (lambda: Path("holes/b.png").unlink(), "pages/b.png: no mask or boxes holes/b.* for it"),
    (lambda: write_image("holes/b.png", np.zeros((4, 6), np.uint8)),
     "holes/b.png: is 6x4 pixels, but its page pages/b.png is 60x40"),
    (lambda: Path("holes/b.png").write_bytes(b"x"), "holes/b.png: cannot be read"),
])
def test_a_bad_mask_fails_its_page_alone(fill, change, message):
    change()
    status, out, err = fill("--fill", "page", "--holes", "holes")
    assert status == 1 and message in err and "1 erased, 0 up to date, 1 failed" in out
    assert Path("out/a.png").exists() and not Path("out/b.png").exists()


def test_a_document_takes_a_mask_for_each_page(fill):
    def write(path, *names):
        first, *rest = [Image.open(name) for name in names]
        first.save(path, save_all=True, append_images=rest)

    write("pages/both.tif", "pages/a.png", "pages/b.png")
    write("holes/both.tif", "holes/a.png", "holes/b.png")
    holed = ["--fill", "page", "--holes", "holes"]
    assert fill(*holed)[0] == 0
    with Image.open("out/both.tif") as erased:
        assert erased.n_frames == 2
        for number in range(2):
            erased.seek(number)
            assert (np.asarray(erased) == 180).all()
    status, _, err = fill(*holed, "--pages", "2", "--output", "some")
    assert status == 1 and "holes/both.tif: is of 2 pages, but 1 of pages/both.tif are" in err


def test_ink_that_is_found_is_filled(run, holed_pages):
    """A network that changes the page, but sees no ink: the page stays as it is."""
    status, out, _ = run("pages", "--fill", "telea", ["darker"])
    assert status == 0 and np.array_equal(read_image("out/a.png"), read_image("pages/a.png"))
    status, out, _ = run("pages", "--fill", "page", ["unsure"])  # ink everywhere: white
    assert "2 erased" in out and (read_image("out/a.png") == 255).all()


def test_an_inpainting_checkpoint_fills(run, holed_pages):
    net = build(ModelConfig("inpaint", 2))
    weights.save("fill.pdparams", weights.state_of(net), net.config)
    before = read_image("pages/a.png")
    status, out, err = run("pages", "--fill", "fill.pdparams", ["unsure"])
    assert status == 0, err
    assert (read_image("out/a.png") != before).any(axis=2).mean() > 0.9
    status, _, err = run("pages", "--output", "no", ["fill.pdparams"])
    assert status == 2 and "fill.pdparams: is not an eraser, but an inpainting network" in err


@pytest.mark.parametrize("options, message", [
    (["--holes", "holes"], "--holes says what to erase: it needs --fill"),
    (["--fill", "page", "--holes", "none"], "--holes none: no such file or folder"),
    (["--fill", "paeg"], "--fill paeg: no such checkpoint, and none of page, telea, ns"),
    (["--fill", "page", "--dilate", "-1"], "--dilate must be 0 or more, got -1"),
])
def test_wrong_fills(fill, options, message):
    status, _, err = fill(*options)
    assert status == 2 and message in err
