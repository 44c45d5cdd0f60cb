import base64
import csv
import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import evaluate
from data.image_io import read_image, write_image
from infer import detector
from metric import ERASURE_METRICS, METRICS, measure
from metric.columns import COLUMNS
from metric.leftover import Leftover

ROOT = Path(__file__).parents[1]


def make_set(root, names, height=24):
    """Folders pred, gt and input of small pages; the later the page, the worse its result."""
    rng = np.random.default_rng(0)
    for folder in ("pred", "gt", "input"):
        (root / folder).mkdir()
    for number, name in enumerate(names):
        gt = rng.integers(180, 256, (height, 20, 3), dtype=np.uint8)
        page, pred = gt.copy(), gt.copy()
        page[4:8, 2:-2] = 30
        pred[4:8, 2:-2] -= 6 * (number + 1)
        write_image(root / "pred" / f"{name}.png", pred)
        write_image(root / "gt" / f"{name}.bmp", gt)
        write_image(root / "input" / f"{name}.webp", page)


def run(root, *more, baseline=True):
    folders = ["--pred", str(root / "pred"), "--gt", str(root / "gt")]
    if baseline:
        folders += ["--input", str(root / "input")]
    return evaluate.main([*folders, "--workers", "1", *map(str, more)])


def means_of(text):
    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text.splitlines()[-1], parse_constant=refuse)


def test_table_csv_and_means(tmp_path, capsys):
    names = ["a", "试卷 1", "č"]
    make_set(tmp_path, names)
    assert run(tmp_path, "--csv", tmp_path / "new" / "pages.csv") == 0
    out = capsys.readouterr().out

    with (tmp_path / "new" / "pages.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["page"] for row in rows] == ["č", "试卷 1", "a"]  # worst first
    figures = [*METRICS, *ERASURE_METRICS]
    assert list(rows[0]) == ["page"] + [f + s for f in figures for s in ("", "_untouched")]
    pred, gt, page = (read_image(tmp_path / p) for p in ("pred/a.png", "gt/a.bmp", "input/a.webp"))
    expected = measure(pred, gt, page), measure(page, gt, page)
    for name in figures:
        assert float(rows[2][name]) == pytest.approx(expected[0][name], rel=1e-5)
        assert float(rows[2][name + "_untouched"]) == pytest.approx(expected[1][name], rel=1e-5)

    places = [out.index(f"\n{name} ") for name in ("č", "试卷 1", "a", "mean")]
    assert places == sorted(places)
    assert out.count("  untouched ") == 4
    assert "3 pages better than untouched, 0 worse, 0 the same" in out

    means = means_of(out)
    assert means["pages"] == 3
    assert means["problems"] == 0
    assert means["infinite"] == means["undefined"] == {}
    for name in rows[0].keys() - {"page"}:
        average = sum(float(row[name]) for row in rows) / 3
        assert means[name] == pytest.approx(average, rel=1e-4)


def test_without_input(tmp_path, capsys):
    make_set(tmp_path, ["a"])
    assert run(tmp_path, baseline=False) == 0
    out = capsys.readouterr().out
    assert "untouched" not in out
    assert "1 page," in out
    assert list(means_of(out)) == ["pages", "problems", *METRICS, "infinite", "undefined"]


def test_long_list_shows_the_worst(tmp_path, capsys):
    names = [f"page{n:02}" for n in range(23)]
    make_set(tmp_path, names, height=12)
    assert run(tmp_path, baseline=False) == 0
    out = capsys.readouterr().out
    shown = [line.split()[0] for line in out.splitlines() if line[:4] == "page" and "0." in line]
    assert shown == names[:2:-1]
    assert "... and 3 pages better than these; --csv FILE lists all" in out
    path = tmp_path / "all.csv"
    assert run(tmp_path, "--csv", path, baseline=False) == 0
    assert len(path.read_text("utf-8").splitlines()) == 24
    out = capsys.readouterr().out
    assert "3 pages better than these\n" in out
    assert str(path) in out


def test_infinite_and_undefined_stay_out_of_the_mean(tmp_path, capsys):
    make_set(tmp_path, ["a", "b"])
    clean = read_image(tmp_path / "gt" / "b.bmp")
    write_image(tmp_path / "pred" / "b.png", clean)
    write_image(tmp_path / "input" / "b.webp", clean)
    path = tmp_path / "pages.csv"
    assert run(tmp_path, "--csv", path) == 0
    out = capsys.readouterr().out
    means = means_of(out)
    assert means["infinite"] == {"psnr": 1, "psnr_untouched": 1}
    undefined = {"ink_gone", "ink_gone_untouched", "ink_psnr", "ink_psnr_untouched"}
    assert means["undefined"] == dict.fromkeys(undefined, 1)
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["psnr"] for row in rows][1] == "inf"
    assert rows[1]["ink_psnr"] == ""
    assert means["psnr"] == float(rows[0]["psnr"])
    assert "infinite, so not in the mean: PSNR of 1 page, untouched PSNR of 1 page" in out
    assert "1 page better than untouched, 0 worse, 1 the same" in out

    for folder in ("pred", "gt", "input"):
        next((tmp_path / folder).glob("a.*")).unlink()
    assert run(tmp_path) == 0
    means = means_of(capsys.readouterr().out)
    assert means["psnr"] is None
    assert means["ssim"] == 1


