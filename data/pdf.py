"""PDFs: pages rendered pixel for pixel as they were scanned, and put back where they were.

PDFium renders, pikepdf changes the file, img2pdf turns pictures into what a PDF holds. Of erased
pages the contents and what readers laid on them are replaced; the rest of the file stays: sizes,
outline, links, form fields, metadata.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from math import floor, sqrt
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

import img2pdf
import numpy as np
import pikepdf
import pypdfium2
from PIL import Image
from pypdfium2 import raw

from data.documents import Document, PageImage, parse_pages
from data.errors import reason

PDFIUM = Lock()  # PDFium is not made for threads
POINTS = 72  # an inch
DRAWN_DPI = 300  # of pages that are drawn rather than scanned
LARGEST = 400_000_000  # pixels of a page: 1.2 GB, and a multiple of that while it is erased
SCAN = 0.5  # of a page: pictures that cover as much are scans of it
COVER = 0.8  # of a page: a picture that covers as much hides what was drawn before
PART = 0.1  # of a page: what smaller pictures show does not count
LABEL = 100  # letters at most that a scanner or an archive prints on a scan
UNSEEN = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
LOSSY = {"DCTDecode", "JPXDecode"}
# PDFium widens a picture by a pixel, and blurs it, where rounding moves it over a pixel's border.
INSIDE = 0.01  # pixels

# What readers lay on a page: the markup of ISO 32000-2, table 171, but for attachments and sound.
MARKUP = {f"/{name}" for name in (
    "Caret", "Circle", "FreeText", "Highlight", "Ink", "Line", "Polygon", "PolyLine", "Popup",
    "Redact", "Square", "Squiggly", "Stamp", "StrikeOut", "Text", "Underline", "Watermark")}


class _Grid(NamedTuple):
    """A scan's pixels on the displayed page, in points from its upper left corner."""

    left: float
    top: float
    across: float  # a pixel's width
    down: float
    size: tuple[int, int]


class _Layout(NamedTuple):
    """How a page is rendered, and where the picture belongs."""

    size: tuple[int, int]  # pixels
    dpi: tuple[float, float]
    to_pixels: np.ndarray  # 3,3: from points of the displayed page
    to_page: np.ndarray  # 3,3: from the unit square, y upwards, to the page's own coordinates
    lossy: bool
    digital: bool


