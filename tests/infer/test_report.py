import json

import numpy as np
import pytest

from data.image_io import read_image, write_image
from infer import report
from infer.record import RECORDS, Record
from infer.report import Report
from metric import measure


def make_pages(folder, doubts):
    """A page, its result, its record and its ground truth a name; mask values in `doubts`."""
    for name in ("pages", f"out/{RECORDS}", "gt"):
        (folder / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, doubt in doubts.items():
        page = rng.integers(100, 200, (30, 40, 3), np.uint8)
        gt = page.copy()
        gt[:8] += 50
        result = page.copy()
        result[:5] += 49
        result[20:, :9] -= 60
        write_image(folder / f"pages/{name}.png", page)
        write_image(folder / f"out/{name}.png", result)
        write_image(folder / f"gt/{name}.bmp", gt)
        (folder / f"out/{RECORDS}/{name}.json").write_bytes(
            Record(page, result, np.full((30, 40), doubt, np.uint8), 1).encode())
    return [sorted((folder / name).glob("*.png")) for name in ("pages", "out")]


def written(path):
    content = path.read_text("utf-8")
    return json.loads(content.split('<script type="application/json">')[1].split("</script>")[0])


def test_the_least_certain_page_comes_first(tmp_path, monkeypatch):
    pages, results = make_pages(tmp_path, {"a": 255, "b": 120, "<i>": 0, "d": 60, "é": 120})
    Report(tmp_path / "r.html", pages, None, False).write(results, ["x.png: cannot be read"])
    data = written(tmp_path / "r.html")
    assert [row["page"] for row in data["rows"]] == ["b.png", "é.png", "d.png", "<i>.png", "a.png"]
    figures = [row["certainty"] for row in data["rows"]]
    assert figures == sorted(figures)
    assert data["problems"] == ["x.png: cannot be read"]
    assert [column["key"] for column in data["columns"]] == list(report.OWN_COLUMNS)
    assert len(data["pictures"]) == 5
    # Of very many pages only the first have pictures.
    monkeypatch.setattr(report, "PICTURED", 2)
    Report(tmp_path / "r.html", pages, None, False).write(results, [])
    again = written(tmp_path / "r.html")
    assert again["rows"] == data["rows"]
    assert again["pictures"] == data["pictures"][:2]


def test_against_ground_truth(tmp_path):
    pages, results = make_pages(tmp_path, {"a": 10, "b": 120, "c": 200, "failed": 0})
    (tmp_path / "out/failed.png").unlink()
    (tmp_path / "gt/b.bmp").unlink()
    write_image(tmp_path / "gt/c.bmp", np.zeros((3, 3, 3), np.uint8))
    problems = ["failed.png: cannot be read"]
    Report(tmp_path / "r.html", pages, tmp_path / "gt", False).write(results[:3], problems)
    data = written(tmp_path / "r.html")
    rows = {row["page"]: row for row in data["rows"]}
    expected = measure(*(read_image(tmp_path / name) for name in
                         ("out/a.png", "gt/a.bmp", "pages/a.png")))
    for name in report.MEASURED:
        assert rows["a.png"][name] == expected[name]
        assert name not in rows["b.png"]
        assert name not in rows["c.png"]
    assert [column["key"] for column in data["columns"]] == [
        *report.OWN_COLUMNS, *report.MEASURED]
    assert len(problems) == 2
    assert problems[1].startswith(f"{tmp_path / 'gt/c.bmp'}: sizes differ: ")
    assert data["problems"] == problems


def test_ground_truth_of_other_pages(tmp_path):
    pages, _ = make_pages(tmp_path, {"a": 0})
    (tmp_path / "gt/a.bmp").rename(tmp_path / "gt/other.bmp")
    with pytest.raises(ValueError, match="gt: no page's ground truth is there.*a[.]"):
        Report(tmp_path / "r.html", pages, tmp_path / "gt", False)
    with pytest.raises(ValueError, match="nowhere: no such folder"):
        Report(tmp_path / "r.html", pages, tmp_path / "nowhere", False)


def test_nothing_was_erased(tmp_path):
    pages, _ = make_pages(tmp_path, {"a": 0})
    Report(tmp_path / "r.html", pages, None, False).write([], ["a.png: empty"])
    data = written(tmp_path / "r.html")
    assert (data["rows"], data["pictures"], data["problems"]) == ([], [], ["a.png: empty"])
