import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.image_io import read_image, write_image
from infer import detect
from infer.where import Marks
from infer.words import Thresholds, Word


class Seen:
    """A detector that finds a word of the page's size, and its settings."""

    engine = "none"

    def __init__(self, weights, thresholds, *settings):
        Seen.thresholds = thresholds
        if weights is not None:
            raise ValueError(f"{weights}: is no checkpoint")

    def __call__(self, image):
        height, width = image.shape[:2]
        quad = np.array([[1, 2], [width - 1, 2], [width - 1, height - 2.04], [1, height - 2.04]])
        return [Word(quad, quad[[0, 1, 1, 2, 3]], 0.98765)]


@pytest.fixture
def pages(tmp_path, monkeypatch):
    monkeypatch.setattr(detect, "Detector", Seen)
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, shape in (("a", (40, 60, 3)), ("b", (30, 50, 3))):
        write_image(folder / f"{name}.png", np.full(shape, 250, np.uint8))
    return folder


def test_words_as_json(pages, tmp_path, capsys):
    assert detect.main([str(pages)]) == 0
    one, other = json.loads(capsys.readouterr().out)
    assert one == {
        "file": str(pages / "a.png"), "width": 60, "height": 40, "words": [{
            "quad": [[1, 2], [59, 2], [59, 38], [1, 38]],
            "polygon": [[1, 2], [59, 2], [59, 2], [59, 38], [1, 38]], "score": 0.988}]}
    assert (Path(other["file"]).name, other["width"], other["height"]) == ("b.png", 50, 30)
    table = tmp_path / "words.json"
    assert detect.main([str(pages), "--json", str(table)]) == 0
    assert capsys.readouterr().out == "" and json.loads(table.read_text()) == [one, other]


def test_a_name_that_is_no_utf_8_costs_nothing(pages, tmp_path):
    name = os.fsdecode(b"\xd6\xd0.png")  # GBK, from a zip of Windows
    (pages / "a.png").rename(pages / name)
    table = tmp_path / "words.json"
    assert detect.main([str(pages), "--json", str(table)]) == 0
    _, entry = json.loads(table.read_text(encoding="ascii"))
    assert Path(entry["file"]) == pages / name
    marked, *_ = Marks.read([table], [], pages / name).maps(pages / name, None, 0, 1, (40, 60))
    assert marked[20, 25]


def test_what_is_passed_over_is_said_but_not_what_it_wrote(pages, capsys):
    (pages / "notes.txt").touch()
    assert detect.main([str(pages), "--json", str(pages / "words.json")]) == 0
    assert detect.main([str(pages), "--json", str(pages / "words.json"), "--overwrite"]) == 0
    line = f"infer.detect: {pages}: 1 other file passed over (1 .txt)\n"
    assert capsys.readouterr().err.count(line) == 2


def test_overlays_show_the_words(pages, tmp_path):
    out = tmp_path / "drawn"
    assert detect.main([str(pages / "a.png"), "--overlay", str(out)]) == 0
    drawn = read_image(out / "a.png")
    assert drawn[2, 30, 1] - drawn[2, 30, 0].astype(int) > 80  # green
    assert (drawn[20, 30] == 250).all()