class PdfDocument(Document):
    """See `documents.open_document`."""

    kind, suffix = "pdf", ".pdf"

    def __init__(self, path: Path, content: bytes | None, dpi: float | None, pages: str | None,
                 drop_annotations: bool):
        self.path, self._content = path, content
        with self._open() as pdf:
            self.total = len(pdf.pages)
        if not self.total:
            raise ValueError(f"{path}: the PDF has no pages")
        try:
            numbers = parse_pages(pages, self.total)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        with PDFIUM:
            try:
                self._pdf = pypdfium2.PdfDocument(path if content is None else content)
            except pypdfium2.PdfiumError as error:
                raise ValueError(f"{path}: cannot be read: {reason(error)}") from None
        try:
            layouts = {number: self._layout(number, dpi) for number in numbers}
        except ValueError:
            self.close()
            raise
        self._kept = [n for n in numbers if drop_annotations and layouts[n].digital]
        self.numbers = [n for n in numbers if n not in self._kept]
        self._layouts = [layouts[n] for n in self.numbers]
        self.sizes = [layout.size for layout in self._layouts]
        self.digital = [layout.digital for layout in self._layouts]

    def __getitem__(self, index: int) -> PageImage:
        number, layout = self.numbers[index], self._layouts[index]
        width, height = layout.size
        if width * height > LARGEST:
            dpi = floor(min(layout.dpi) * sqrt(LARGEST / (width * height)))
            raise ValueError(f"{self.path}: page {number} has {width}x{height} pixels, more than "
                             f"{LARGEST // 10**6} million; --dpi {dpi} renders it with fewer")
        with self._page(number) as page:
            _check_pictures(page)
            image = _render(page, layout)
        grey = (image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all()
        bilevel = grey and not layout.lossy and ((image == 0) | (image == 255)).all()
        return PageImage(image, layout.dpi, None, "1" if bilevel else "L" if grey else "RGB",
                         "jpeg" if layout.lossy else "raw")

    def write(self, stream: BinaryIO, contents: Iterable[bytes]) -> None:
        with self._open() as pdf:
            _unshare_resources(pdf)
            for number, layout, content in zip(
                    self.numbers, self._layouts, contents, strict=True):
                _replace(pdf, pdf.pages[number - 1].obj, layout, content)
            for number in [*self.numbers, *self._kept]:
                _drop_annotations(pdf.pages[number - 1].obj)
            pdf.save(stream, deterministic_id=True)

    def close(self) -> None:
        with PDFIUM:
            self._pdf.close()

    @contextmanager
    def _open(self) -> Iterator[pikepdf.Pdf]:
        source = self.path if self._content is None else io.BytesIO(self._content)
        try:
            with pikepdf.open(source) as pdf:
                yield pdf
        except FileNotFoundError:
            raise ValueError(f"{self.path}: no such file") from None
        except pikepdf.PasswordError:
            raise ValueError(f"{self.path}: is encrypted; save it without its password first (qpdf "
                             "--decrypt --password=... IN OUT)") from None
        except pikepdf.PdfError:
            raise ValueError(f"{self.path}: cannot be read: no PDF, or damaged") from None

    @contextmanager
    def _page(self, number: int) -> Iterator[pypdfium2.PdfPage]:
        """A page, open and PDFium locked. What goes wrong within is a ValueError naming both."""
        try:
            with PDFIUM, closing(self._pdf[number - 1]) as page:
                yield page
        except (pypdfium2.PdfiumError, ValueError) as error:
            raise ValueError(f"{self.path}: page {number} cannot be read: {reason(error)}"
                             ) from None

    def _layout(self, number: int, wanted_dpi: float | None) -> _Layout:
        with self._page(number) as page:
            width, height = page.get_size()
            to_page = _from_display(page)
            grid, lossy, digital = _survey(page, np.linalg.inv(to_page))
        if wanted_dpi or digital or not grid:
            step = POINTS / (wanted_dpi or DRAWN_DPI)
            grid = _Grid(0, 0, step, step, (1, 1))
        left, top, across, down, (columns, rows) = grid
        # As many of the scan's pixels as the page has room for, to the nearest one.
        skipped, above = round(left / across), round(top / down)
        left, top = left - skipped * across, top - above * down
        size = (max(1, round((width - left) / across)), max(1, round((height - top) / down)))
        # The scan lies INSIDE of the pixels that it has.
        to_pixels = np.array([
            _within(left, across, skipped, columns, 0), _within(top, down, above, rows, 1),
            (0, 0, 1)])
        unit = np.array([(size[0] * across, 0, left),
                         (0, -size[1] * down, top + size[1] * down), (0, 0, 1)])
        dpi = float(POINTS / across), float(POINTS / down)
        return _Layout(size, dpi, to_pixels, to_page @ unit, lossy,
                       digital)


def _within(begin: float, step: float, skipped: int, count: int, axis: int) -> list[float]:
    """A row of the matrix from points to pixels."""
    shrink = 1 - 2 * INSIDE / count
    row = [0.0, 0.0, skipped + INSIDE - (begin / step + skipped) * shrink]
    row[axis] = shrink / step
    return row


def _from_display(page: pypdfium2.PdfPage) -> np.ndarray:
    """3,3: from points right and down of the displayed page's upper left corner to the page's."""
    left, bottom, right, top = page.get_bbox()
    return np.array({
        0: ((1, 0, left), (0, -1, top), (0, 0, 1)),
        90: ((0, 1, left), (1, 0, bottom), (0, 0, 1)),
        180: ((-1, 0, right), (0, 1, bottom), (0, 0, 1)),
        270: ((0, -1, right), (-1, 0, top), (0, 0, 1)),
    }[page.get_rotation()], float)


def _survey(page: pypdfium2.PdfPage, to_display: np.ndarray) -> tuple[_Grid | None, bool, bool]:
    """The finest scan's grid, whether any picture lost pixels, and whether the page is digital."""
    width, height = page.get_size()
    grids, lossy, covered, letters = [], False, 0.0, 0
    with closing(page.get_textpage()) as text:
        for item in page.get_objects(textpage=text):
            if item.type == raw.FPDF_PAGEOBJ_IMAGE:
                lossy |= not LOSSY.isdisjoint(item.get_filters())
                grid = _grid(item, to_display)
                right, bottom = (grid[i] + grid.size[i] * grid[2 + i] for i in (0, 1))
                area = (max(0, min(right, width) - max(grid.left, 0))
                        * max(0, min(bottom, height) - max(grid.top, 0)) / (width * height))
                covered += area
                if area > PART:
                    grids.append(grid)
                if area > COVER and not raw.FPDFPageObj_HasTransparency(item):
                    letters = 0
            elif (item.type == raw.FPDF_PAGEOBJ_TEXT
                  and raw.FPDFTextObj_GetTextRenderMode(item) not in UNSEEN):
                letters += len(item.extract().strip())
    digital = letters > LABEL if covered > SCAN else letters > 0 or covered < PART
    finest = min(grids, key=lambda grid: grid.across * grid.down, default=None)
    if finest and covered < SCAN and max(finest.across, finest.down) > POINTS / DRAWN_DPI:
        finest = None  # there is more on the page than what is coarse
    return finest, lossy, digital


def _grid(item: pypdfium2.PdfImage, to_display: np.ndarray) -> _Grid:
    """Where a picture's pixels lie; of one that is not upright, where its frame does."""
    matrix, part = to_display, item
    chain = []
    while part is not None:
        chain.append(part.get_matrix().get())
        part = part.container
    for a, b, c, d, e, f in reversed(chain):
        matrix = matrix @ np.array([(a, c, e), (b, d, f), (0, 0, 1)])
    corners = (matrix @ np.array([(0, 1, 0, 1), (0, 0, 1, 1), (1, 1, 1, 1)]))[:2]
    (left, top), (right, bottom) = corners.min(axis=1), corners.max(axis=1)
    columns, rows = item.get_px_size()
    if abs(matrix[0, 0]) < abs(matrix[1, 0]):  # lying on its side
        columns, rows = rows, columns
    return _Grid(left, top, (right - left) / columns, (bottom - top) / rows, (columns, rows))


def _check_pictures(page: pypdfium2.PdfPage) -> None:
    """Raise ValueError where a JPEG is damaged, of which PDFium would show the upper part."""
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        if item.get_filters(skip_simple=True) == ["DCTDecode"]:
            try:
                Image.open(io.BytesIO(item.get_data(decode_simple=True))).load()
            except OSError as error:
                raise ValueError(f"a picture on it is damaged ({reason(error)})") from None


def _render(page: pypdfium2.PdfPage, layout: _Layout) -> np.ndarray:
    """uint8 H,W,3 RGB, without annotations."""
    width, height = layout.size
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
    with closing(bitmap):
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        (a, c, e), (b, d, f), _ = layout.to_pixels
        raw.FPDF_RenderPageBitmapWithMatrix(
            bitmap, page, raw.FS_MATRIX(a, b, c, d, e, f), raw.FS_RECTF(0, 0, width, height),
            raw.FPDF_REVERSE_BYTE_ORDER)
        return bitmap.to_numpy()


def _unshare_resources(pdf: pikepdf.Pdf) -> None:
    """Give every page resources of its own: what is inherited would keep old scans in the file."""
    for page in pdf.pages:
        page.obj.Resources = page.resources
    nodes = [pdf.Root.Pages]
    while nodes:
        node = nodes.pop()
        if "/Kids" in node:
            nodes.extend(node.Kids)
            if "/Resources" in node:
                del node.Resources
    pdf.remove_unreferenced_resources()


def _replace(pdf: pikepdf.Pdf, page: pikepdf.Object, layout: _Layout, content: bytes) -> None:
    """Let a page show nothing but an encoded picture."""
    single = img2pdf.convert(content, layout_fun=lambda *_: (100, 100, 100, 100))
    with pikepdf.open(io.BytesIO(single)) as other:
        [picture] = other.pages[0].Resources.XObject.values()
        picture = pdf.copy_foreign(picture)
    (a, c, e), (b, d, f), _ = layout.to_page
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=picture))
    page.Contents = pdf.make_stream(
        f"q {a:.5f} {b:.5f} {c:.5f} {d:.5f} {e:.5f} {f:.5f} cm /Page Do Q".encode())
    for name in ("/Thumb", "/PieceInfo"):  # show or hold what is erased
        if name in page:
            del page[name]


def _drop_annotations(page: pikepdf.Object) -> None:
    """Drop what readers laid on a page; links, form fields and the like stay."""
    if "/Annots" in page:
        page.Annots = pikepdf.Array(
            [note for note in page.Annots if note.get("/Subtype") not in MARKUP])
