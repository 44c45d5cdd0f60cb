"""What is looked at before anything that strangers sent is decoded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from app.schema import Limits
from data.documents import open_document
from data.image_io import open_image

ROOT = Path(__file__).parent.parent
# Pillow's other readers are not for strangers' files: one of them starts a program.
FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "HEIF"]
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp",
            "TIFF": ".tif", "HEIF": ".heic"}  # a phone's JPEG may be an MPO
NAME = 100  # characters kept of a file's name
SECONDS = 20  # that a PDF's pages may take to be counted and measured


class TooLarge(Exception):
    """Raised for what exceeds a limit."""


def clean_name(name: str | None) -> str:
    """A file's name without folders and control characters."""
    name = re.split(r"[/\\]", name or "")[-1]
    return "".join(c for c in name if c.isprintable()).strip(" .")[-NAME:] or "page"


def is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024]


def survey(name: str, content: bytes, limits: Limits) -> tuple[Path, list[tuple[int, int]]]:
    """What to open an upload as, and its pages' widths and heights; no page is decoded.

    Raises TooLarge beyond a limit, ValueError for what is no image or document, both with the name.
    """
    if is_pdf(content):
        path = Path(name).with_suffix(".pdf")
        sizes = _pdf_sizes(path, content, limits)
    else:
        path = Path(name).with_suffix(_check_image(Path(name), content, limits))
        with open_document(path, content) as document:
            sizes = document.sizes
    for size in sizes:
        check_size(path, size, limits)
    return path, sizes


def _check_image(path: Path, content: bytes, limits: Limits) -> str:
    """The suffix that fits an image; raises as `survey` does. Only its header is read."""
    with open_image(path, content, FORMATS) as image:
        suffix = SUFFIXES[image.format]
        sizes = [image.size]
        if suffix == ".tif":
            with suppress(EOFError):
                for frame in range(1, limits.pages + 1):
                    image.seek(frame)
                    sizes.append(image.size)
    check_count(path, len(sizes), limits)
    for size in sizes:
        check_size(path, size, limits)
    return suffix


def _pdf_sizes(path: Path, content: bytes, limits: Limits) -> list[tuple[int, int]]:
    """Have another process look, which may not take the memory or the time that a few bytes can."""
    request = json.dumps({"path": str(path), "limits": limits.model_dump()})
    # A library's threads would reserve memory that counts.
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run([sys.executable, "-m", "app.pdf_survey", request], input=content,
                              capture_output=True, cwd=ROOT, env=os.environ | single,
                              timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise ValueError(f"{path}: cannot be read within {SECONDS} seconds; send its pages as "
                         "images") from None
    if done.returncode:
        raise ValueError(f"{path}: cannot be read: it takes too much memory, or is damaged; send "
                         "its pages as images")
    answer = json.loads(done.stdout)
    if "too_large" in answer:
        raise TooLarge(answer["too_large"])
    if "unreadable" in answer:
        raise ValueError(answer["unreadable"])
    return [(width, height) for width, height in answer["sizes"]]


def check_count(path: Path, count: int, limits: Limits) -> None:
    if count > limits.pages:
        raise TooLarge(f"{path}: more than {limits.pages} pages; split it into smaller files")


def check_size(path: Path, size: tuple[int, int], limits: Limits) -> None:
    if size[0] * size[1] > limits.megapixels * 10**6:
        raise TooLarge(f"{path}: {size[0]}x{size[1]} pixels are more than the "
                       f"{limits.megapixels} megapixels that a page may have here")
