"""The command test.py on PDFs and TIFFs of several pages."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from data.image_io import read_image, write_image
from data.manifest import NAME
from infer.eraser import Eraser

ROOT = Path(__file__).parents[1]


def draw(seed=0, height=40, width=30):
    return np.random.default_rng(seed).integers(100, 200, (height, width, 3), dtype=np.uint8)


def make_pdf(path, pages=3, drawn=(), **size):
    """A PDF of scanned pages, and of `drawn` ones, counted from 0."""
    Path(path).parent.mkdir(exist_ok=True)
    paper = canvas.Canvas(str(path), pagesize=(300, 400))
    paper.setTitle("Klausur")
    for number in range(pages):
        if number in drawn:
            paper.drawString(30, 300, f"Drawn with letters, page {number + 1}")
        else:
            paper.drawImage(ImageReader(Image.fromarray(draw(number, **size))), 0, 0, 300, 400)
        paper.showPage()
    paper.save()
    return Path(path)


def make_tiff(path, *modes):
    first, *rest = [Image.fromarray(draw(seed)).convert(mode) for seed, mode in enumerate(modes)]
    first.save(path, save_all=True, append_images=rest, compression="tiff_lzw", dpi=(300, 300))
    return Path(path)


def pictures(path):
    """The one picture of every page of a PDF; None for pages without."""
    with pikepdf.open(path) as pdf:
        found = [[*page.Resources.get("/XObject", {}).items()] for page in pdf.pages]
        return [np.asarray(pikepdf.PdfImage(one[0][1]).as_pil_image().convert("RGB"))
                if one else None for one in found]


def frames(path):
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            yield image.copy()


def problems(err):
    return [line for line in err.splitlines() if line.startswith("test.py: ")]


def test_a_pdf_becomes_a_pdf(run):
    make_pdf("in/exam.PDF")
    make_tiff("in/fax.tiff", "RGB", "L")
    write_image("in/page.png", draw(7))
    for choice in ("png", "jpg"):
        status, out, err = run("in", "--format", choice, "--output", choice, "--zip", "z.zip")
        assert (status, problems(err)) == (0, [])
        assert out == f"3 erased, 0 up to date, 0 failed: {choice}; z.zip\n"
        names = sorted(path.name for path in Path(choice).glob("[!.]*"))
        assert names == ["exam.pdf", "fax.tiff", f"page.{choice}"]
        for number, picture in enumerate(pictures(f"{choice}/exam.pdf")):
            np.testing.assert_array_equal(picture, draw(number) - 40)
        colour, grey = frames(f"{choice}/fax.tiff")
        np.testing.assert_array_equal(np.asarray(colour), draw(0) - 40)
        np.testing.assert_array_equal(np.asarray(grey), np.asarray(
            Image.fromarray(draw(1)).convert("L")) - 40)
        with zipfile.ZipFile("z.zip") as archive:  # of a leaderboard, which has images only
            assert archive.namelist() == ["page.png"]
    with pikepdf.open("png/exam.pdf") as pdf:
        assert pdf.docinfo["/Title"] == "Klausur"
        assert [list(page.MediaBox) for page in pdf.pages] == [[0, 0, 300, 400]] * 3
    Path("z.zip").unlink()
    assert run("in/exam.PDF", "--zip", "z.zip", "--output", "png")[:2] == (
        0, "0 erased, 1 up to date, 0 failed: png\n")
    assert not Path("z.zip").exists()


def test_masks_are_a_tiff(run):
    make_pdf("in/exam.pdf")
    make_tiff("in/fax.tif", "RGB", "1")
    assert run("in", "--mask", "masks", ["unsure"])[0] == 0
    for name, count in (("exam", 3), ("fax", 2)):
        masks = list(frames(f"masks/{name}.tif"))
        assert len(masks) == count
        for mask in masks:
            assert (mask.mode, mask.size, mask.getextrema()) == ("L", (30, 40), (128, 128))
    assert run("in", "--mask", "masks", ["unsure"])[1].startswith("0 erased, 2 up to date")
    Path("masks/exam.tif").unlink()
    before = Path("out/exam.pdf").stat().st_mtime_ns
    assert run("in", "--mask", "masks", ["unsure"])[1].startswith("1 erased, 1 up to date")
    assert Path("out/exam.pdf").stat().st_mtime_ns == before


def test_what_a_result_was_made_with(run):
    make_pdf("in/exam.pdf")
    write_image("in/page.png", draw())
    for arguments, made in [
        ([], 2), ([], 0), (["--pages", "1-2"], 1), (["--pages", "1-2"], 0), (["--dpi", "20"], 1),
        (["--drop-annotations"], 1), (["--flatten"], 2), (["--flatten"], 0), (["--batch", "2"], 2),
        (["--batch", "3"], 0),
    ]:
        assert run("in", *arguments)[1].startswith(f"{made} erased, {2 - made} up to date")


def test_chosen_pages(run):
    make_pdf("in/exam.pdf", 4)
    make_tiff("in/fax.tif", "RGB", "RGB")
    write_image("in/page.png", draw(7))
    status, out, err = run("in", "--pages", "2-")
    assert (status, problems(err)) == (0, [])
    for number, picture in enumerate(pictures("out/exam.pdf")):
        np.testing.assert_array_equal(picture, draw(number) - 40 * (number > 0))
    kept, erased = frames("out/fax.tif")
    np.testing.assert_array_equal(np.asarray(kept), draw(0))
    np.testing.assert_array_equal(np.asarray(erased), draw(1) - 40)
    np.testing.assert_array_equal(read_image("out/page.png"), draw(7) - 40)
    status, out, err = run("in", "--pages", "3")
    assert (status, out) == (1, "1 erased, 1 up to date, 1 failed: out\n")
    assert problems(err) == ["test.py: in/fax.tif: pages '3': no pages 3 among 1-2"]


@pytest.mark.parametrize("arguments, message", [
    (["--pages", "x"], "pages 'x': expected numbers and ranges such as 1-3,7,9-"),
    (["--pages", "2-1"], "pages '2-1': no pages 2-1 among"), (["--dpi", "1"], "dpi must be 10 to"),
])
def test_wrong_settings_are_said_before_any_work(run, arguments, message):
    make_pdf("in/exam.pdf")
    status, out, err = run("in", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"test.py: {message}")
    assert not Path("out").exists()


def test_drawn_pages_are_said_and_kept_where_asked(run):
    make_pdf("in/slides.pdf", 3, drawn=(0, 2))
    with pikepdf.open("in/slides.pdf", allow_overwriting_input=True) as pdf:
        pdf.pages[2].Annots = pikepdf.Array([pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText,
            Rect=pikepdf.Array([10, 10, 90, 90]))])
        pdf.save()
    status, out, err = run("in", "--dpi", "36")
    assert status == 0
    assert problems(err) == [
        "test.py: in/slides.pdf: 2 of 3 pages are drawn, not scanned, and become pictures; "
        "--drop-annotations keeps such pages and drops only what was laid on them (ink, stamps, "
        "highlights, notes)"]
    assert [picture.shape for picture in pictures("out/slides.pdf")] == [(200, 150, 3)] * 3
    status, out, err = run("in", "--drop-annotations")
    assert (status, problems(err)) == (0, [])
    first, second, third = pictures("out/slides.pdf")
    assert first is third is None
    np.testing.assert_array_equal(second, draw(1) - 40)
    with pypdfium2.PdfDocument("out/slides.pdf") as pdf:
        assert pdf[2].get_textpage().get_text_bounded() == "Drawn with letters, page 3"
    with pikepdf.open("out/slides.pdf") as pdf:
        assert not len(pdf.pages[2].Annots)
    # Nothing is rendered where nothing was scanned.
    make_pdf("all/drawn.pdf", 2, drawn=(0, 1))
    status, out, err = run("all", "--drop-annotations", "--mask", "masks")
    assert (status, out[:8]) == (0, "1 erased")
    assert [os.listdir("masks"), Path("out/drawn.pdf").exists()] == [[NAME], True]
    assert problems(err) == ["test.py: all/drawn.pdf: nothing was laid on its 2 drawn pages; "
                             "without --drop-annotations they are erased as pictures"]
    assert run("all", "--drop-annotations", "--mask", "masks")[1].startswith("0 erased, 1 up to")


def test_bad_documents_are_named_and_leave_nothing(run, monkeypatch):
    make_pdf("in/good.pdf", 2)
    whole = Path("in/good.pdf").read_bytes()
    Path("in/cut.pdf").write_bytes(whole[:len(whole) // 2])
    Path("in/empty.pdf").touch()
    with pikepdf.open("in/good.pdf") as pdf:
        pdf.save("in/locked.pdf", encryption=pikepdf.Encryption(owner="a", user="b"))
        stream = io.BytesIO()
        Image.fromarray(draw(1)).save(stream, "JPEG")
        [(_, image)] = pdf.pages[1].Resources.XObject.items()
        image.write(stream.getvalue()[:300], filter=pikepdf.Name.DCTDecode)
        pdf.save("in/page.pdf")
    pikepdf.new().save("in/none.pdf")
    make_pdf("in/small.pdf", 3, height=50)

    def out_of_memory(self, image, progress, erase=Eraser.__call__):
        if (image.shape[0], image[0, 0, 0]) == (50, draw(1, 50)[0, 0, 0]):
            raise MemoryError
        return erase(self, image, progress)

    monkeypatch.setattr(Eraser, "__call__", out_of_memory)
    status, out, err = run("in")
    assert (status, out) == (1, "1 erased, 0 up to date, 6 failed: out\n")
    for line, start in zip(problems(err), [
        "cut.pdf: cannot be read: no PDF, or a damaged one",
        "empty.pdf: cannot be read: no PDF, or a damaged one",
        "locked.pdf: is encrypted; save it without its password first",
        "none.pdf: the PDF has no pages",
        "page.pdf: page 2 cannot be read: a picture on it is damaged: ",
        "small.pdf: page 2: not enough memory; a smaller --batch or --tile needs less",
    ], strict=True):
        assert line.startswith(f"test.py: in/{start}")
    assert sorted(os.listdir("out")) == [".manifest.jsonl", "good.pdf"]


def test_results_go_nowhere_near_the_inputs(run):
    make_pdf("in/exam.pdf", 1)
    make_tiff("in/fax.tif", "L", "L")
    for name in ("exam.pdf", "fax.tif"):
        status, _, err = run(f"in/{name}", "--output", "in", "--overwrite")
        assert (status, problems(err)) == (
            2, [f"test.py: in/{name}: would be overwritten by what is made of it; choose another "
                "folder"])
    Path("out").mkdir()
    Path("out/exam.pdf").write_text("mine")
    assert run("in/exam.pdf")[0] == 1
    assert Path("out/exam.pdf").read_text() == "mine"


def test_flatten_comes_after_erasing(run):
    page = np.full((300, 200, 3), 90, np.uint8)
    page += np.arange(200, dtype=np.uint8)[None, :, None] // 2
    write_image("page.png", page)
    assert run("page.png", "--flatten", ["same"])[0] == 0
    assert (read_image("out/page.png") == 255).all()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_leaves_no_half_document(run, nets, end):
    make_pdf("in/exam.pdf", 40, height=900)
    command = [sys.executable, str(ROOT / "test.py"), "in", "--output", "out", "--weights",
               str(nets["darker"]), *run.settings]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert any(line.startswith("engine: ") for line in process.stderr)  # it begins with pages
        time.sleep(0.3)
        process.send_signal(end)
        said = process.stderr.read()
    if end == signal.SIGINT:
        assert said.endswith("test.py: stopped; a second run goes on from here\n")
        assert "Traceback" not in said
    assert process.returncode == (130 if end == signal.SIGINT else -end)
    assert not list(Path("out").glob("*exam*"))
    assert run("in", "--pages", "1")[1].startswith("1 erased")
