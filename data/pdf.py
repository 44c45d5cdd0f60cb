"""PDFs: PDFium renders, pikepdf changes the file, img2pdf makes of pictures what a PDF holds.

Of erased pages the contents and what readers laid on them are replaced; the rest of the file stays:
sizes, outline, links, form fields, metadata.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from math import floor, sqrt
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import img2pdf
import numpy as np
import pikepdf
import pypdfium2

from data.documents import Document, PageImage, parse_pages
from data.errors import reason
from data.pdf_pages import Layout, check_pictures, lay_out, render

# What it mends without harm would be on stderr, without the file's name.
logging.getLogger("pikepdf").addHandler(logging.NullHandler())

PDFIUM = Lock()  # PDFium is not made for threads
LARGEST = 400_000_000  # pixels of a page: 1.2 GB, and a multiple of that while it is erased

# What readers lay on a page: the markup of ISO 32000-2, table 171, but for attachments and sound.
MARKUP = {f"/{name}" for name in (
    "Caret", "Circle", "FreeText", "Highlight", "Ink", "Line", "Polygon", "PolyLine", "Popup",
    "Redact", "Square", "Squiggly", "Stamp", "StrikeOut", "Text", "Underline", "Watermark")}


class PdfDocument(Document):
    """See `documents.open_document`. All of it may be used by any thread."""

    kind, suffix = "pdf", ".pdf"

    def __init__(
        self, path: Path, content: bytes | None, dpi: float | None, pages: str | None,
        drop_annotations: bool,
    ):
        self.path, self._content = path, content
        with self._open() as pdf:
            self.total, encrypted = len(pdf.pages), pdf.is_encrypted
        if not self.total:
            raise ValueError(f"{path}: the PDF has no pages")
        numbers = parse_pages(pages, self.total, path)
        with PDFIUM:
            try:
                self._pdf = pypdfium2.PdfDocument(path if content is None else content)
            except pypdfium2.PdfiumError:
                raise ValueError(f"{path}: cannot be read: no PDF, or a damaged one") from None
        layouts = {}
        try:
            if (lost := len(self._pdf) - self.total) > 0:  # which qpdf passes over
                raise ValueError(f"{path}: is damaged: {lost} of {len(self._pdf)} pages are lost")
            for number in numbers:
                with self._page(number) as page:
                    layouts[number] = lay_out(page, dpi)
        except Exception:
            self.close()
            raise
        self._kept = [n for n in numbers if drop_annotations and layouts[n].digital]
        self.numbers = [n for n in numbers if n not in self._kept]
        self._layouts = [layouts[n] for n in self.numbers]
        self.sizes = [layout.size for layout in self._layouts]
        self.digital = [layout.digital for layout in self._layouts]
        if any(self.digital):
            self.hint = (f"{sum(self.digital)} of {len(self)} pages are drawn, not scanned, and "
                         "become pictures; --drop-annotations keeps such pages and drops only what "
                         "was laid on them (ink, stamps, highlights, notes)")
        elif self._kept:
            self.hint = self._say_kept()
        if encrypted:
            free = "its restrictions are not kept: the result is not encrypted"
            self.hint = f"{self.hint}; {free}" if self.hint else free

    def __getitem__(self, index: int) -> PageImage:
        number, layout = self.numbers[index], self._layouts[index]
        width, height = layout.size
        if width * height > LARGEST:
            dpi = floor(min(layout.dpi) * sqrt(LARGEST / (width * height)))
            raise ValueError(f"{self.path}: page {number} has {width}x{height} pixels, more than "
                             f"{LARGEST // 10**6} million; --dpi {dpi} renders it with fewer")
        with self._page(number) as page:
            check_pictures(page)
            image = render(page, layout)
        red, green, blue = np.moveaxis(image, 2, 0)
        grey = np.array_equal(red, green) and np.array_equal(red, blue)
        bilevel = grey and not layout.lossy and ((red == 0) | (red == 255)).all()
        return PageImage(image, layout.dpi, None, "1" if bilevel else "L" if grey else "RGB",
                         "jpeg" if layout.lossy else "raw")

    def write(self, stream: BinaryIO, contents: Iterable[bytes]) -> None:
        with self._open() as pdf:
            # Pages that share a list of pictures would keep those of the erased ones in the file.
            pdf.remove_unreferenced_resources()
            for number, layout, content in zip(
                    self.numbers, self._layouts, contents, strict=True):
                _replace(pdf, pdf.pages[number - 1].obj, layout, content)
            for number in [*self.numbers, *self._kept]:
                _drop_annotations(pdf.pages[number - 1].obj)
            pdf.save(stream, deterministic_id=True)

    def _say_kept(self) -> str | None:
        with self._open() as pdf:
            pages = (pdf.pages[number - 1].obj for number in self._kept)
            if any(_is_markup(note) for page in pages for note in page.get("/Annots", [])):
                return None
        return (f"nothing was laid on its {len(self._kept)} drawn pages; without "
                "--drop-annotations they are erased as pictures")

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
        except (pikepdf.PdfError, RuntimeError):  # qpdf's, the latter
            raise ValueError(f"{self.path}: cannot be read: no PDF, or a damaged one") from None

    @contextmanager
    def _page(self, number: int) -> Iterator[pypdfium2.PdfPage]:
        """A page, open and PDFium locked. What goes wrong within is a ValueError naming both."""
        try:
            with PDFIUM, closing(self._pdf[number - 1]) as page:
                yield page
        except MemoryError:
            raise
        except Exception as error:  # damaged pages make what reads them raise almost anything
            raise ValueError(f"{self.path}: page {number} cannot be read: {reason(error)}"
                             ) from None


def _replace(pdf: pikepdf.Pdf, page: pikepdf.Object, layout: Layout, content: bytes) -> None:
    """Let a page show nothing but an encoded picture."""
    single = img2pdf.convert(content, layout_fun=lambda *_: (100, 100, 100, 100))
    with pikepdf.open(io.BytesIO(single)) as other:
        [(_, picture)] = other.pages[0].Resources.XObject.items()
        picture = pdf.copy_foreign(picture)
    (a, c, e), (b, d, f), _ = layout.to_page
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=picture))
    page.Contents = pdf.make_stream(
        f"q {a:.5f} {b:.5f} {c:.5f} {d:.5f} {e:.5f} {f:.5f} cm /Page Do Q".encode())
    for name in ("/Thumb", "/PieceInfo"):  # show or hold what is erased
        if name in page:
            del page[name]


def _is_markup(note: pikepdf.Object) -> bool:
    return isinstance(note, pikepdf.Dictionary) and str(note.get("/Subtype")) in MARKUP


def _drop_annotations(page: pikepdf.Object) -> None:
    """Drop what readers laid on a page; links, form fields and the like stay."""
    notes = list(page.get("/Annots", []))
    if any(map(_is_markup, notes)):
        page.Annots = pikepdf.Array([note for note in notes if not _is_markup(note)])
        for note in filter(_is_markup, notes):
            for key in list(note.keys()):  # a tagged PDF holds it elsewhere, too
                del note[key]
