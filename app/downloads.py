"""All pages of some documents as one file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO

import img2pdf
import pikepdf

from app.jobs import Job, Page
from data.documents import encode_page, open_document
from data.image_io import read_image

# Photos say nothing of a page's size: they fill a sheet of A4, upright or not.
SHEET = img2pdf.get_layout_fun(
    (img2pdf.mm_to_pt(210), img2pdf.mm_to_pt(297)), auto_orient=True)


def page_name(job: Job, page: Page) -> str:
    """A result's name without a suffix."""
    digits = len(str(len(job.pages)))
    return job.source.stem + (f"-{page.number:0{digits}}" if len(job.pages) > 1 else "")


def write_zip(stream: BinaryIO, jobs: list[Job]) -> None:
    """The erased pages as PNGs."""
    names = set()  # in lower case, which is all that some file systems tell apart
    with zipfile.ZipFile(stream, "w") as archive:  # stored: PNGs are compressed
        for job, page in _erased(jobs):
            name = stem = page_name(job, page)
            twins = count(2)
            while name.casefold() in names:
                name = f"{stem} ({next(twins)})"
            names.add(name.casefold())
            archive.write(job.path(page, "result"), f"{name}.png")


def write_pdf(stream: BinaryIO, jobs: list[Job]) -> None:
    """The documents one after the other; a PDF alone keeps its outline, links and metadata."""
    parts = [part for job in jobs if (part := _pdf(job))]
    if len(parts) == 1:
        stream.write(parts[0])
        return
    with pikepdf.new() as whole:
        for part in parts:
            with pikepdf.open(io.BytesIO(part)) as pdf:
                whole.pages.extend(pdf.pages)
        whole.save(stream)


def _pdf(job: Job) -> bytes:
    """A document's erased pages; empty where there are none."""
    pages = [page for _, page in _erased([job])]
    if not pages:
        return b""
    if job.source.suffix != ".pdf":
        return img2pdf.convert([str(job.path(page, "result")) for page in pages],
                               layout_fun=SHEET)
    stream = io.BytesIO()
    numbers = ",".join(str(page.number) for page in pages)
    with open_document(job.source, job.upload.read_bytes(), pages=numbers) as document:
        document.write(stream, (
            encode_page(original, read_image(job.path(page, "result")), ".pdf")
            for original, page in zip(document, pages, strict=True)))
    return stream.getvalue()


def _erased(jobs: list[Job]) -> Iterator[tuple[Job, Page]]:
    return ((job, page) for job in jobs for page in job.pages if page.version)
