"""The command test.py --report."""

import csv
import errno
import json
import os
from pathlib import Path

import img2pdf
import numpy as np
import pikepdf
import pytest

import evaluate
from data.image_io import encode_image, read_image, write_image
from infer.eraser import Eraser, Result


def make_folder(*names):
    Path("pages").mkdir()
    for number, name in enumerate(names):
        image = np.random.default_rng(number).integers(
            100, 200, (20 + number, 30 - number, 3), np.uint8)
        write_image(f"pages/{name}.png", image)


def listing():
    return sorted(path.name for path in Path("out").iterdir() if not path.name.startswith("."))


def problems(err):
    return [line for line in err.splitlines() if line.startswith("test.py: ")]


def report_of(path="out/report.html"):
    content = Path(path).read_text("utf-8")
    return json.loads(content.split('<script type="application/json">')[1].split("</script>")[0])


def test_report(run):
    make_folder("a", "<b>")
    Path("pages/bad.png").write_text("no picture")
    arguments = ["pages", "--report", "--zip", "z.zip", ["unsure"]]
    status, out, err = run(*arguments)
    assert (status, out) == (1, "2 erased, 0 up to date, 1 failed: out; z.zip; out/report.html\n")
    data = report_of()
    assert [row["page"] for row in data["rows"]] == ["<b>.png", "a.png"]
    for row in data["rows"]:
        assert row["certainty"] == pytest.approx(1 / 255, rel=1e-3)
        assert (row["doubtful"], row["ink"]) == (1, 1)
        assert row["seconds"] >= 0
    assert data["pictures"][1]["width"] == read_image("pages/a.png").shape[1]
    assert [f"test.py: {problem}" for problem in data["problems"]] == problems(err)
    assert listing() == ["<b>.png", "a.png", "report.html"]
    # Pages that are up to date are in it as before.
    before = Path("out/report.html").read_bytes()
    assert run(*arguments)[1].startswith("0 erased, 2 up to date")
    assert Path("out/report.html").read_bytes() == before
    assert run("pages/a.png", "--report", "new/a.html", ["unsure"])[1].startswith("0 erased")
    assert report_of("new/a.html")["rows"] == data["rows"][1:]
    # What was erased without a report is looked at again, and not written again.
    write_image("pages/c.png", np.full((40, 40, 3), 150, np.uint8))
    assert run("pages/c.png", ["unsure"])[1].startswith("1 erased")
    times = [path.stat().st_mtime_ns for path in Path("out").glob("*.png")]
    assert run(*arguments)[1].startswith("1 erased, 2 up to date")
    assert [path.stat().st_mtime_ns for path in Path("out").glob("*.png")] == times
    assert len(report_of()["rows"]) == 3


def test_the_report_of_a_run_that_was_cut_off(run, monkeypatch):
    """When it is taken up, its report is that of a run which was not, but for the times."""
    make_folder(*"abcde")
    begun = []

    def erase(self, image, *arguments, **options):
        begun.append(1)
        if len(begun) == 9:
            raise KeyboardInterrupt
        return Result(image, (image[..., 0] > 190 + len(image) % 7).astype(np.float32) / 2)

    monkeypatch.setattr(Eraser, "run", erase)
    assert run("pages", "--report", "--output", "whole")[0] == 0
    with pytest.raises(KeyboardInterrupt):
        run("pages", "--report")
    made = len(listing())
    assert 0 < made < 5
    assert run("pages", "--report")[1].startswith(f"{5 - made} erased, {made} up to date")
    reports = [report_of(), report_of("whole/report.html")]
    for row in [row for data in reports for row in data["rows"]]:
        del row["seconds"]
    assert reports[0] == reports[1]
    assert len({row["certainty"] for row in reports[0]["rows"]}) == 5


def test_the_report_measures_as_evaluate_does(run, make_set):
    make_set(Path("set"), names=("a", "b"))
    status, _, _ = run("set/images", "--report", "--gt", "set/gts", "--format", "jpg", ["same"])
    assert status == 0
    assert evaluate.main(["--pred", "out", "--gt", "set/gts", "--input", "set/images", "--csv",
                          "pages.csv", "--workers", "1"]) == 0
    with open("pages.csv", newline="") as stream:
        expected = {row["page"]: row for row in csv.DictReader(stream)}
    for row in report_of()["rows"]:
        for name in ("psnr", "ink_gone", "print_kept"):
            assert f"{row[name]:.6g}" == expected[Path(row["page"]).stem][name]


def test_documents_are_not_measured(run):
    make_folder("a")
    Path("pages").rename("gts")
    Path("a.pdf").write_bytes(img2pdf.convert([Path("gts/a.png").read_bytes()]))
    status, _, err = run("a.pdf", "--report", "--gt", "gts")
    assert (status, err[:44]) == (2, "test.py: gts: no page's ground truth is ther")


def test_no_room_for_the_report(run, monkeypatch):
    make_folder("a")
    assert run("pages", "--report")[0] == 0
    before = Path("out/report.html").read_bytes()

    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("infer.report.write_bytes", full)
    status, out, err = run("pages", "--report")
    assert (status, out) == (1, "0 erased, 1 up to date, 1 failed: out\n")
    assert problems(err) == [
        "test.py: out/report.html: cannot be written: No space left on device"]
    assert Path("out/report.html").read_bytes() == before


def test_every_page_of_a_document_is_in_the_report(run):
    make_folder("a", "b")
    images = [np.full((30 + n, 20, 3), 200 - n, np.uint8) for n in range(3)]
    Path("pages/exam.pdf").write_bytes(img2pdf.convert([encode_image(image) for image in images]))
    arguments = ["pages", "--report", "--gt", "pages", ["unsure"]]
    assert run(*arguments)[0] == 0
    data = report_of()
    names = [row["page"] for row in data["rows"]]
    assert names == ["a.png", "b.png", "exam.pdf: 1", "exam.pdf: 2", "exam.pdf: 3"]
    assert [picture["height"] for picture in data["pictures"]] == [20, 21, 30, 31, 32]
    assert ["psnr" in row for row in data["rows"]] == [True, True, False, False, False]
    before = Path("out/report.html").read_bytes()
    assert run(*arguments)[1].startswith("0 erased, 3 up to date")
    assert Path("out/report.html").read_bytes() == before
    assert run(*arguments, "--pages", "2")[0] == 0
    assert [row["page"] for row in report_of()["rows"]] == ["a.png", "b.png", "exam.pdf: 2"]


def test_a_document_without_a_page_to_erase_is_up_to_date_all_the_same(run):
    make_folder("a")
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save("pages/blank.pdf")
    arguments = ["pages", "--report", "--drop-annotations"]
    assert run(*arguments)[:2] == (0, "2 erased, 0 up to date, 0 failed: out; out/report.html\n")
    assert [row["page"] for row in report_of()["rows"]] == ["a.png"]
    assert run(*arguments)[1].startswith("0 erased, 2 up to date")