@pytest.mark.parametrize("name", ["many.tif", "many.pdf"])
def test_a_document_has_an_entry_for_each_page(pages, tmp_path, capsys, name):
    first, *rest = [Image.fromarray(np.full((30 + 10 * n, 50, 3), 250, np.uint8)) for n in range(3)]
    first.save(pages / name, save_all=True, append_images=rest, resolution=200)
    out = tmp_path / "drawn"
    assert detect.main([str(pages), "--overlay", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)[2:]
    assert [(Path(page["file"]).name, page["page"]) for page in found] == [
        (name, number) for number in (1, 2, 3)]
    with Image.open(out / "many.tif") as drawn:
        sizes = []
        for index in range(drawn.n_frames):
            drawn.seek(index)
            sizes.append(drawn.size)
    assert sizes == [(page["width"], page["height"]) for page in found] and len(set(sizes)) == 3
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png", "many.tif"]


def test_words_of_a_document_say_where_it_may_change(pages, tmp_path):
    first, other = [Image.fromarray(np.full((40, 50, 3), 250, np.uint8)) for _ in range(2)]
    path, table = tmp_path / "two.tif", tmp_path / "words.json"
    first.save(path, save_all=True, append_images=[other])
    assert detect.main([str(path), "--json", str(table)]) == 0
    marks = Marks.read([table], [], path)
    for index in (0, 1):
        where, *_ = marks.maps(path, index + 1, index, 2, (40, 50))
        assert where[20, 25] and not where[0, 0]


def test_thresholds_not_given_are_those_of_the_weights(pages, monkeypatch):
    monkeypatch.setattr(detect, "default_thresholds", lambda weights: Thresholds(text=0.6))
    assert detect.main([str(pages), "--low-text", "0.3"]) == 0
    assert Seen.thresholds == Thresholds(text=0.6, low=0.3)
    assert detect.main([str(pages), "--text-threshold", "0.8", "--link-threshold", "0.2"]) == 0
    assert Seen.thresholds == Thresholds(text=0.8, link=0.2)


def test_a_bad_page_does_not_stop_the_rest(pages, tmp_path, capsys):
    (pages / "aa.png").write_bytes(b"no image")
    table = tmp_path / "words.json"
    assert detect.main([str(pages), "--json", str(table)]) == 1
    assert f"infer.detect: {pages / 'aa.png'}: cannot be read" in capsys.readouterr().err
    assert [Path(page["file"]).name for page in json.loads(table.read_text())] == ["a.png", "b.png"]


def test_nor_does_what_nobody_expected(pages, capsys, monkeypatch):
    def each_page(path, read=detect.each_page):
        if path.name == "a.png":
            raise ZeroDivisionError("float division by zero")
        return read(path)

    monkeypatch.setattr(detect, "each_page", each_page)
    assert detect.main([str(pages)]) == 1
    said = capsys.readouterr()
    assert f"infer.detect: {pages / 'a.png'}: float division by zero\n" in said.err
    assert len(json.loads(said.out)) == 1


def test_nothing_is_overwritten_unasked(pages, tmp_path, capsys):
    table = tmp_path / "words.json"
    table.write_text("mine")
    (tmp_path / "b.png").write_text("mine")
    for options in (["--json", table], ["--overlay", tmp_path]):
        assert detect.main([str(pages), *map(str, options)]) == 2
        assert "exists; --overwrite replaces it" in capsys.readouterr().err
    assert table.read_text() == (tmp_path / "b.png").read_text() == "mine"
    assert detect.main([str(pages), "--json", str(table), "--overwrite"]) == 0
    assert len(json.loads(table.read_text())) == 2
    for target in ("--overlay", str(pages)), ("--json", str(pages / "a.png")):
        assert detect.main([str(pages / "a.png"), *target, "--overwrite"]) == 2
        assert "is one of the inputs" in capsys.readouterr().err


@pytest.mark.parametrize("options, message", [
    (["--weights", "no.pdparams"], "no.pdparams: is no checkpoint"),
    (["--low-text", "1.5"], "between 0 and 1, got low 1.5"),
    (["--json", "nowhere/words.json"], "nowhere/words.json: the JSON must be a file in a folder"),
])
def test_wrong_arguments(pages, capsys, options, message):
    assert detect.main([str(pages), *options]) == 2
    assert message in capsys.readouterr().err


def test_a_full_disk(pages, tmp_path, capsys, full_disk):
    with full_disk(100):
        assert detect.main([str(pages), "--json", str(tmp_path / "words.json")]) == 1
    assert "words.json: File too large" in capsys.readouterr().err
    assert not (tmp_path / "words.json").exists()