def test_what_fails_is_named_and_the_rest_is_measured(tmp_path, capsys):
    make_set(tmp_path, ["good", "no_gt", "no_pred", "no_input", "twice", "size", "in_size", "text",
                        "empty", "cut"])
    (tmp_path / "gt" / "no_gt.bmp").unlink()
    (tmp_path / "pred" / "no_pred.png").unlink()
    (tmp_path / "input" / "no_input.webp").unlink()
    image = read_image(tmp_path / "gt" / "size.bmp")
    write_image(tmp_path / "pred" / "twice.jpg", image)
    write_image(tmp_path / "pred" / "size.png", image[:-1])
    write_image(tmp_path / "input" / "in_size.webp", image[:, :-1])
    (tmp_path / "pred" / "text.png").write_text("no picture")
    (tmp_path / "gt" / "empty.bmp").write_bytes(b"")
    cut = tmp_path / "pred" / "cut.png"
    cut.write_bytes(cut.read_bytes()[:300])
    assert run(tmp_path) == 1
    captured = capsys.readouterr()
    problems = [p for p in captured.err.splitlines() if p.startswith("evaluate.py: ")]
    assert len(problems) == 9
    for expected in (
        "no ground truth no_gt.* in", "no result no_pred.* in", "no input no_input.* in",
        "twice.png: another file there has this stem", "size.png is 20x23 pixels but ",
        "in_size.webp is 19x24 pixels but ", "text.png: cannot be read: not an image",
        "empty.bmp: cannot be read: the file is empty", "cut.png: cannot be read",
    ):
        assert any(expected in problem for problem in problems), expected
    means = means_of(captured.out)
    assert (means["pages"], means["problems"]) == (1, 9)
    assert means["psnr"] > 0


def test_all_pages_fail(tmp_path, capsys):
    make_set(tmp_path, ["a"])
    (tmp_path / "pred" / "a.png").write_text("no picture")
    assert run(tmp_path, "--csv", tmp_path / "pages.csv") == 1
    means = means_of(capsys.readouterr().out)
    assert means["pages"] == 0
    assert means["psnr"] is None
    assert not (tmp_path / "pages.csv").exists()


