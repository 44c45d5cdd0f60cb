"""What is refused before it is decoded, and what is not."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from app.uploads import clean_name
from data.image_io import encode_image


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side=30_000):
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side // 8)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)
            + chunk(b"IEND", b""))


def saved(image, **options):
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


SHEET = Image.new("L", (8, 8))
PDF_BOMB = saved(SHEET, format="PDF").replace(b"/Width 8", b"/Width 90000").replace(
    b"/Height 8", b"/Height 90000")


@pytest.mark.parametrize("name, make, status, words", [
    ("notes.txt", lambda: b"hello", 422, "notes.txt: cannot be read: not an image"),
    ("empty.png", lambda: b"", 422, "empty.png: cannot be read: the file is empty"),
    ("cut.png", lambda: encode_image(np.zeros((9, 9, 3), np.uint8))[:20], 422, "cut.png: "),
    ("bomb.png", png_bomb, 413, "bomb.png: 30000x30000 pixels are more than the 1 megapixels"),
    ("bomb.pdf", lambda: PDF_BOMB, 413, "bomb.pdf: 90000x90000 pixels are more"),
    ("book.tif", lambda: saved(SHEET, format="TIFF", save_all=True, append_images=[SHEET] * 3),
     413, "book.tif: more than 3 pages"),
    ("book.pdf", lambda: saved(SHEET, format="PDF", save_all=True, append_images=[SHEET] * 3),
     413, "book.pdf: more than 3 pages"),
    ("cut.pdf", lambda: b"%PDF-1.7\n", 422, "cut.pdf: cannot be read: no PDF"),
    ("art.eps", lambda: saved(SHEET, format="EPS"), 422, "art.eps: not a PDF or an image"),
    ("page.gif", lambda: saved(SHEET, format="GIF"), 422, "page.gif: not a PDF or an image"),
    ("huge.png", lambda: bytes(3 * 2**20), 413, "more than the 2 megabytes"),
    ("../../etc/x.txt", lambda: b"hello", 422, "x.txt: "),
])
def test_what_is_refused(client, name, make, status, words):
    answer = client.upload(make(), name)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(words)


def test_kinds_are_told_by_content(client, page, make_pdf):
    for content in (saved(Image.fromarray(page), format="TIFF"), make_pdf(page)):
        job = client.erase(content, "scan")
        assert (job["name"], job["state"]) == ("scan", "done")
        np.testing.assert_array_equal(client.picture(job, "input"), page)


@pytest.mark.parametrize("name, clean", [
    ("a.png", "a.png"), ("/etc/passwd", "passwd"), ("C:\\scans\\a b.png", "a b.png"),
    ("..", "page"), (None, "page"), ("", "page"), ("a\n\x00\u202e.png", "a.png"),
    ("卷 1.pdf", "卷 1.pdf"),
    ("x" * 300 + ".png", "x" * 96 + ".png"),
])
def test_names(name, clean):
    assert clean_name(name) == clean
