"""How a PDF's page looks, pixel for pixel as it was scanned. Callers see to it that PDFium, which
is not made for threads, is used by one of them at a time.

PDFium gives a picture's own pixels, whatever its filters, rotation and colour space, where a page
is rendered on just the grid that they form. So a page is rendered on the grid of its finest scan.
"""

from __future__ import annotations

import io
import re
from contextlib import closing
from typing import NamedTuple

import numpy as np
import pypdfium2
from PIL import Image, UnidentifiedImageError
from pypdfium2 import raw

from data.errors import reason

POINTS = 72  # an inch
DRAWN_DPI = 300  # of pages that are drawn rather than scanned
SCAN = 0.5  # of a page: pictures that cover as much are scans of it
COVER = 0.8  # of a page: a picture that covers as much hides what was drawn before
PART = 0.1  # of a page: what smaller pictures show does not count
LABEL = 100  # letters at most that a scanner or an archive prints on a scan
UNSEEN = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
LOSSY = {"DCTDecode", "JPXDecode"}
JPX_SIZE = re.compile(rb"\xff\x4f\xff\x51.{4}(.{4})(.{4})", re.DOTALL)  # markers SOC and SIZ
SLACK = 2  # times the pixels that a PDF says, which some programs round
# PDFium widens a picture by a pixel, and blurs it, where rounding moves it over a pixel's border.
INSIDE = 0.01  # pixels


class Layout(NamedTuple):
    """How a page is rendered, and where the picture belongs."""

    size: tuple[int, int]  # pixels
    dpi: tuple[float, float]
    to_pixels: np.ndarray  # 3,3: from points right and down of the page's upper left corner
    to_page: np.ndarray  # 3,3: from the unit square, y upwards, to the page's own coordinates
    lossy: bool  # a picture on it lost pixels already
    digital: bool  # drawn, with text, rather than scanned


class _Grid(NamedTuple):
    """A scan's pixels, in points right and down of the displayed page's upper left corner."""

    left: float
    top: float
    across: float  # a pixel's width
    down: float
    columns: int
    rows: int


def lay_out(page: pypdfium2.PdfPage, dpi: float | None) -> Layout:
    """Lay a page out on its scan's grid; at `dpi` where that is given."""
    width, height = page.get_size()
    if not width * height > 0:
        raise ValueError("it has no size, or its crop box lies outside of it")
    to_page = _from_display(page)
    grid, lossy, digital = _survey(page, np.linalg.inv(to_page))
    if dpi or digital or not grid:
        step = POINTS / (dpi or DRAWN_DPI)
        columns, rows = (max(1, round(side / step)) for side in (width, height))
        grid = _Grid(0, 0, step, step, columns, rows)
    # As many of the scan's pixels as the page has room for, to the nearest one.
    columns, left, across = _axis(grid.left, grid.across, grid.columns, width)
    rows, top, down = _axis(grid.top, grid.down, grid.rows, height)
    unit = [(columns * grid.across, 0, left), (0, -rows * grid.down, top + rows * grid.down),
            (0, 0, 1)]
    to_pixels = np.array([(across[0], 0, across[1]), (0, down[0], down[1]), (0, 0, 1)])
    return Layout((columns, rows), (float(POINTS / grid.across), float(POINTS / grid.down)),
                  to_pixels, to_page @ np.array(unit), lossy, digital)


