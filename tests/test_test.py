"""The command test.py: networks are real checkpoints, set up so that their results are known."""

import errno
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import paddle
import pytest
from PIL import Image

import test as command
from data import files
from data.image_io import read_grey, read_image, write_image
from infer.engines import choose
from infer.eraser import Eraser
from infer.quality import DEFAULT, QUALITIES, Settings
from model import ModelConfig, build, weights

ROOT = Path(__file__).parents[1]


def make_page(height=20, width=30):
    return np.random.default_rng(height * 1000 + width).integers(
        100, 200, (height, width, 3), dtype=np.uint8)


def make_folder(*names, suffix=".png", folder="pages"):
    for number, name in enumerate(names):
        Path(folder).mkdir(exist_ok=True)
        write_image(Path(folder) / f"{name}{suffix}", make_page(20 + number, 30 - number))
    return Path(folder)


def listing(folder="out"):
    return sorted(p.name for p in Path(folder).iterdir() if not p.name.startswith("."))


def problems(err):
    return [line for line in err.splitlines() if line.startswith("test.py: ")]


@pytest.mark.parametrize("inputs", [
    ["pages"], ["pages/a.png", "pages/试卷 1.png"], ["pages/*.png"], ["pages", "pages/a.png"],
    ["p*/**/*.png"],
])
def test_inputs(run, inputs):
    make_folder("a", "试卷 1")
    Path("pages/notes.txt").write_text("no page")
    Path("pages/.hidden.png").write_text("no page")
    status, out, err = run(*inputs)
    passed_over = ["test.py: pages: 1 other file passed over (1 .txt)"] * ("pages" in inputs)
    assert (status, problems(err)) == (0, passed_over)
    assert out == "2 erased, 0 up to date, 0 failed: out\n"
    assert listing() == ["a.png", "试卷 1.png"]
    for name in listing():
        page = read_image(f"pages/{name}")
        np.testing.assert_array_equal(read_image(f"out/{name}"), page - 40)


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".bmp", ".tif", ".webp"])
def test_formats(run, suffix):
    page = read_image(make_folder("one.two", suffix=suffix) / f"one.two{suffix}")
    for choice, expected in (("png", ".png"), ("jpg", ".jpg"), ("same", suffix.lower())):
        assert run("pages", "--format", choice, "--output", choice)[0] == 0
        assert listing(choice) == [f"one.two{expected}"]
        path = Path(choice) / f"one.two{expected}"
        with Image.open(path) as image:
            assert image.format == {".png": "PNG", ".bmp": "BMP", ".tif": "TIFF",
                                    ".webp": "WEBP"}.get(expected, "JPEG")
        off = np.abs(read_image(path).astype(int) - page + 40).mean()
        assert off < 8 if expected in (".jpg", ".jpeg") else off == 0  # noise is JPEG's worst


def test_photos_of_phones(run):
    Image.fromarray(read_image(make_folder("a") / "a.png")).save("pages/b.heic")
    for choice, suffix in (("png", "png"), ("same", "jpg")):
        assert run("pages", "--format", choice, "--output", choice)[0] == 0
        assert listing(choice) == ["a.png", f"b.{suffix}"]


@pytest.mark.parametrize("choice", ["png", "jpg", "same"])
def test_zip(run, choice):
    make_folder("a", "试卷 1")
    make_folder("c", suffix=".jpg")
    status, out, _ = run("pages", "--zip", "submission.zip", "--format", choice)
    assert (status, out) == (0, "3 erased, 0 up to date, 0 failed: out; submission.zip\n")
    with zipfile.ZipFile("submission.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.png", "c.png", "试卷 1.png"]
        for name in archive.namelist():
            with archive.open(name) as stream, Image.open(stream) as image:
                assert image.format == "PNG"
                result = next(Path("out").glob(f"{Path(name).stem}.*"))
                np.testing.assert_array_equal(np.asarray(image), read_image(result))
    # Always made anew, also when nothing else was to do.
    with zipfile.ZipFile("submission.zip", "w") as archive:
        archive.writestr("old.txt", "old")
    status, out, _ = run("pages/a.png", "--zip", "submission.zip", "--format", choice)
    assert out.startswith("0 erased, 1 up to date")
    with zipfile.ZipFile("submission.zip") as archive:
        assert archive.namelist() == ["a.png"]