def test_report(tmp_path, capsys):
    names = [f"page{n:02}" for n in range(23)] + ["<script>", "no_gt", "clean"]
    make_set(tmp_path, names)
    (tmp_path / "gt" / "no_gt.bmp").unlink()
    write_image(tmp_path / "pred" / "clean.png", read_image(tmp_path / "gt" / "clean.bmp"))
    path, table = tmp_path / "new" / "report.html", tmp_path / "pages.csv"
    assert run(tmp_path, "--report", path, "--csv", table) == 1
    out = capsys.readouterr().out
    assert f"all pages: {table}\nall pages: {path}\n" in out
    data = json.loads(path.read_text("utf-8").split('<script type="application/json">')[1]
                      .split("</script>")[0])
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    # The figures, and their order, are those of the CSV.
    assert [row["page"] for row in data["rows"]] == [row["page"] for row in rows]
    for row, line in zip(data["rows"], rows, strict=True):
        for name, value in row.items():
            assert line[name] == (value if isinstance(value, str) else f"{value:.6g}")
    assert [column["key"] for column in data["columns"]] == [*METRICS, *ERASURE_METRICS]
    assert sum(data["distributions"]["psnr"]["counts"]) == len(rows) - 1  # one is infinite
    assert sum(data["distributions"]["ssim"]["counts"]) == len(rows)
    assert len(data["problems"]) == 1
    assert "no ground truth no_gt.* in" in data["problems"][0]
    assert len(data["pictures"]) == evaluate.SHOWN
    for kind in ("input", "output", "gt", "difference"):
        assert data["pictures"][0][kind].startswith("data:image/")

    path.write_text("mine")
    assert run(tmp_path, "--report", path) == 2
    assert f"{path}: exists and is no report" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert run(tmp_path, "--report", path, "--overwrite", baseline=False) == 1
    assert run(tmp_path, "--report", path) == 1  # one of our own
    assert "untouched" in path.read_text("utf-8")


def test_the_difference_shows_where_a_page_is_off(tmp_path):
    gt = np.full((30, 40, 3), 200, np.uint8)
    pred = gt.copy()
    pred[:10, :, 1] -= 90
    pred[10:20] -= 16
    write_image(tmp_path / "pred.png", pred)
    write_image(tmp_path / "gt.png", gt)
    page = evaluate.Page("a", tmp_path / "pred.png", tmp_path / "gt.png", None)
    pictures = evaluate.pictures_of(page)
    assert list(pictures) == ["width", "height", "output", "gt", "difference"]
    assert (pictures["width"], pictures["height"]) == (40, 30)
    content = base64.b64decode(pictures["difference"].split(",")[1])
    shown = read_image("difference", content)[[5, 15, 25], 20, 0]
    assert np.abs(shown.astype(int) - (3, 191, 255)).max() < 12


def test_nothing_to_measure(tmp_path, capsys):
    make_set(tmp_path, ["a"])
    (tmp_path / "pred" / "a.png").rename(tmp_path / "pred" / "a_erased.png")
    assert run(tmp_path) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nothing to measure" in captured.err
    assert "a_erased.*" in captured.err
    (tmp_path / "pred" / "a_erased.png").unlink()
    assert run(tmp_path) == 2
    assert f"{tmp_path / 'pred'}: no images" in capsys.readouterr().err


def test_wrong_arguments(tmp_path, capsys):
    make_set(tmp_path, ["a"])
    missing = str(tmp_path / "missing")
    assert evaluate.main(["--pred", missing, "--gt", str(tmp_path / "gt")]) == 2
    assert f"{missing}: no such folder" in capsys.readouterr().err
    folders = ["--pred", str(tmp_path / "pred"), "--gt", str(tmp_path / "gt")]
    for wrong in (folders[:2], [*folders, "--workers", "0"], [*folders, "--unknown"]):
        with pytest.raises(SystemExit) as exit:
            evaluate.main(wrong)
        assert exit.value.code == 2


def test_the_csv_and_the_report_are_two_files(tmp_path, capsys):
    make_set(tmp_path, ["a"])
    (tmp_path / "link").symlink_to(tmp_path)
    path = tmp_path / "pages.html"
    assert run(tmp_path, "--csv", path, "--report", tmp_path / "link" / "pages.html") == 2
    assert f"evaluate.py: {path}: --csv and --report must be two" in capsys.readouterr().err
    assert not path.exists()


def test_csv_is_not_overwritten_unasked(tmp_path, capsys):
    make_set(tmp_path, ["a"])
    path = tmp_path / "pages.csv"
    path.write_text("mine")
    assert run(tmp_path, "--csv", path) == 2
    assert "already exists; --overwrite" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert run(tmp_path, "--csv", path, "--overwrite") == 0
    assert path.read_text("utf-8").startswith("page,psnr")
    assert run(tmp_path, "--csv", tmp_path / "gt", "--overwrite") == 2
    assert "is a folder" in capsys.readouterr().err
    assert run(tmp_path, "--csv", path / "below.csv") == 2


