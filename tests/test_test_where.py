"""The command test.py with --only and --protect."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.image_io import encode_image, read_image, write_image
from infer import detector
from infer.words import Word


def make_page(name, height=40, width=60):
    Path("pages").mkdir(exist_ok=True)
    page = np.random.default_rng(height).integers(100, 200, (height, width, 3), dtype=np.uint8)
    write_image(f"pages/{name}", page)
    return page


def mask_of(height=40, width=60):
    """The left half."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, :width // 2] = 255
    return mask


def changed(page, result):
    """Which columns of a result are darker; the others are the page's own."""
    dark = (result == page - 40).all(axis=(0, 2))
    assert ((result == page).all(axis=(0, 2)) ^ dark).all()
    return dark


@pytest.fixture
def finder(monkeypatch, nets):
    """A Detector that finds the word it is told, as [left, right]."""
    sides = [10, 20]

    class Finder:
        def __init__(self, weights, **_):
            assert weights == nets["same"]

        def __call__(self, image):
            left, right = sides
            quad = np.array([[left, 0], [right, 0], [right, 99], [left, 99]], float)
            return [Word(quad, quad, 1.0)]

    monkeypatch.setattr(detector, "Detector", Finder)
    monkeypatch.setattr(detector, "default_weights", lambda: nets["same"])
    return sides


def test_inside_or_outside_of_a_mask_of_a_folder_of_masks_and_of_boxes(run):
    page = make_page("a.png")
    write_image("half.png", mask_of())
    Path("masks").mkdir()
    write_image("masks/a.png", mask_of())
    Path("boxes.json").write_text(json.dumps([{"file": "a.png", "boxes": [[0, 0, 30, 40]]}]))
    for given in ("half.png", "masks", "boxes.json"):
        for option, left in (("--only", True), ("--protect", False)):
            status, _, err = run("pages", option, given, "--output", f"{given}{option}")
            assert status == 0, err
            dark = changed(page, read_image(f"{given}{option}/a.png"))
            assert (dark[:29] == left).all() and (dark[31:] != left).all()


def test_words(run, finder):
    page = make_page("a.png")
    assert run("pages", "--only", "words", "--output", "in")[0] == 0
    dark = changed(page, read_image("in/a.png"))
    assert dark[10:20].all() and not dark[:10].any() and not dark[21:].any()
    assert run("pages", "--protect", "words", "--output", "out")[0] == 0
    assert (changed(page, read_image("out/a.png")) == ~dark).all()
    # The network sees no ink: the word is print.
    assert run("pages", "--protect", "print", "--output", "print")[0] == 0
    assert (changed(page, read_image("print/a.png")) == ~dark).all()
    write_image("half.png", mask_of())
    assert run("pages", "--only", "half.png", "--protect", "print", "--output", "both")[0] == 0
    assert changed(page, read_image("both/a.png")).sum() == (~dark)[:30].sum()
    finder[:] = 40, 50
    assert run("pages", "--only", "words", "half.png", "--output", "either")[0] == 0
    dark = changed(page, read_image("either/a.png"))
    assert dark[:30].all() and dark[40:50].all() and not dark[31:40].any() and not dark[51:].any()


def test_a_result_depends_on_what_was_given(run, finder):
    make_page("a.png")
    write_image("half.png", mask_of())

    def made(*arguments):
        status, out, err = run("pages", *arguments)
        assert status == 0, err
        return int(out.split()[0])

    assert made() == 1
    for arguments in (["--only", "half.png"], ["--protect", "half.png"], ["--only", "words"],
                      ["--protect", "words"], ["--protect", "print"]):
        assert made(*arguments) == 1
        assert made(*arguments) == 0
    assert made("--only", "half.png") == 1
    write_image("half.png", 255 - mask_of())
    assert made("--only", "half.png") == 1
    write_image("same.png", 255 - mask_of())
    assert made("--only", "same.png") == 0  # by another name it is the same


def test_every_page_of_a_document_has_its_mask(run):
    pages = [make_page(f"{n}.png", 40 + n) for n in range(3)]
    stream = io.BytesIO()
    first, *rest = map(Image.fromarray, pages)
    first.save(stream, "TIFF", save_all=True, append_images=rest)
    Path("exam.tif").write_bytes(stream.getvalue())
    masks = [Image.fromarray(mask_of(40 + n)) for n in range(3)]
    Path("masks").mkdir()
    masks[1].save("masks/exam.tif", save_all=True, append_images=masks[2:])
    status, _, err = run("exam.tif", "--pages", "2-3", "--only", "masks")
    assert status == 0, err
    with Image.open("out/exam.tif") as result:
        for n, page in enumerate(pages):
            result.seek(n)
            assert changed(page, np.asarray(result)).sum() == (30 if n else 0)
    status, _, err = run("exam.tif", "--only", "masks", "--output", "other")
    assert status == 1 and "masks/exam.tif: is of 2 pages, but 3 of exam.tif are erased" in err
    assert not Path("other/exam.tif").exists()


def test_a_page_whose_mask_is_wrong_is_named_and_the_rest_done(run):
    for name in ("a.png", "b.png", "c.png"):
        make_page(name)
    Path("masks").mkdir()
    write_image("masks/a.png", mask_of())
    write_image("masks/b.png", mask_of(40, 50))
    status, out, err = run("pages", "--only", "masks")
    assert status == 1 and out.startswith("1 erased, 0 up to date, 2 failed")
    assert "masks/b.png: is 50x40 pixels, but its page pages/b.png is 60x40" in err
    assert "pages/c.png: no mask or boxes masks/c.* for it" in err


@pytest.mark.parametrize("arguments, why", [
    (["--only", "nowhere.png"], "--only nowhere.png: no such file or folder, and not words"),
    (["--protect", "hand"], "--protect hand: no such file or folder, and not words or print"),
    (["--only", "words", "--protect", "words"], "only words and protect words"),
    (["--only", "pages", "--flatten"], "--flatten changes all of a page"),
])
def test_wrong_arguments(run, arguments, why):
    make_page("a.png")
    status, _, err = run("pages", *arguments)
    assert status == 2 and why in err and not Path("out").exists()


def test_without_weights_the_way_out_is_named(run, monkeypatch):
    make_page("a.png")
    monkeypatch.setattr(detector, "LITE", Path("nowhere"))
    monkeypatch.setattr(detector, "MODULE", "no_such_package")
    status, _, err = run("pages", "--protect", "print")
    assert status == 2 and detector.PACKAGE in err


def test_masks_that_were_written_can_be_given_back(run):
    page = make_page("a.png")
    assert run("pages", ["unsure"], "--mask", "masks", "--output", "first")[0] == 0
    Path("masks/a.png").write_bytes(encode_image(mask_of()))
    assert run("pages", "--only", "masks")[0] == 0
    assert changed(page, read_image("out/a.png")).sum() == 30
