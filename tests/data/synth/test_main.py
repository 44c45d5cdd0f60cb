import subprocess
import sys

import numpy as np
import pytest

from data.image_io import read_grey, read_image, write_image
from data.soft_mask import soft_mask, to_uint8
from data.synth.__main__ import FOLDERS, main

SMALL = ["--size", "120x160", "--seed", "7"]


def run(out, *more, pages=3):
    return main(["--out", str(out), "--pages", str(pages), *SMALL, "--workers", "1", *more])


def files_of(out):
    return {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*.png"))}


def test_four_folders_of_aligned_pages(tmp_path, capsys):
    assert run(tmp_path) == 0
    assert "3 pages" in capsys.readouterr().out
    for folder in FOLDERS:
        names = [path.name for path in sorted((tmp_path / folder).iterdir())]
        assert names == ["000000.png", "000001.png", "000002.png"]
    image, gt = (read_image(tmp_path / folder / "000001.png") for folder in ("images", "gts"))
    assert image.shape == gt.shape == (160, 120, 3)
    mask = read_grey(tmp_path / "mask" / "000001.png")
    np.testing.assert_array_equal(mask, to_uint8(soft_mask(image, gt)))
    assert read_grey(tmp_path / "ink" / "000001.png").shape == (160, 120)


def test_the_same_bytes_for_any_number_of_workers(tmp_path):
    assert run(tmp_path / "one", pages=6) == 0
    assert main(["--out", str(tmp_path / "four"), "--pages", "6", *SMALL, "--workers", "4"]) == 0
    one = files_of(tmp_path / "one")
    assert len(one) == 24
    assert one == files_of(tmp_path / "four")


def test_the_command_line_starts_workers(tmp_path):
    command = [sys.executable, "-m", "data.synth", "--out", tmp_path, "--pages", "2", *SMALL]
    subprocess.run([*command, "--workers", "2"], check=True)
    assert len(files_of(tmp_path)) == 8


def test_pages_are_not_overwritten_unasked(tmp_path, capsys):
    assert run(tmp_path, pages=1) == 0
    before = files_of(tmp_path)
    assert run(tmp_path, "--kind", "form") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert files_of(tmp_path) == before
    assert run(tmp_path, "--kind", "form", "--overwrite", pages=1) == 0
    assert files_of(tmp_path) != before


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run(tmp_path / "file") == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_a_page_that_fails_does_not_stop_the_others(tmp_path, capsys):
    (tmp_path / "gts" / "000001.png").mkdir(parents=True)
    assert run(tmp_path, "--overwrite") == 1
    captured = capsys.readouterr()
    assert "page 1" in captured.err and "000001.png" in captured.err
    assert "2 pages" in captured.out and "1 problems" in captured.out
    assert (tmp_path / "ink" / "000002.png").is_file()


@pytest.mark.parametrize("what", [["--fonts"], ["--kind", "watermark", "--photos"]])
def test_missing_folders_are_named(tmp_path, capsys, what):
    assert run(tmp_path / "out", *what, str(tmp_path / "nowhere")) == 2
    assert "nowhere" in capsys.readouterr().err


def test_watermarks_on_photographs(tmp_path):
    photo = np.full((300, 400, 3), (250, 20, 20), np.uint8)
    (tmp_path / "photos").mkdir()
    write_image(tmp_path / "photos" / "red.png", photo)
    asked = ["--kind", "watermark", "--photos", str(tmp_path / "photos")]
    assert run(tmp_path / "out", *asked, pages=6) == 0
    gts = [read_image(path) for path in sorted((tmp_path / "out" / "gts").iterdir())]
    assert any(np.abs(gt.astype(int) - photo[0, 0]).max() < 12 for gt in gts)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--size", "100"],
        ["--size", "0x10"],
        ["--kind", "poster"],
        ["--kind", "comic", "--chars"],
        ["--kind", "watermark", "--chars"],
        ["--kind", "exam", "--photos", "."],
        ["--capture", "fax"],
        ["--pages", "0"],
        ["--seed", "-1"],
        ["--workers", "0"],
    ],
)
def test_wrong_arguments_end_with_status_2(tmp_path, wrong):
    with pytest.raises(SystemExit) as ended:
        run(tmp_path, *wrong)
    assert ended.value.code == 2