def test_full_disk(tmp_path, capsys, monkeypatch):
    make_set(tmp_path, ["a"])

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(evaluate, "write_bytes", full)
    path = tmp_path / "pages.csv"
    assert run(tmp_path, "--csv", path) == 1
    captured = capsys.readouterr()
    assert f"{path}: cannot be written: No space left on device" in captured.err
    assert f"all pages: {path}" not in captured.out
    assert means_of(captured.out)["pages"] == 1


def test_from_the_command_line(tmp_path):
    # In its own process: an odd file name on a terminal that knows no other alphabet.
    make_set(tmp_path, ["试卷", "b"])
    done = subprocess.run(
        [sys.executable, ROOT / "evaluate.py", "--pred", "pred", "--gt", "gt"],
        cwd=tmp_path, capture_output=True, env={"PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
    means = means_of(done.stdout.decode("ascii"))
    assert means["pages"] == 2
    assert math.isfinite(means["psnr"])
    assert b"measuring" in done.stderr


def test_ctrl_c_is_one_line(tmp_path):
    names = [f"{number:03}" for number in range(40)]
    make_set(tmp_path, names, height=1500)
    with subprocess.Popen(
        [sys.executable, "-u", ROOT / "evaluate.py", "--pred", "pred", "--gt", "gt",
         "--workers", "1"],
        cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:
        said = b""
        while not re.search(rb" [1-9]\d*/40", said):  # its worker is at work
            said += (more := process.stderr.read1())
            assert more, said
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
        said += process.stderr.read()
    assert process.returncode == 130
    assert said.endswith(b"evaluate.py: stopped\n") and b"Traceback" not in said


def test_survives_opencv_threads(tmp_path):
    # Forked from a process whose OpenCV has threads, a worker crashes or hangs at its first call.
    make_set(tmp_path, ["a"])
    code = (
        "import cv2, numpy, evaluate\n"
        "cv2.setNumThreads(4)\n"
        "cv2.GaussianBlur(numpy.ones((3000, 3000, 3), 'f'), (31, 31), 3)\n"
        f"raise SystemExit(evaluate.main(['--pred', {str(tmp_path / 'pred')!r}, "
        f"'--gt', {str(tmp_path / 'gt')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=500)
    assert done.returncode == 0, done.stderr


def test_leftover_is_in_the_table_the_csv_the_report_and_the_means(tmp_path, capsys, monkeypatch):
    def find(image):  # the only word is the ink of `make_set`
        dark = image[5, 5].mean() < 100
        return [np.array([[2, 4], [18, 4], [18, 8], [2, 8]], float)] if dark else []

    monkeypatch.setattr(evaluate, "open_leftover", lambda: Leftover(find))
    make_set(tmp_path, ["a", "b"])
    assert run(tmp_path, "--leftover", "--csv", tmp_path / "pages.csv",
               "--report", tmp_path / "report.html") == 0
    out = capsys.readouterr().out
    means = means_of(out)
    assert means["gone_recall"] == 0 and means["gone_recall_untouched"] == 1
    assert means["stay_recall"] is None and means["undefined"]["gone_precision"] == 2
    assert COLUMNS["gone_f"].heading in out and COLUMNS["print_cer"].heading not in out
    with (tmp_path / "pages.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["gone_f_untouched"] for row in csv.DictReader(stream)] == ["1", "1"]
    assert COLUMNS["gone_f"].meaning in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_leftover_without_input_or_weights(tmp_path, capsys, monkeypatch):
    make_set(tmp_path, ["a"])
    with pytest.raises(SystemExit) as stopped:
        run(tmp_path, "--leftover", baseline=False)
    assert stopped.value.code == 2 and "--leftover needs --input" in capsys.readouterr().err
    monkeypatch.setattr(detector, "LITE", Path("nowhere"))
    monkeypatch.setattr(detector, "MODULE", "no_such_package")
    assert run(tmp_path, "--leftover") == 2
    assert detector.PACKAGE in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["rapidocr", "onnxruntime"])
def test_without_a_reader_words_are_found_and_what_to_install_is_said(
        missing, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr(detector, "Detector", lambda: None)
    assert evaluate.open_leftover()._reader is None
    assert "pip install rapidocr onnxruntime" in capsys.readouterr().err