def _axis(
    begin: float, step: float, count: int, length: float
) -> tuple[int, float, tuple[float, float]]:
    """Along one axis: the page's pixels, where the first one begins, and points to pixels."""
    skipped = round(begin / step)
    first = begin - skipped * step
    shrink = (1 - 2 * INSIDE / count) / step
    return (max(1, round((length - first) / step)), first,
            (shrink, skipped + INSIDE - begin * shrink))


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
    """The finest scan's grid, whether a picture lost pixels, and whether the page is digital."""
    width, height = page.get_size()
    grids, lossy, covered, letters = [], False, 0.0, 0
    with closing(page.get_textpage()) as text:
        for item in page.get_objects():
            if item.type == raw.FPDF_PAGEOBJ_IMAGE:
                if not (grid := _grid(item, to_display)):
                    continue
                lossy |= not LOSSY.isdisjoint(item.get_filters())
                right = min(width, grid.left + grid.columns * grid.across)
                bottom = min(height, grid.top + grid.rows * grid.down)
                area = max(0, right - max(0, grid.left)) * max(0, bottom - max(0, grid.top))
                area /= width * height
                covered += area
                if area > PART:
                    grids.append(grid)
                if area > COVER and not raw.FPDFPageObj_HasTransparency(item):
                    letters = 0
            elif (item.type == raw.FPDF_PAGEOBJ_TEXT
                  and raw.FPDFTextObj_GetTextRenderMode(item) not in UNSEEN):
                letters += raw.FPDFTextObj_GetText(item, text, None, 0) // 2 - 1  # UTF-16 and a 0
    digital = letters > LABEL if covered > SCAN else letters > 0 or covered < PART
    finest = min(grids, key=lambda grid: grid.across * grid.down, default=None)
    if finest and covered < SCAN and max(finest.across, finest.down) > POINTS / DRAWN_DPI:
        finest = None  # there is more on the page than what is coarse
    return finest, lossy, digital


def _grid(item: pypdfium2.PdfImage, to_display: np.ndarray) -> _Grid | None:
    """Where a picture's pixels lie; of one that is askew, pixels of that size in its frame.

    None of a picture that is nowhere, or has no pixels.
    """
    matrix = np.eye(3)
    part = item
    while part is not None:
        a, b, c, d, e, f = part.get_matrix().get()
        matrix = np.array([(a, c, e), (b, d, f), (0, 0, 1)]) @ matrix
        part = part.container
    matrix = to_display @ matrix
    corners = (matrix @ np.array([(0, 1, 0, 1), (0, 0, 1, 1), (1, 1, 1, 1)]))[:2]
    columns, rows = item.get_px_size()
    lengths = np.hypot(*matrix[:2, :2])
    if not (columns * rows and lengths.all() and np.isfinite(matrix).all()):
        return None
    across, down = lengths / (columns, rows)
    if abs(matrix[0, 0]) < abs(matrix[1, 0]):  # it lies on its side
        across, columns, down, rows = down, rows, across, columns
    left, top = corners.min(axis=1)
    return _Grid(left, top, across, down, columns, rows)


def check_pictures(page: pypdfium2.PdfPage) -> None:
    """Raise ValueError for pictures that are damaged, or larger than the PDF says.

    Of a damaged JPEG PDFium would show a part. Callers that bound sizes know those of the PDF only.
    """
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        coding, said = item.get_filters(skip_simple=True), item.get_px_size()
        if coding == ["DCTDecode"]:
            try:  # without Pillow's other readers, which would take other limits, or run programs
                content = io.BytesIO(item.get_data(decode_simple=True))
                picture = Image.open(content, formats=["JPEG"])
                _check_size(picture.size, said)
                picture.load()
            except UnidentifiedImageError:
                raise ValueError("a picture on it is damaged: it is no JPEG") from None
            except OSError as error:
                raise ValueError(f"a picture on it is damaged: {reason(error)}") from None
        elif coding == ["JPXDecode"]:
            for width, height in JPX_SIZE.findall(item.get_data(decode_simple=True)):
                _check_size((int.from_bytes(width, "big"), int.from_bytes(height, "big")), said)


def _check_size(size: tuple[int, int], said: tuple[int, int]) -> None:
    if size[0] * size[1] > SLACK * said[0] * said[1]:
        raise ValueError("a picture on it has {}x{} pixels, where the PDF says {}x{}".format(
            *size, *said))


def render(page: pypdfium2.PdfPage, layout: Layout) -> np.ndarray:
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
