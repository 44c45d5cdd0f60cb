"""What is looked at before anything that strangers sent is decoded."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from pathlib import Path

import pikepdf

from app.schema import Limits
from data.documents import open_document
from data.image_io import open_image

# Pillow's other readers are not for strangers' files: one of them starts a program.
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp",
            "TIFF": ".tif"}
NAME = 100  # characters kept of a file's name


class TooLarge(Exception):
    """Raised for what exceeds a limit."""


def clean_name(name: str | None) -> str:
    """A file's name without folders and control characters."""
    name = re.split(r"[/\\]", name or "")[-1]
    return "".join(c for c in name if c.isprintable()).strip(" .")[-NAME:] or "page"


def survey(name: str, content: bytes, limits: Limits) -> tuple[Path, list[tuple[int, int]]]:
    """What to open an upload as, and its pages' widths and heights; no page is decoded.

    Raises TooLarge beyond a limit, ValueError for what is no image or document, both with the name.
    """
    if b"%PDF-" in content[:1024]:
        path = Path(name).with_suffix(".pdf")
        _check_pdf(path, content, limits)
    else:
        path = Path(name).with_suffix(_check_image(Path(name), content, limits))
    with open_document(path, content) as document:
        sizes = document.sizes
    for size in sizes:
        _check_size(path, size, limits)
    return path, sizes


def _check_image(path: Path, content: bytes, limits: Limits) -> str:
    """The suffix that fits an image; raises as `survey` does. Only its header is read."""
    with open_image(path, content) as image:
        suffix = SUFFIXES.get(image.format)
        sizes = [image.size]
        if suffix == ".tif":
            with suppress(EOFError):
                for frame in range(1, limits.pages + 1):
                    image.seek(frame)
                    sizes.append(image.size)
    if suffix is None:
        raise ValueError(f"{path}: not a PDF or an image of a kind taken here "
                         f"({', '.join(sorted(set(SUFFIXES.values())))})")
    _check_count(path, len(sizes), limits)
    for size in sizes:
        _check_size(path, size, limits)
    return suffix


def _check_pdf(path: Path, content: bytes, limits: Limits) -> None:
    """Raise as `survey` does, but leave it to others to say what is wrong with a PDF."""
    with suppress(pikepdf.PdfError), pikepdf.open(io.BytesIO(content)) as pdf:
        _check_count(path, len(pdf.pages), limits)
        for item in pdf.objects:
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
                with suppress(AttributeError, TypeError, ValueError):
                    _check_size(path, (int(item.Width), int(item.Height)), limits)


def _check_count(path: Path, count: int, limits: Limits) -> None:
    if count > limits.pages:
        raise TooLarge(f"{path}: more than {limits.pages} pages; split it into smaller files")


def _check_size(path: Path, size: tuple[int, int], limits: Limits) -> None:
    if size[0] * size[1] > limits.megapixels * 10**6:
        raise TooLarge(f"{path}: {size[0]}x{size[1]} pixels are more than the "
                       f"{limits.megapixels} megapixels that a page may have here")
