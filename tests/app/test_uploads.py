"""What is refused before it is decoded, and what is not."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pikepdf
import pytest
from PIL import Image

import app.uploads
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
    ("locked.pdf", lambda: locked_pdf(), 422, "locked.pdf: is encrypted; save it without its"),
    ("art.eps", lambda: saved(SHEET, format="EPS"), 422, "art.eps: cannot be read: not an image"),
    ("page.gif", lambda: saved(SHEET, format="GIF"), 422, "page.gif: cannot be read: not an image"),
    ("huge.png", lambda: bytes(3 * 2**20), 413, "more than the 2 megabytes"),
    ("../../etc/x.txt", lambda: b"hello", 422, "x.txt: "),
])
def test_what_is_refused(client, name, make, status, words):
    answer = client.upload(make(), name)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(words)


def locked_pdf():
    stream = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(stream, encryption=pikepdf.Encryption(user="user", owner="owner"))
    return stream.getvalue()


def form_bomb(depth=7, times=10):
    """A PDF whose one page shows a form `times` ** `depth` times."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(200, 200))
    inner, content = pikepdf.Dictionary(), b"0 0 9 9 re f\n"
    for _ in range(depth):
        form = pdf.make_stream(content * times, Type=pikepdf.Name.XObject, Resources=inner,
                               Subtype=pikepdf.Name.Form, BBox=[0, 0, 200, 200])
        inner, content = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form)), b"/F Do\n"
    pdf.pages[0].Resources, pdf.pages[0].Contents = inner, pdf.make_stream(content)
    return pdf_bytes(pdf)


def picture_pdf(content, coding, side=100):
    """A PDF of one picture that is said to have so many pixels a side."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(200, 200))
    picture = pikepdf.Stream(pdf, b"")
    picture.write(content, filter=pikepdf.Name(coding))
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    picture.Width = picture.Height = side
    picture.ColorSpace, picture.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
    pdf.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(
        I=pdf.make_indirect(picture)))
    pdf.pages[0].Contents = pdf.make_stream(b"q 200 0 0 200 0 0 cm /I Do Q")
    return pdf_bytes(pdf)


def pdf_bytes(pdf):
    stream = io.BytesIO()
    pdf.save(stream, compress_streams=False)
    return stream.getvalue()


def test_a_pdf_that_takes_too_long(client, monkeypatch, page, make_pdf):
    monkeypatch.setattr(app.uploads, "SECONDS", 0.01)
    answer = client.upload(make_pdf(page), "long.pdf")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("long.pdf: cannot be read within 0.01 seconds")


def test_a_pdf_that_takes_all_it_may_get_holds_no_image(client, page):
    with ThreadPoolExecutor() as others:
        answer = others.submit(client.upload, form_bomb(), "laugh.pdf")
        assert client.erase(page)["state"] == "done"
        assert not answer.done()
    assert answer.result().status_code == 422
    assert answer.result().json()["detail"].startswith("laugh.pdf: cannot be read")


def test_a_pdf_that_unpacks_to_gigabytes(client):
    packer = zlib.compressobj(9)
    packed = packer.compress(b"4 0 null ") + b"".join(
        packer.compress(b" " * 2**22) for _ in range(300)) + packer.flush()
    content, places = b"%PDF-1.5\n", []
    for body in (
            b"<</Type/Catalog/Pages 2 0 R/X 4 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>", None,
            stream(zlib.compress(packed), b"/Type/ObjStm/N 1/First 4/Filter"
                   b"[/FlateDecode/FlateDecode]")):
        places.append(len(content))
        if body:
            content += b"%d 0 obj\n%s\nendobj\n" % (len(places), body)
    rows = [(0, 0, 65535), *((1, place, 0) for place in places), (1, len(content), 0)]
    rows[4] = (2, 5, 0)
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    content += (b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        stream(table, b"/Type/XRef/Size 7/W[1 4 2]/Root 1 0 R"), rows[-1][1]))
    answer = client.upload(content, "bomb.pdf")
    assert len(content) < 10_000
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("bomb.pdf: cannot be read: it takes too much memory")


def stream(content, entries):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


@pytest.mark.parametrize("make, coding, words", [
    (lambda: saved(SHEET, format="EPS"), "/DCTDecode", "is damaged: it is no JPEG"),
    (png_bomb, "/DCTDecode", "is damaged: it is no JPEG"),
    (lambda: saved(Image.new("L", (2000, 900)), format="JPEG"), "/DCTDecode",
     "has 2000x900 pixels, where the PDF says 100x100"),
    (lambda: saved(Image.new("RGB", (2000, 900)), format="JPEG2000"), "/JPXDecode",
     "has 2000x900 pixels, where the PDF says 100x100"),
])
def test_pictures_that_are_not_what_a_pdf_says(client, make, coding, words):
    [page] = client.erase(picture_pdf(make(), coding), "scan.pdf")["pages"]
    assert page["detail"] == f"scan.pdf: page 1 cannot be read: a picture on it {words}"


@pytest.mark.parametrize("kind, coding", [("JPEG", "/DCTDecode"), ("JPEG2000", "/JPXDecode")])
def test_pictures_that_are_what_a_pdf_says(client, kind, coding):
    content = saved(Image.new("RGB", (100, 100), "white"), format=kind)
    assert client.erase(picture_pdf(content, coding), "scan.pdf")["state"] == "done"


def test_kinds_are_told_by_content(client, page, make_pdf):
    for content in (saved(Image.fromarray(page), format="TIFF"), make_pdf(page)):
        job = client.erase(content, "scan")
        assert (job["name"], job["state"]) == ("scan", "done")
        np.testing.assert_array_equal(client.picture(job, "input"), page)


def test_photos_of_phones(client, page):
    content = saved(Image.fromarray(page), format="HEIF")
    job = client.erase(content, "IMG_1.HEIC")
    assert job["state"] == "done"
    np.testing.assert_array_equal(client.picture(job, "input"), Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("name, clean", [
    ("a.png", "a.png"), ("/etc/passwd", "passwd"), ("C:\\scans\\a b.png", "a b.png"),
    ("..", "page"), (None, "page"), ("", "page"), ("a\n\x00\u202e.png", "a.png"),
    ("卷 1.pdf", "卷 1.pdf"),
    ("x" * 300 + ".png", "x" * 96 + ".png"),
])
def test_names(name, clean):
    assert clean_name(name) == clean