@pytest.mark.parametrize("options, place", [
    (["--zip"], "out/submission.zip"), (["--zip", "--output", "o"], "o/submission.zip"),
    (["--zip", "--zip", "z.zip"], "z.zip")])
def test_a_zip_without_a_name_lies_beside_the_results(run, options, place):
    """As test.sh asks for it: wherever --output leads, no other run's zip is replaced."""
    make_folder("a")
    status, out, _ = run("pages", *options)
    assert status == 0 and out.endswith(f"; {place}\n")
    assert list(Path().rglob("*.zip")) == [Path(place)]


def test_what_is_passed_over_is_said_but_not_what_it_wrote(run):
    make_folder("a", "b")
    for name in ("1.MOV", "2.mov", "notes.txt", ".hidden.txt"):
        Path("pages", name).touch()
    Path("pages/below").mkdir()
    for arguments in (["--report", "pages/r.html"], ["--zip", "pages/z.zip"],
                      ["--zip", "--mask", "pages/masks"]):
        status, _, err = run("pages", "--output", "pages/out", *arguments)
        assert (status, problems(err)) == (0, [
            "test.py: pages: 3 other files passed over (2 .mov, 1 .txt)",
            "test.py: pages: 1 folder in it passed over; quoted, 'pages/**/*' takes what is in its "
            "folders, too"])
        for path in filter(Path.exists, (Path("pages/r.html"), Path("pages/z.zip"))):
            path.unlink()


def test_results_among_the_pages(run):
    """A second run would take them for pages, and find two of each stem."""
    make_folder("a", suffix=".jpg")
    Path("link").symlink_to("pages")
    for arguments in (["--output", "pages"], ["--mask", "link"]):
        status, _, err = run("pages", *arguments)
        assert (status, problems(err)) == (2, [
            "test.py: pages: is the folder of the pages, of which results would be some in the "
            "next run; choose another folder"])
    for _ in range(2):
        status, _, _ = run("pages/a.jpg", "--output", "pages")
        assert status == 0
    assert listing("pages") == ["a.jpg", "a.png"]


def test_a_folder_that_nothing_can_be_written_to(run, monkeypatch):
    make_folder("a")

    def refuse(dir):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), dir)

    monkeypatch.setattr(files, "TemporaryFile", refuse)
    status, out, err = run("pages")
    assert (status, out) == (2, "")
    assert err == ("test.py: out: nothing can be written there (Read-only file system); choose "
                   "another place\n")


def test_a_second_run_skips_and_what_changed_is_made_anew(run, monkeypatch):
    make_folder("a", "b")
    made = []
    monkeypatch.setattr(Eraser, "__call__", lambda self, image, progress: made.append(1) or image)

    def count(*arguments):
        made.clear()
        status, out, err = run(*(arguments or ["pages"]))
        assert (status, problems(err)) == (0, [])
        assert out.startswith(f"{len(made)} erased, {2 - len(made)} up to date, 0 failed")
        return len(made)

    assert count() == 2
    times = [path.stat().st_mtime_ns for path in Path("out").iterdir()]
    assert count() == 0
    assert [path.stat().st_mtime_ns for path in Path("out").iterdir()] == times
    assert count("pages", "--batch", "7") == 0  # results do not depend on it
    write_image("pages/a.png", make_page(9, 9))
    assert count() == 1
    assert read_image("out/a.png").shape == (9, 9, 3)
    Path("out/b.png").unlink()
    assert count() == 1
    assert count("pages", ["same"]) == 2
    assert count("pages", ["same", "darker"]) == 2
    assert count("pages", ["same", "darker"], "--fuse", "1", "3") == 2
    assert count("pages", "--composite") == 2
    assert count("pages", "--composite") == 0
    assert count("pages", "--format", "jpg") == 2
    assert not list(Path("out").glob("*.tmp"))
    assert count() == 0
    monkeypatch.setattr(command, "EDITION", command.EDITION + 1)
    assert count() == 2


