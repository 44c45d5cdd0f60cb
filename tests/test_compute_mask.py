import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import compute_mask
from data.image_io import encode_image, read_grey, read_image, write_image
from data.manifest import NAME
from data.pairs import LAYOUTS, find_pairs
from data.soft_mask import soft_mask, to_uint8

ROOT = Path(__file__).parents[1]


def run(data, *options):
    return compute_mask.main([str(data), "--workers", "1", *map(str, options)])


def versions(folder):
    """What tells whether a file was written anew."""
    return {path.name: path.stat().st_ino for path in folder.glob("*.png")}


def masks(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_masks_of_every_layout_read_back_as_computed(tmp_path, make_set, layout):
    data = make_set(tmp_path / "set", layout, ["试卷 1", "b"])
    assert run(data) == 0
    pairs, problems = find_pairs(data)
    assert not problems
    assert set(masks(tmp_path / "set" / "mask")) == {f"{pair.name}.png" for pair in pairs}
    for pair in pairs:
        expected = to_uint8(soft_mask(*pair.read()))
        assert 0 < expected.mean() < 60  # mostly page
        assert (pair.read_mask(expected.shape) == expected).all()
        stored = Image.open(pair.mask)
        assert stored.mode == "L"
        # SCUT's text is black on disk: flipped once on the way out, once on the way in.
        assert (np.asarray(stored) == (255 - expected if layout == "scut" else expected)).all()


@pytest.mark.parametrize("options, settings", [
    (["--threshold", "50"], {"threshold": 50}),
    (["--channel", "max", "--dilate", "3"], {"channel": "max", "dilate": 3}),
])
def test_settings_reach_the_masks(tmp_path, make_set, draw_page, options, settings):
    assert run(make_set(tmp_path), *options) == 0
    for seed, name in enumerate("abc"):
        expected = to_uint8(soft_mask(*draw_page(seed), **settings))
        assert (read_grey(tmp_path / "mask" / f"{name}.png") == expected).all()


def test_in_parallel_from_the_command_line(tmp_path, make_set):
    for name in ("one", "many"):
        make_set(tmp_path / name)
    assert run(tmp_path / "one") == 0
    # From a process whose OpenCV has threads: a worker forked there would hang.
    code = (
        "import sys; sys.modules['paddle'] = None  # nothing here may need it\n"
        "import cv2, numpy, compute_mask\n"
        "cv2.setNumThreads(4)\n"
        "cv2.GaussianBlur(numpy.ones((2000, 2000, 3), 'f'), (31, 31), 3)\n"
        "sys.exit(compute_mask.main([sys.argv[1], '--workers', '2']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "many"], cwd=ROOT, capture_output=True,
        text=True, timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 masks written, 0 up to date, 0 problems\n"
    assert "masks: 100%" in done.stderr
    assert masks(tmp_path / "many" / "mask") == masks(tmp_path / "one" / "mask")


def test_short_memory_is_said(tmp_path, make_set, monkeypatch, capsys):
    def die(pair, settings):
        raise MemoryError

    data = make_set(tmp_path)
    monkeypatch.setattr(compute_mask, "encode_mask", die)
    assert run(data) == 1
    assert capsys.readouterr().err.count("is memory short?") == 3


# Up to date or not, ours or not


def test_second_run_does_nothing(tmp_path, make_set, capsys):
    data = make_set(tmp_path)
    assert run(data) == 0
    before = versions(tmp_path / "mask")
    assert run(data) == 0
    assert versions(tmp_path / "mask") == before
    first, second = capsys.readouterr().out.splitlines()
    assert first == "3 masks written, 0 up to date, 0 problems"
    assert second == "0 masks written, 3 up to date, 0 problems"


@pytest.mark.parametrize("options", [
    ["--threshold", "30"], ["--dilate", "3"], ["--channel", "max"]])
def test_changed_setting_redoes_all(tmp_path, make_set, options, capsys):
    data = make_set(tmp_path)
    run(data)
    before = masks(tmp_path / "mask")
    assert run(data, *options) == 0
    assert "3 masks written" in capsys.readouterr().out
    after = masks(tmp_path / "mask")
    assert all(after[name] != before[name] for name in before)
    assert run(data) == 0  # and back again
    assert masks(tmp_path / "mask") == before


@pytest.mark.parametrize("changed", ["images/a.bmp", "gts/a.png"])
def test_changed_input_redoes_its_page(tmp_path, make_set, draw_page, changed):
    data = make_set(tmp_path)
    run(data)
    before = versions(tmp_path / "mask")
    image, gt = draw_page(0)
    image[:8, :8] = gt[:8, :8] = 0
    write_image(tmp_path / changed, image if "images" in changed else gt)
    assert run(data) == 0
    after = versions(tmp_path / "mask")
    assert {name for name in after if after[name] != before[name]} == {"a.png"}


def test_deleted_mask_is_made_again(tmp_path, make_set):
    data = make_set(tmp_path)
    run(data)
    before = masks(tmp_path / "mask")
    (tmp_path / "mask" / "b.png").unlink()
    assert run(data) == 0
    assert masks(tmp_path / "mask") == before


@pytest.mark.parametrize("foreign", ["a.png", "a.jpg"])
def test_foreign_mask_is_kept_without_overwrite(tmp_path, make_set, foreign, capsys):
    data = make_set(tmp_path)
    (tmp_path / "mask").mkdir()
    by_hand = encode_image(np.zeros((96, 128), np.uint8), foreign[1:])
    (tmp_path / "mask" / foreign).write_bytes(by_hand)
    assert run(data) == 0
    assert "1 by another program kept (--overwrite" in capsys.readouterr().out
    assert (tmp_path / "mask" / foreign).read_bytes() == by_hand
    assert {path.stem for path in (tmp_path / "mask").glob("[abc].*")} == {"a", "b", "c"}
    assert run(data, "--overwrite") == 0
    pair = find_pairs(data)[0][0]
    expected = to_uint8(soft_mask(*pair.read()))
    tolerance = 40 if foreign == "a.jpg" else 0  # JPEG's own loss
    assert np.abs(pair.read_mask(expected.shape).astype(int) - expected).max() <= tolerance
    assert Image.open(pair.mask).format == {"a.png": "PNG", "a.jpg": "JPEG"}[foreign]
    before = masks(tmp_path / "mask")
    assert run(data) == 0  # now it is ours
    assert masks(tmp_path / "mask") == before


def test_foreign_mask_of_another_size_is_told(tmp_path, make_set, capsys):
    data = make_set(tmp_path)
    (tmp_path / "mask").mkdir()
    write_image(tmp_path / "mask" / "a.png", np.zeros((40, 40), np.uint8))
    assert run(data) == 1
    assert "a.png is 40x40 pixels but its page is 128x96" in capsys.readouterr().err
    assert run(data, "--overwrite") == 0


def test_mask_edited_by_hand_is_kept(tmp_path, make_set):
    data = make_set(tmp_path)
    run(data)
    write_image(tmp_path / "mask" / "a.png", np.full((96, 128), 9, np.uint8))
    assert run(data, "--threshold", "30") == 0
    assert (read_grey(tmp_path / "mask" / "a.png") == 9).all()


# What goes wrong


def test_bad_files_are_named_and_the_rest_is_done(tmp_path, make_set, draw_page, capsys):
    data = make_set(tmp_path, names=["good", "unequal", "empty", "text", "cut", "folder", "nogt"])
    images, gts = tmp_path / "images", tmp_path / "gts"
    write_image(gts / "unequal.png", draw_page(width=127)[1])
    (images / "empty.bmp").write_bytes(b"")
    (gts / "text.png").write_text("not a picture")
    (images / "cut.bmp").unlink()
    (images / "cut.jpg").write_bytes(encode_image(draw_page()[0], ".jpg")[:900])
    (gts / "nogt.png").unlink()
    (images / "folder.bmp").unlink()
    (images / "folder.bmp").mkdir()
    assert run(data) == 1
    out, err = capsys.readouterr()
    assert set(masks(tmp_path / "mask")) == {"good.png"}
    assert out == "1 masks written, 0 up to date, 6 problems\n"
    for sentence in (
        "unequal.bmp is 128x96 pixels but", "unequal.png is 127x96",
        "empty.bmp: cannot be read: the file is empty",
        "text.png: cannot be read: not an image of a kind known here",
        "cut.jpg: cannot be read: image file is truncated",
        "folder.png: no image folder.* in",
        "nogt.bmp: no ground truth nogt.* in",
    ):
        assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize("make, message", [
    (lambda root: None, "no such file or folder"),
    (lambda root: root.mkdir(), "no known layout"),
    (lambda root: root.touch(), "no pair found"),
    (lambda root: root.write_bytes(b"\xff\xd8\xff"), "must be UTF-8"),
])
def test_wrong_data_exits_with_2(tmp_path, make, message, capsys):
    make(tmp_path / "set")
    assert run(tmp_path / "set") == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"compute_mask.py: {tmp_path / 'set'}: ")
    assert message in err


@pytest.mark.parametrize("options", [
    ["--threshold", "0"], ["--threshold", "nan"], ["--threshold", "x"], ["--dilate", "-1"],
    ["--channel", "min"], ["--layout", "x"], ["--workers", "0"], ["--unknown"]])
def test_wrong_options_exit_with_2(tmp_path, make_set, options):
    data = make_set(tmp_path)
    with pytest.raises(SystemExit) as status:
        run(data, *options)
    assert status.value.code == 2
    assert not (tmp_path / "mask").exists()


def test_file_where_the_folder_should_be(tmp_path, make_set, capsys):
    data = make_set(tmp_path)
    (tmp_path / "mask").write_text("in the way")
    assert run(data) == 2
    assert f"{tmp_path / 'mask'}: cannot be made a folder" in capsys.readouterr().err
    assert (tmp_path / "mask").read_text() == "in the way"


def test_folder_where_a_mask_should_be(tmp_path, make_set, capsys):
    data = make_set(tmp_path)
    (tmp_path / "mask" / "b.png").mkdir(parents=True)
    assert run(data) == 1
    assert "mask/b.png: Is a directory" in capsys.readouterr().err
    assert {path.name for path in (tmp_path / "mask").glob("[ac].png")} == {"a.png", "c.png"}


def test_full_disk_leaves_no_half_mask(tmp_path, make_set, full_disk, capsys):
    data = make_set(tmp_path, height=300, width=400)
    with full_disk(1000):
        assert run(data) == 1
    assert [path.name for path in (tmp_path / "mask").iterdir()] == [NAME]
    err = capsys.readouterr().err
    assert all(f"mask/{name}.png: File too large" in err for name in "abc")
    assert run(data) == 0  # there is room again, and nothing looks like somebody else's
    before = masks(tmp_path / "mask")
    with full_disk(2000):
        assert run(data, "--dilate", "5", "--preview") == 1
    assert "mask_preview.jpg" in capsys.readouterr().err
    assert masks(tmp_path / "mask") == before
    assert {path.name for path in tmp_path.iterdir()} == {"images", "gts", "mask"}
    assert run(data, "--dilate", "5") == 0
    assert all(masks(tmp_path / "mask")[name] != before[name] for name in before)


# The contact sheet


@pytest.mark.parametrize("layout", LAYOUTS)
def test_preview_shows_ink_in_red(tmp_path, make_set, layout, capsys):
    data = make_set(tmp_path / "set", layout)
    assert run(data, "--preview") == 0
    path = tmp_path / "set" / "mask_preview.jpg"
    assert f"preview: {path}" in capsys.readouterr().out
    sheet = read_image(path).astype(int)
    assert sheet.shape == (320, 6 * 320, 3)
    red = (sheet[..., 0] - sheet[..., 1:].max(2) > 90).sum()
    pairs, problems = find_pairs(data)
    ink = sum((pair.read_mask((96, 128)) > 127).sum() for pair in pairs) * (320 / 128) ** 2
    assert 0.9 < red / ink < 1.1
    assert not problems  # the sheet is not taken for a page


def test_preview_of_odd_sizes(tmp_path, make_set):
    data = make_set(tmp_path, names=[])
    for name, shape in (("dot", (1, 1, 3)), ("wide", (1, 2000, 3)), ("tall", (999, 2, 3))):
        write_image(tmp_path / "images" / f"{name}.png", np.zeros(shape, np.uint8))
        write_image(tmp_path / "gts" / f"{name}.png", np.full(shape, 255, np.uint8))
    assert run(data, "--preview") == 0
    assert read_image(tmp_path / "mask_preview.jpg").shape == (320, 1920, 3)


def test_preview_of_nothing(tmp_path, make_set, capsys):
    data = make_set(tmp_path, names=["a"])
    (tmp_path / "images" / "a.bmp").write_bytes(b"")
    assert run(data, "--preview") == 1
    assert "no mask to preview" in capsys.readouterr().err
