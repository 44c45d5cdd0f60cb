"""PDFs, built by reportlab or by hand, erased by inverting them and looked at with PDFium."""

import io
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from data import pdf as module
from data.documents import encode_page, open_document

A4 = 595.32, 841.92


def noise(width=31, height=44, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def picture(seed=0, kind="RGB", width=124, height=175):
    """Blocks of colours: what JPEG keeps well."""
    small = Image.fromarray(noise(width // 8, height // 8, seed))
    image = small.resize((width, height), Image.Resampling.NEAREST)
    return Image.open(jpeg(image)) if kind == "JPEG" else image.convert(kind)


def jpeg(image):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, subsampling=0)
    stream.seek(0)
    return stream


def pixels(image):
    return np.asarray(image.convert("RGB"))


def build(*pages, size=A4, **options):
    """A PDF by reportlab: each page is a function that draws on a canvas."""
    stream = io.BytesIO()
    paper = canvas.Canvas(stream, pagesize=size, **options)
    for draw in pages:
        draw(paper)
        paper.showPage()
    paper.save()
    return stream.getvalue()


def scan(seed=0, kind="RGB", place=(0, 0, *A4)):
    image = jpeg(picture(seed)) if kind == "JPEG" else picture(seed, kind)
    return lambda paper: paper.drawImage(ImageReader(image), *place)


def lines(count=5):
    def draw(paper):
        for i in range(count):
            paper.drawString(72, 700 - 20 * i, "What is drawn with letters is no scan.")
    return draw


def by_hand(matrix, rotate=0, box=(0, 0, *A4), image=None, **more):
    """A PDF of a page that shows one picture through `matrix`; `more` goes into the page."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page().obj
    page.MediaBox, page.Rotate = Array(box), rotate
    page.Resources = Dictionary(XObject=Dictionary(I=stored(pdf, image or picture())))
    numbers = " ".join(f"{number:f}" for number in matrix)
    page.Contents = pdf.make_stream(f"q {numbers} cm /I Do Q".encode())
    for name, value in more.items():
        page[f"/{name}"] = value
    return saved(pdf)


def stored(pdf, image):
    """A picture as a PDF's object."""
    return pdf.make_stream(
        image.tobytes(), Type=Name.XObject, Subtype=Name.Image, Width=image.width,
        Height=image.height, BitsPerComponent=1 if image.mode == "1" else 8,
        ColorSpace=Name.DeviceRGB if image.mode == "RGB" else Name.DeviceGray)


def sharing(pages):
    """A PDF whose pages inherit one list of all their pictures, as some writers make them."""
    pdf = pikepdf.new()
    for number in range(pages):
        page = pdf.add_blank_page().obj
        page.MediaBox = Array([0, 0, *A4])
        page.Contents = pdf.make_stream(f"{A4[0]} 0 0 {A4[1]} 0 0 cm /I{number} Do".encode())
        del page.Resources
    pdf.Root.Pages.Resources = Dictionary(XObject=Dictionary(
        {f"/I{number}": stored(pdf, picture(number)) for number in range(pages)}))
    return saved(pdf)


def saved(pdf, **options):
    stream = io.BytesIO()
    pdf.save(stream, **options)
    return stream.getvalue()


def shown(content, index=0, scale=1.0):
    """How PDFium shows a page, annotations and all."""
    pdf = pypdfium2.PdfDocument(content)
    page = pdf[index].render(scale=scale, rev_byteorder=True).to_numpy()
    pdf.close()
    return page


def inverted(content, **options):
    """The file with inverted pages, and its pages as they were read."""
    with open_document("a.pdf", content, **options) as document:
        pages = list(document)
        stream = io.BytesIO()
        document.write(stream, [encode_page(page, 255 - page.image, ".pdf") for page in pages])
    return stream.getvalue(), pages


def pictures_in(content):
    """The filters and the picture of every page."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pages = [[pikepdf.PdfImage(one) for _, one in page.Resources.XObject.items()]
                 for page in pdf.pages]
        return [(one.filters, one.as_pil_image()) for [one] in pages]


@pytest.mark.parametrize("rotate, way, kind", [
    *itertools.product((0, 90, 180, 270), range(8), ["RGB"]), (90, 5, "L"), (270, 2, "1")])
def test_a_scan_is_read_as_it_is_and_put_back_where_it_was(rotate, way, kind):
    """However the page is rotated and its picture turned and mirrored, in a box that is off 0."""
    (width, height), left, bottom = A4, 10.3, -7.7
    # The picture's right and lower side run along the axes of the page: the matrix, and how the
    # page looks before it is rotated.
    mirrored, upended, lying = way & 1, way & 2, way & 4
    image = picture(kind=kind)
    across = (-width if mirrored else width, width * mirrored)
    up = (-height if upended else height, height * bool(upended))
    seen = pixels(image)
    if lying:
        matrix = 0, up[0], across[0], 0, across[1] + left, up[1] + bottom
        seen = seen.transpose(1, 0, 2)[::-1, ::-1]
    else:
        matrix = across[0], 0, 0, up[0], across[1] + left, up[1] + bottom
    seen = seen[:, ::-1] if mirrored else seen
    seen = seen[::-1] if upended else seen
    seen = np.rot90(seen, -rotate // 90)
    content = by_hand(matrix, rotate, (left, bottom, left + width, bottom + height), image)
    result, [page] = inverted(content)
    np.testing.assert_array_equal(page.image, seen)
    assert page.mode == kind
    np.testing.assert_array_equal(inverted(result)[1][0].image, 255 - seen)
    before, after = shown(content).astype(int), shown(result)
    assert after.shape == before.shape
    assert np.abs(255 - before - after).mean() < 4
    with pikepdf.open(io.BytesIO(result)) as pdf, pikepdf.open(io.BytesIO(content)) as old:
        assert pdf.pages[0].MediaBox == old.pages[0].MediaBox
        assert pdf.pages[0].Rotate == rotate


@pytest.mark.parametrize("kind, coding, inside", [
    ("JPEG", "jpeg", "/DCTDecode"), ("RGB", "raw", "/FlateDecode"), ("L", "raw", "/FlateDecode"),
    ("1", "raw", "/CCITTFaxDecode")])
def test_what_lost_pixels_before_may_lose_some_again(kind, coding, inside):
    if kind == "JPEG":
        content = build(scan(kind=kind))
    else:
        content = by_hand((A4[0], 0, 0, A4[1], 0, 0), image=picture(kind=kind))
    result, [page] = inverted(content)
    assert (page.coding, page.mode) == (coding, "RGB" if kind == "JPEG" else kind)
    [(filters, made)] = pictures_in(result)
    assert (filters, made.mode) == ([inside], page.mode)
    off = np.abs(pixels(made).astype(int) - (255 - page.image))
    assert off.max() == 0 if kind != "JPEG" else off.mean() < 3
    assert page.dpi == pytest.approx((124 / A4[0] * 72, 175 / A4[1] * 72))


def test_pages_keep_their_order_and_sizes():
    sizes = [A4, (842, 595), (300, 400), (100, 50)]

    def page(number):
        def draw(paper):
            paper.setPageSize(sizes[number])
            scan(number, "JPEG", (0, 0, *sizes[number]))(paper)
        return draw

    content = build(*map(page, range(4)))
    with open_document("a.pdf", content) as document:
        assert (document.kind, len(document), document.total) == ("pdf", 4, 4)
        assert document.numbers == [1, 2, 3, 4]
        assert document.sizes == [(124, 175)] * 4
        assert document.digital == [False] * 4
        assert document.hint is None
        for number, read in enumerate(document):
            np.testing.assert_array_equal(read.image, pixels(picture(number, "JPEG")))
    result, _ = inverted(content)
    with pikepdf.open(io.BytesIO(result)) as pdf:
        boxes = [[float(side) for side in list(page.MediaBox)[2:]] for page in pdf.pages]
    assert boxes == [list(map(pytest.approx, size)) for size in sizes]
    for number, (_, made) in enumerate(pictures_in(result)):
        off = np.abs(pixels(made) - (255.0 - pixels(picture(number, "JPEG"))))
        assert off.mean() < 3


def test_what_a_page_crops_is_neither_shown_nor_kept():
    width, height = A4
    content = by_hand((width, 0, 0, height, 0, 0),
                      CropBox=Array([width / 4, height / 5, width, height]))
    result, [page] = inverted(content)
    np.testing.assert_array_equal(page.image, pixels(picture())[:140, 31:])
    [(_, made)] = pictures_in(result)
    assert made.size == (93, 140)
    np.testing.assert_array_equal(inverted(result)[1][0].image, 255 - page.image)


def test_a_scan_smaller_than_its_page():
    """Its pixels are its own, too, with paper around them."""
    result, [page] = inverted(build(scan(place=(100, 80, 400, 700))))
    height, width = page.image.shape[:2]
    assert abs(width - A4[0] * 124 / 400) <= 1
    assert abs(height - A4[1] * 175 / 700) <= 1
    top, left = round((A4[1] - 780) * 175 / 700), 31
    np.testing.assert_array_equal(page.image[top:top + 175, left:left + 124], pixels(picture()))
    page.image[top:top + 175, left:left + 124] = 255
    assert (page.image == 255).all()
    np.testing.assert_array_equal(inverted(result)[1][0].image[top + 175:], 0)


def test_two_scans_on_a_page():
    """Rendered as fine as the finer one."""
    def draw(paper):
        scan(0, place=(0, 421, 595, 421))(paper)
        paper.drawImage(ImageReader(picture(1, width=248, height=176)), 0, 0, 595, 421)

    with open_document("a.pdf", build(draw)) as document:
        assert document.sizes == [(248, 352)]
        [page] = document
    np.testing.assert_array_equal(page.image[176:], pixels(picture(1, width=248, height=176)))
    upper = pixels(picture(0).resize((248, 176)))
    assert np.abs(page.image[:176].astype(int) - upper).mean() < 12


def test_a_picture_that_is_askew_is_rendered_at_its_resolution():
    content = by_hand((500, 50, -60, 800, 80, 10))
    with open_document("a.pdf", content) as document:
        [(width, height)] = document.sizes
        [page] = document
    assert (width, height) == (147, 184)
    assert page.image.shape == (height, width, 3)


def test_a_picture_that_is_nowhere():
    content = by_hand((0, 0, 0, 0, 100, 100))
    result, [page] = inverted(content)
    assert (page.image == 255).all()
    assert (shown(result) == 0).all()


@pytest.mark.parametrize("dpi", [None, 300])
def test_drawn_pages_keep_their_places(dpi):
    """No ink moves, up to the far corner, to a pixel of the picture."""
    def draw(paper):
        lines()(paper)
        paper.rect(2, 2, A4[0] - 4, A4[1] - 4)

    content = build(draw)
    with open_document("a.pdf", content, dpi=dpi) as document:
        [page] = document
        stream = io.BytesIO()
        document.write(stream, [encode_page(page, page.image, ".pdf")])
    dark = [shown(one, scale=300 / 72).min(axis=2) < 128 for one in (content, stream.getvalue())]
    before, after = (np.array([np.flatnonzero(ink.any(axis=axis))[[0, -1]] for axis in (0, 1)])
                     for ink in dark)
    assert np.abs(before - after).max() <= 1


@pytest.mark.parametrize("dpi", [50, 100.5])
def test_dpi_wins(dpi):
    result, [page] = inverted(build(scan()), dpi=dpi)
    assert page.dpi == (dpi, dpi)
    assert page.image.shape[:2] == tuple(round(side * dpi / 72) for side in A4[::-1])
    before = shown(build(scan())).astype(int)
    assert np.abs(255 - before - shown(result)).mean() < 40


def test_print_on_a_scan_does_not_make_it_digital():
    """Nor do letters below it or letters that are not shown, as of text recognition."""
    def hidden(paper):
        text = paper.beginText(72, 700)
        text.setTextRenderMode(3)
        text.textLines("nobody sees this " * 50)
        paper.drawText(text)

    def page(*parts):
        return lambda paper: [part(paper) for part in parts]

    content = build(page(scan(), lambda paper: paper.drawString(72, 20, "Scanned by somebody")),
                    page(scan(), hidden), page(lines(), scan()), page(scan(), lines()), lines(),
                    lambda paper: None, page(scan(place=(200, 500, 60, 60)), lines(1)))
    with open_document("a.pdf", content) as document:
        assert document.digital == [False] * 3 + [True] * 4
        assert document.sizes[:3] == [(124, 175)] * 3
        assert document.sizes[3:] == [(2481, 3508)] * 4
        for index in (1, 2):
            np.testing.assert_array_equal(document[index].image, pixels(picture()))
        assert (document[0].image[:160] == pixels(picture())[:160]).all()
        assert document.hint.startswith("4 of 7 pages are drawn, not scanned, and become pictures")
    result, _ = inverted(content, pages="2,3", dpi=72)
    with pypdfium2.PdfDocument(result) as pdf:
        texts = [page.get_textpage().get_text_bounded() for page in pdf]
    assert ["Scanned by" in texts[0], *map(bool, texts[1:4])] == [True, False, False, True]


def note(kind, **more):
    return Dictionary(Type=Name.Annot, Subtype=Name(f"/{kind}"), Rect=Array([50, 50, 300, 300]),
                      Contents=f"a secret {kind}", **more)


def annotated(content):
    """The file with notes, a link and a form field on every page."""
    pdf = pikepdf.open(io.BytesIO(content))
    fields = []
    for page in pdf.pages:
        field = pdf.make_indirect(Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="name", V="typed",
            Rect=Array([400, 100, 500, 120])))
        fields.append(field)
        look = pdf.make_stream(b"1 0 0 rg 0 0 250 250 re f", Type=Name.XObject, Subtype=Name.Form,
                               BBox=Array([0, 0, 250, 250]))
        stamp = pdf.make_indirect(note("Stamp", AP=Dictionary(N=look)))
        pdf.Root["/Elsewhere"] = stamp
        link = note("Link", A=Dictionary(S=Name.URI, URI="https://example.org"))
        page.Annots = Array([stamp, note("Ink", InkList=Array([Array([1, 2, 3, 4])])), link,
                             note("Highlight"), field, note("FreeText"), note("Popup"), None])
    pdf.Root.AcroForm = Dictionary(Fields=Array(fields))
    return saved(pdf)


def test_annotations_are_dropped_and_drawn_pages_stay_as_they_are():
    plain = build(lines(), scan(), lines(3))
    content = annotated(plain)
    assert (shown(content) != shown(plain)).any()
    result, pages = inverted(content, drop_annotations=True)
    assert len(pages) == 1
    np.testing.assert_array_equal(pages[0].image, pixels(picture()))
    for index in (0, 2):
        np.testing.assert_array_equal(shown(result, index), shown(plain, index))
    assert np.abs(255.0 - shown(plain, 1) - shown(result, 1)).mean() < 4
    with pikepdf.open(io.BytesIO(result)) as pdf, pikepdf.open(io.BytesIO(plain)) as old:
        for page in pdf.pages:
            assert [one.Subtype for one in page.Annots if one] == [Name.Link, Name.Widget]
        assert pdf.pages[0].Contents.read_bytes() == old.pages[0].Contents.read_bytes()
        assert [str(field.V) for field in pdf.Root.AcroForm.Fields] == ["typed"] * 3
    for kind in ("Stamp", "Ink", "Highlight", "FreeText"):
        assert f"a secret {kind}".encode() in content
        assert f"a secret {kind}".encode() not in result
    # Not asked for: all pages become pictures, without what was laid on them.
    result, pages = inverted(content, dpi=72)
    assert len(pages) == 3
    assert b"a secret Ink" not in result
    assert np.abs(255.0 - shown(plain) - shown(result)).mean() < 4


def test_notes_of_no_sensible_kind_stay():
    pdf = pikepdf.open(io.BytesIO(build(lines(), scan())))
    for page in pdf.pages:
        page.Annots = Array([Dictionary(Subtype=Array([1, 2])), Dictionary(Subtype=Dictionary()),
                             Dictionary(), note("Ink")])
    result, _ = inverted(saved(pdf), drop_annotations=True)
    with pikepdf.open(io.BytesIO(result)) as pdf:
        assert [len(page.Annots) for page in pdf.pages] == [3, 3]


def test_nothing_to_drop_is_said():
    with open_document("a.pdf", build(lines(), lines()), drop_annotations=True) as document:
        assert (len(document), document.total) == (0, 2)
        assert document.hint.startswith("nothing was laid on its 2 drawn pages")
    with open_document("a.pdf", annotated(build(lines())), drop_annotations=True) as document:
        assert document.hint is None


def test_the_rest_of_the_file_stays():
    content = build(scan(0), scan(1), lines())
    with pikepdf.open(io.BytesIO(content)) as pdf:
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("third", 2))
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = "Klausur"
        pdf.docinfo["/Author"] = "试卷"
        pdf.docinfo["/CreationDate"] = "D:20200102030405+01'00'"
        pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r)]))
        content = saved(pdf)
    result, _ = inverted(content, pages="1-2")
    with pikepdf.open(io.BytesIO(result)) as pdf, pikepdf.open(io.BytesIO(content)) as old:
        assert dict(pdf.docinfo) == dict(old.docinfo)
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == "Klausur"
        with pdf.open_outline() as outline:
            assert [(item.title, item.destination[0].objgen) for item in outline.root] == [
                ("third", pdf.pages[2].obj.objgen)]
        assert pdf.pages[0].label == "i"
    np.testing.assert_array_equal(shown(result, 2), shown(content, 2))
    assert inverted(content, pages="1-2")[0] == result  # to the byte


def test_nothing_of_an_erased_page_stays_in_the_file():
    content = by_hand((A4[0], 0, 0, A4[1], 0, 0), Thumb=Dictionary(V="a secret"),
                      PieceInfo=Dictionary(Maker="a secret"))
    assert content.count(b"a secret") == 2
    assert b"a secret" not in inverted(content)[0]


@pytest.mark.parametrize("chosen", ["1-3", "1", "2-3"])
def test_nor_do_pictures_that_other_pages_could_show(chosen):
    result, pages = inverted(sharing(3), pages=chosen)
    expected = [picture(number).tobytes() for number in range(3)]
    for number, page in zip({"1-3": (0, 1, 2), "1": (0,), "2-3": (1, 2)}[chosen], pages,
                            strict=True):
        expected[number] = (255 - page.image).tobytes()
    with pikepdf.open(io.BytesIO(result)) as pdf:
        streams = [one for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        there = [pikepdf.PdfImage(one).as_pil_image().tobytes() for one in streams
                 if one.get("/Subtype") == Name.Image]
    assert sorted(there) == sorted(expected)


def test_chosen_pages_are_erased_and_the_others_stay():
    content = build(*(scan(number, "JPEG") for number in range(5)))
    result, pages = inverted(content, pages="4-,2")
    assert len(pages) == 3
    for index in range(5):
        before, after = shown(content, index), shown(result, index)
        if index in (0, 2):
            np.testing.assert_array_equal(after, before)
        else:
            assert np.abs(255.0 - before - after).mean() < 4


def test_bad_files_are_named(tmp_path):
    content = build(scan(kind="JPEG"), scan(1, "JPEG"))
    pdf = pikepdf.open(io.BytesIO(content))
    head, _, tail = sharing(2).rpartition(b"/Page >>")
    lost = head + b"/Page >" + tail  # a page that is none
    for bad, message in [
        (content[:len(content) // 2], "cannot be read: no PDF, or a damaged one"),
        (saved(pdf)[:-600], "cannot be read: no PDF, or a damaged one"),
        (b"", "cannot be read: no PDF, or a damaged one"),
        (b"no PDF", "cannot be read: no PDF, or a damaged one"),
        (lost, "is damaged: 1 of 2 pages are lost"),
        (saved(pikepdf.new()), "the PDF has no pages"),
        (saved(pdf, encryption=pikepdf.Encryption(owner="a", user="b")), "is encrypted; save it w"),
    ]:
        with pytest.raises(ValueError, match=f"^in/a.pdf: {message}"):
            open_document("in/a.pdf", bad)
        (tmp_path / "a.pdf").write_bytes(bad)
        with pytest.raises(ValueError, match=f"a.pdf: {message}"):
            open_document(tmp_path / "a.pdf")
    with pytest.raises(ValueError, match="gone.pdf: no such file"):
        open_document(tmp_path / "gone.pdf")
    with pytest.raises(ValueError, match="^a.pdf: pages '1,3': no pages 3 among 1-2"):
        open_document("a.pdf", content, pages="1,3")
    with suppress(ValueError):  # of newer versions of qpdf, as a RuntimeError
        open_document("a.pdf", lost.replace(b"/Count 2", b"/Count 0.5")).close()
    # Without a password to open it, it is only to be read; the result is free.
    closed = saved(pdf, encryption=pikepdf.Encryption(owner="a", user=""))
    np.testing.assert_array_equal(inverted(closed)[1][0].image, pixels(picture(kind="JPEG")))
    free = "its restrictions are not kept: the result is not encrypted"
    assert open_document("a.pdf", closed).hint == free
    with pikepdf.open(io.BytesIO(build(lines()))) as pdf:
        drawn = saved(pdf, encryption=pikepdf.Encryption(owner="a", user=""))
    assert re.fullmatch(f"1 of 1 pages are drawn.*; {free}", open_document("a.pdf", drawn).hint)
    with pikepdf.open(io.BytesIO(inverted(closed)[0])) as pdf:
        assert not pdf.is_encrypted


def test_a_damaged_page_is_named():
    pdf = pikepdf.open(io.BytesIO(build(scan(kind="JPEG"), scan(1, "JPEG"))))
    [(_, image)] = pdf.pages[1].Resources.XObject.items()
    whole = jpeg(picture(1)).getvalue()
    image.write(whole[:len(whole) // 2], filter=Name.DCTDecode)
    with open_document("a.pdf", saved(pdf)) as document:
        assert document[0].image.any()
        with pytest.raises(ValueError, match="^a.pdf: page 2 cannot be read: a picture on it is d"):
            document[1]


def test_a_page_without_size_is_named():
    content = by_hand((A4[0], 0, 0, A4[1], 0, 0), CropBox=Array([1000, 1000, 1100, 1100]))
    with pytest.raises(ValueError, match="^a.pdf: page 1 cannot be read: it has no size, or its c"):
        open_document("a.pdf", content)


def test_whatever_goes_wrong_on_a_page_names_it(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("float division by zero")

    content = build(scan())
    document = open_document("a.pdf", content)
    for name in ("render", "lay_out"):
        monkeypatch.setattr(module, name, fail)
    for read in (lambda: document[0], lambda: open_document("a.pdf", content)):
        with pytest.raises(ValueError, match="^a.pdf: page 1 cannot be read: float division by z"):
            read()


def test_a_huge_page_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 5_000_000)
    content = build(scan(), lines())
    with open_document("a.pdf", content) as document:
        assert document.sizes == [(124, 175), (2481, 3508)]
        assert len(document[0].image) == 175
        with pytest.raises(ValueError, match="^a.pdf: page 2 has 2481x3508 pixels, more than 5 mil"
                                             ) as error:
            document[1]
    dpi = int(re.search(r"--dpi (\d+)", str(error.value))[1])
    assert dpi > 200
    assert inverted(content, pages="2", dpi=dpi)[1]


def test_pdfium_is_used_by_one_thread_at_a_time(monkeypatch):
    def locked(work, *arguments):
        assert module.PDFIUM.locked()
        return work(*arguments)

    for name in ("lay_out", "check_pictures", "render"):
        monkeypatch.setattr(module, name, partial(locked, getattr(module, name)))
    content = build(*(scan(number) for number in range(4)))
    with (open_document("a.pdf", content) as one, open_document("b.pdf", content) as two,
          ThreadPoolExecutor(4) as pool):
        for index, page in enumerate(pool.map(lambda i: (two if i % 2 else one)[i % 4], range(16))):
            np.testing.assert_array_equal(page.image, pixels(picture(index % 4)))