def test_foreign_files_are_not_overwritten_unasked(run):
    make_folder("a", "b", "c")
    assert run("pages/a.png")[0] == 0
    Path("out/b.png").write_text("mine")
    write_image("out/a.png", make_page(3, 3))  # ours no longer
    status, out, err = run("pages", "--zip", "z.zip")
    assert status == 1
    assert problems(err) == [
        f"test.py: out/{name}.png: exists and was not made by this program; --overwrite replaces it"
        for name in "ab"
    ]
    assert out.startswith("1 erased, 0 up to date, 2 failed")
    assert Path("out/b.png").read_text() == "mine"
    assert zipfile.ZipFile("z.zip").namelist() == ["c.png"]
    assert run("pages", "--overwrite")[0] == 0
    for name in "abc":
        page = read_image(f"pages/{name}.png")
        np.testing.assert_array_equal(read_image(f"out/{name}.png"), page - 40)
    # Our own older files need no --overwrite.
    assert run("pages", ["same"])[:2] == (0, "3 erased, 0 up to date, 0 failed: out\n")


def test_masks(run, monkeypatch):
    make_folder("a")
    arguments = ["pages", "--mask", "masks", ["unsure"], "--format", "jpg"]
    assert run(*arguments)[1].startswith("1 erased")
    mask = read_grey("masks/a.png")
    assert (mask == 128).all()
    assert mask.shape == read_image("pages/a.png").shape[:2]
    assert run(*arguments)[1].startswith("0 erased")
    before = Path("out/a.jpg").stat().st_mtime_ns
    Path("masks/a.png").unlink()
    assert run(*arguments)[1].startswith("1 erased")
    assert listing("masks") == ["a.png"]
    assert Path("out/a.jpg").stat().st_mtime_ns == before
    Path("masks/a.png").write_text("mine")
    assert run(*arguments)[0] == 1


def test_settings_reach_the_eraser(run, nets, monkeypatch):
    make_folder("a")
    page = read_image("pages/a.png")
    for change, arguments in [
        (20, [["same", "darker"]]), (30, [["same", "darker"], "--fuse", "1", "3"]),
        (0, ["--composite"]),  # there is no ink
    ]:
        assert run("pages", *arguments)[0] == 0
        np.testing.assert_array_equal(read_image("out/a.png"), page - change)
    seen = []
    monkeypatch.setattr(command, "Eraser", lambda *a, **k: seen.append((a, k)) or Eraser(*a, **k))
    others = {"fuse": None, "quality": DEFAULT, "batch": 1, "engine": "auto",
              "precision": "auto", "threads": None, "where": None, "fill": None, "dilate": 7}
    assert command.main(["pages", "--output", "o", "--weights", str(nets["same"])]) == 0
    assert seen.pop() == (([nets["same"]],), dict.fromkeys(command.CHANGES) | others)
    given = ["pages", "--output", "o", "--weights", str(nets["same"]), "--quality", "best",
             "--no-refine", "--tile", "96", "--margin", "5", "--no-even", "--tta", "flips",
             "--flip-ink", "--no-composite", "--skip-blank", "--turn", "--scale", "2",
             "--batch", "3", "--fuse", "2", "--engine", "paddle", "--precision", "f32",
             "--threads", "1", "--fill", "ns", "--dilate", "9"]
    assert command.main(given) == 0
    assert seen == [(([nets["same"]],), {
        "fuse": [2.0], "quality": "best", "batch": 3, "engine": "paddle", "precision": "f32",
        "threads": 1, "where": None, "refine": False, "tile": 96, "margin": 5, "even": False,
        "tta": "flips", "flip_ink": True, "composite": False, "skip_blank": True, "turn": True,
        "scale": 2, "fill": "ns", "dilate": 9})]


