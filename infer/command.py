"""What commands that look at pages have in common: options, pages in and out, messages."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from data.documents import document_kind, open_document, write_tiff
from data.errors import reason
from data.files import write_bytes
from infer.engines import ENGINES, PRECISIONS


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto",
                        help="what computes (auto: Paddle on a GPU, else the fastest installed)")
    parser.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto",
                        help="of the computation (auto: bf16 where the processor has it, else f32)")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (all cores)")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def check_places(pages: list[Path], targets: Iterable[Path], overwrite: bool) -> None:
    """Raise ValueError where a result would replace a page, another one, or unasked any file."""
    sources, seen = set(map(os.path.realpath, pages)), set()
    for target in targets:
        if os.path.realpath(target) in sources:
            raise ValueError(f"{target}: is one of the inputs; choose another place")
        if target in seen:
            raise ValueError(f"{target}: two of the inputs have this name; take one at a time")
        if target.exists() and not overwrite:
            raise ValueError(f"{target}: exists; --overwrite replaces it")
        seen.add(target)


def each_page(path: Path) -> Iterator[tuple[int | None, np.ndarray]]:
    """Yield the pages of a file, uint8 H,W,3 RGB, and their numbers; an image's only one has none.

    Raises ValueError naming the file, and of a document the page.
    """
    with open_document(path) as document:
        for number, page in zip(document.numbers, document, strict=True):
            yield None if document.kind == "image" else number, page.image


def picture_of(path: Path, folder: Path) -> Path:
    """Where in a folder a file's result lies: a PNG, or a TIFF of all pages of a document."""
    return folder / (path.stem + (".png" if document_kind(path) == "image" else ".tif"))


def write_pages(path: Path, contents: Sequence[bytes]) -> None:
    """Write encoded pictures of a file's pages to where `picture_of` says."""
    if len(contents) > 1:
        stream = io.BytesIO()
        write_tiff(stream, contents)
        contents = [stream.getvalue()]
    write_bytes(path, *contents)


def fail(program: str, error: Exception, status: int, page: Path | None = None) -> int:
    """Say on stderr what is wrong, with `page` where the error does not name it; the status."""
    why = reason(error)
    if isinstance(error, MemoryError):
        why = f"{page}: not enough memory"
    elif isinstance(error, OSError):
        why = f"{error.filename or page}: {error.strerror or why}"
    elif not isinstance(error, ValueError):
        why = f"{page}: {why}"
    print(f"{program}: {why}", file=sys.stderr)
    return status