def test_a_quality_by_another_name_is_the_same_work(run):
    make_folder("a")
    assert set(command.CHANGES) == {field.name for field in fields(Settings)} - {"nets"}
    for made, arguments in [
        (1, ["--no-skip-blank"]), (0, ["--quality", "published"]), (0, ["--batch", "2"]),
        (1, ["--skip-blank"]), (1, ["--scale", "0.5"]),
    ]:
        assert run("pages", *arguments)[1].startswith(f"{made} erased"), arguments


@pytest.mark.parametrize("quality", ["best", "fast"])
def test_results_depend_on_nothing_but_the_page_and_the_settings(tmp_path, monkeypatch, quality):
    """Not on the order of files, what else is in the folder, the batch or the threads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("infer.quality.QUALITIES", {
        quality: replace(QUALITIES[quality], tile=64, margin=8, composite=False)})
    paddle.seed(3)
    net = build(ModelConfig(width=2, form="gated"))
    weights.save("net.pdparams", weights.state_of(net), net.config)
    Path("pages").mkdir()
    for i, size in enumerate([(70, 100), (31, 200), (100, 90), (64, 64)]):
        write_image(f"pages/{i}.png", make_page(*size))
    common = ["--weights", "net.pdparams", "--quality", quality]
    assert command.main(["pages", "--output", "all", *common]) == 0
    changed = False
    for i, other in enumerate([["--batch", "3"], ["--batch", "50"], ["--threads", "1"], []]):
        names = [f"pages/{j}.png" for j in (3, 1, 2)]
        assert command.main([*names, "--output", f"some{i}", *common, *other]) == 0
        for name in names:
            page, one, two = (read_image(Path(folder) / Path(name).name).astype(int)
                              for folder in ("pages", "all", f"some{i}"))
            # Engines add in another order when batch or threads differ.
            assert np.abs(one - two).max() <= (1 if other else 0)
            changed |= (one != page).any()
    assert changed


def test_a_quality_takes_its_bundled_networks(run, nets, tmp_path, monkeypatch):
    make_folder("a")
    page = read_image("pages/a.png")
    for name, net in (("erasenet", "darker"), ("nonlocal", "same"), ("watermark", "same")):
        shutil.copy(nets[net], tmp_path / f"{name}_lite.pdparams")
    monkeypatch.setattr("infer.quality.WEIGHTS", tmp_path)
    for quality, change in (("fast", 40), ("published", 20), ("watermark", 0)):
        arguments = ["pages", "--output", quality, "--quality", quality, "--refine",
                     "--no-composite"]
        assert command.main(arguments) == 0
        np.testing.assert_array_equal(read_image(f"{quality}/a.png"), page - change)


def test_the_engine_is_said_and_its_precision_is_part_of_what_was_made(run, monkeypatch):
    make_folder("a")
    status, out, err = run("pages", "--engine", "paddle", "--threads", "1")
    assert (status, out[:8]) == (0, "1 erased")
    assert "engine: paddle f32, 1 thread\n" in err
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "onnxruntime", None)
        patch.setitem(sys.modules, "openvino", None)
        status, out, err = run("pages", "--precision", "f32")
    assert (status, out[:8]) == (0, "0 erased")
    assert "(OpenVINO would be faster: pip install openvino onnx)\n" in err
    page = read_image("pages/a.png")
    np.testing.assert_array_equal(read_image("out/a.png"), page - 40)
    for arguments, message in [
        (["--engine", "paddle", "--precision", "bf16"], "test.py: no precision 'bf16' on this"),
        (["--threads", "0"], "test.py: threads must be 1 or more, got 0"),
    ]:
        status, out, err = run("pages", *arguments)
        assert (status, out) == (2, "")
        assert err.startswith(message)
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize("precision", choose("auto")[0][1:2] + ("f32",))
def test_precisions_are_told_apart(run, precision):
    make_folder("a")
    assert run("pages", "--engine", "paddle")[1].startswith("1 erased")
    expected = "0 erased" if precision == "f32" else "1 erased"
    assert run("pages", "--precision", precision)[1].startswith(expected)


def test_bad_files_are_named_and_the_rest_is_done(run, monkeypatch):
    make_folder("good", "huge")
    write_image("cut.jpg", make_page(200, 200))
    Path("pages/cut.jpg").write_bytes(Path("cut.jpg").read_bytes()[:4000])
    Path("pages/empty.png").touch()
    Path("pages/text.png").write_text("no picture")
    Path("pages/folder.png").mkdir()
    Path("pages/gone.png").symlink_to("nowhere.png")
    Path("out/wall.png").mkdir(parents=True)
    write_image("pages/wall.png", make_page())

    def out_of_memory(self, image, progress, erase=Eraser.__call__):
        if image.shape == (21, 29, 3):
            raise MemoryError
        return erase(self, image, progress)

    monkeypatch.setattr(Eraser, "__call__", out_of_memory)
    status, out, err = run("pages", "--zip", "z.zip")
    assert status == 1
    for line, start in zip(problems(err), [
        "pages: 1 folder in it passed over",
        "pages/cut.jpg: cannot be read: ", "pages/empty.png: cannot be read: the file is empty",
        "pages/gone.png: No such file or directory",
        "pages/huge.png: not enough memory", "pages/text.png: cannot be read: not an image",
        "out/wall.png: Is a directory",
    ], strict=True):
        assert line.startswith(f"test.py: {start}")
    assert out == "1 erased, 0 up to date, 6 failed: out; z.zip\n"
    assert zipfile.ZipFile("z.zip").namelist() == ["good.png"]
    assert listing() == ["good.png", "wall.png"]


@pytest.mark.parametrize("options, error, reason", [
    ([], RuntimeError("bad allocation"), "bad allocation"),
    (["--mask", "masks"], RuntimeError(), "RuntimeError"),
    ([], ValueError("(InvalidArgument) rank"), "(InvalidArgument) rank"),  # as Paddle raises
])
def test_an_engine_that_fails_costs_one_page(run, monkeypatch, options, error, reason):
    make_folder("a", "b", "c")
    bad = read_image("pages/b.png")

    def fail(self, image, *rest, erase=Eraser._run):
        if np.array_equal(image, bad):
            raise error
        return erase(self, image, *rest)

    monkeypatch.setattr(Eraser, "_run", fail)
    status, out, err = run("pages", *options)
    assert (status, out) == (1, "2 erased, 0 up to date, 1 failed: out\n")
    assert problems(err) == ["test.py: pages/b.png: cannot be erased; a smaller --tile needs less "
                             f"memory: {reason}"]


def test_a_page_too_large_for_the_format(run, monkeypatch):
    Path("pages").mkdir()
    write_image("pages/long.png", np.zeros((1, 70_000, 3), np.uint8))
    monkeypatch.setattr(Eraser, "__call__", lambda self, image, progress: image)
    status, _, err = run("pages", "--format", "jpg")
    assert status == 1
    assert problems(err)[0].startswith("test.py: pages/long.png: ")
    assert listing() == []


def test_rotated_pages_come_out_upright(run):
    page = make_page(40, 24)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side; to be turned clockwise for display
    Image.fromarray(np.rot90(page)).save("side.png", exif=exif)
    for choice in ("png", "same"):
        assert run("side.png", "--format", choice, "--output", choice)[0] == 0
        np.testing.assert_array_equal(read_image(f"{choice}/side.png"), page - 40)
        with Image.open(f"{choice}/side.png") as image:
            assert image.getexif().get(0x0112, 1) == 1


def test_no_place(run):
    """What is wrong with the command line is said before any work: exit 2, nothing written."""
    make_folder("a", "b")
    make_folder("a", suffix=".jpg", folder="twins")
    Path("file").write_text("a file")
    Path("text.zip").write_text("no zip")
    Path("text.html").write_text("no report")
    zipfile.ZipFile("page.ZIP", "w").close()
    Path("empty").mkdir()
    Path("above/below").mkdir(parents=True)
    Path("text.pdparams").write_text("no weights")
    Path("cut.pdparams").write_bytes(weights.__file__.encode())
    before = sorted(Path().rglob("*"))
    for arguments, message in [
        (["missing"], "missing: no "), (["empty"], "empty: no images"),
        (["above"], "; quoted, 'above/**/*' takes what is in its folders, too"),
        (["pages", "*.gif"], "*.gif: no "),
        (["pages", "twins"], "pages/a.png and twins/a.jpg share the stem 'a'"),
        (["pages", "--output", "file"], "file: cannot be made a folder (File exists)"),
        (["pages", "--output", "file/below"], "file/below: cannot be made a folder (Not a dir"),
        (["pages", "--mask", "file"], "file: cannot be made a folder"),
        (["pages/a.png", "--output", "pages", "--overwrite"], "pages/a.png: would be overwrit"),
        (["pages/a.png", "--mask", "pages", "--overwrite"], "pages/a.png: would be overwritten"),
        (["pages/*.png", "--mask", "pages"], "pages: is the folder of the pages, of which"),
        (["pages", "--protect", "empty", "--mask", "empty"], "would replace what --protect reads"),
        (["pages", "--fill", ""], "--fill : no such checkpoint"),
        (["pages", "--fill", "page", "--holes", "empty", "--fuse", "1"], "no use for --we"),
        (["pages", "--mask", "./out"], "--mask must be another folder than --output"),
        (["pages", "--zip", "none/z.zip"], "none/z.zip: the zip must be"),
        (["pages", "--zip", "empty"], "empty: the zip must be"),
        (["pages", "--zip", "file"], "file: the zip's name must end in .zip"),
        (["pages", "--zip", "pages/a.png"], "pages/a.png: the zip's name must end in .zip"),
        (["pages", "--zip", "text.zip"], "text.zip: exists and is no zip"),
        (["pages", "page.ZIP", "--zip", "./page.ZIP"], "page.ZIP: is one of the inputs"),
        (["pages", "--report", "file"], "file: the report's name must end in .html"),
        (["pages", "--report", "text.html"], "text.html: exists and is no report; --overwrite"),
        (["pages", "--report", "--gt", "missing"], "missing: no such folder"),
        (["pages", "--report", "--gt", "empty"], "empty: no page's ground truth is there"),
        (["pages", "--gt", "pages"], "--gt is for the report"),
        (["pages", "--dilate", "3"], "--dilate widens what --fill fills"),
        (["pages", ["none.pdparams"]], "none.pdparams: weights cannot be read (No such file"),
        (["pages", ["empty"]], "empty: weights cannot be read (Is a directory)"),
        (["pages", ["same", "text.pdparams"]], "text.pdparams: "),
        (["pages", "--fuse", "1", "2"], "average of 1 networks"),
        (["pages", "--batch", "0"], "batch must be 1 or more"),
    ]:
        status, out, err = run(*arguments)
        assert (status, out) == (2, ""), arguments
        assert len(err.splitlines()) == 1
        assert err.startswith("test.py: ")
        assert message in err
        for path in set(Path().rglob("*")) - set(before):
            assert path.is_dir(), arguments
            path.rmdir()
    for wrong in (["pages"], ["--output", "out"], ["pages", "--output", "out", "--tta", "x"]):
        with pytest.raises(SystemExit) as exit:
            command.main(wrong)
        assert exit.value.code == 2


def test_damaged_and_foreign_weights(run, nets, tmp_path):
    make_folder("a")
    whole = nets["same"].read_bytes()
    net = build(ModelConfig(width=2))
    state = weights.state_of(net)
    weights.save("published.pdparams", state, net.config)
    weights.save("unfit.pdparams", state, ModelConfig(width=3))
    state.pop("refine.head.1.bias")
    weights.save("short.pdparams", state, net.config)
    np.savez("names.npz", a=np.zeros(3))
    for name, content in {"cut": whole[:-1000], "zeros": bytes(1000), "png": b"\x89PNG\r\n",
                          "none": b""}.items():
        Path(f"{name}.pdparams").write_bytes(content)
    for name, message in {
        "cut.pdparams": "damaged or cut short", "zeros.pdparams": "expected", "none.pdparams": "",
        "png.pdparams": "a PNG image", "names.npz": "not a checkpoint of this program",
        "unfit.pdparams": "has shape [2, 3, 4, 4], expected", "short.pdparams": "1 names missing",
    }.items():
        status, _, err = run("pages", [name])
        assert status == 2, name
        assert err.startswith(f"test.py: {name}: ")
        assert message in err
        assert len(err) < 500
    assert run("pages", ["published.pdparams"])[0] == 0


@pytest.mark.parametrize("composed", [False, True])
def test_full_disk_leaves_nothing_half_written(run, monkeypatch, composed):
    make_folder("a", "b", "c")
    for name in ("same", "darker"):  # their graphs are cached while there is room
        assert run("pages/a.png", [name])[0] == 0
    old = Path("out/a.png").read_bytes()
    calls = []

    def full(descriptor, fsync=os.fsync):
        calls.append(descriptor)
        if len(calls) < 3:  # the disk has room again for the third page
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    status, out, err = run("pages", ["same"], "--zip", "z.zip",
                           *(["--composite"] if composed else []))
    assert status == 1
    assert problems(err) == [f"test.py: out/{n}.png: No space left on device" for n in "ab"]
    assert Path("out/a.png").read_bytes() == old
    assert sorted(os.listdir("out")) == [".manifest.jsonl", "a.png", "c.png"]
    assert zipfile.ZipFile("z.zip").namelist() == ["c.png"]
    # Once there is room, what is missing or old is made, with no complaint about foreign files.
    status, out, err = run("pages", ["same"], *(["--composite"] if composed else []))
    assert (status, out) == (0, "2 erased, 1 up to date, 0 failed: out\n")


def test_no_room_for_the_zip(run, monkeypatch):
    make_folder("a")
    with zipfile.ZipFile("z.zip", "w") as archive:
        archive.writestr("old.txt", "old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    status, out, err = run("pages", "--zip", "z.zip")
    assert status == 1
    assert problems(err) == ["test.py: z.zip: cannot be written: No space left on device"]
    assert zipfile.ZipFile("z.zip").namelist() == ["old.txt"]
    assert listing(".") == ["out", "pages", "z.zip"]
    assert listing() == ["a.png"]


@pytest.mark.parametrize("room", [0, 100, 6000])
def test_files_cut_off_in_the_midst(run, full_disk, room):
    make_folder("b")
    write_image("pages/a.png", make_page(90, 90))
    with full_disk(room):
        status, _, err = run("pages", ["same"], "--zip", "z.zip")
    assert status == 1
    failed = [line.split(": ")[1:] for line in problems(err)]
    assert failed == {
        0: [["out/.manifest.jsonl", "File too large"]] * 2
        + [["z.zip", "cannot be written", "File too large"]],
        100: [["out/a.png", "File too large"], ["out/.manifest.jsonl", "File too large"]],
        6000: [["out/a.png", "File too large"]],
    }[room]
    assert listing() == (["b.png"] if room == 6000 else [])
    assert not list(Path().rglob("*.tmp"))
    if room:
        assert zipfile.ZipFile("z.zip").namelist() == listing()
    assert run("pages", ["same"])[0] == 0
    assert listing() == ["a.png", "b.png"]


def test_from_the_command_line(run, nets):
    """On a terminal that knows ASCII only, from another folder, with the worst of names."""
    make_folder("试卷 č", "-b")
    os.rename("pages/-b.png", b"pages/\xd6\xd0.png")  # GBK, from a zip of Windows
    Path("pages/坏.png").write_text("no picture")
    done = subprocess.run(
        [sys.executable, ROOT / "test.py", "pages", "--output", "结果", "--weights",
         nets["darker"], *run.settings], capture_output=True, encoding="ascii",
        env=os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "pages/\\u574f.png: cannot be read" in done.stderr
    assert done.stdout == "2 erased, 0 up to date, 1 failed: \\u7ed3\\u679c\n"
    assert sorted(os.listdir(b"\xe7\xbb\x93\xe6\x9e\x9c"))[1:] == [
        b"\xd6\xd0.png", "试卷 č.png".encode()]
