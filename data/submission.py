"""The zip of results that a leaderboard takes: STEM.png at its root."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from data.documents import document_kind
from data.files import atomic_path
from data.image_io import encode_image, read_image


def check_zip(path: Path, pages: list[Path]) -> None:
    """Raise ValueError where no zip can be written, or anything but an old zip would be replaced.

    An old one is always replaced: it is made of results that are kept.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"{path}: the zip must be a file in a folder that exists")
    if path.suffix.lower() != ".zip":
        raise ValueError(f"{path}: the zip's name must end in .zip")
    if os.path.realpath(path) in map(os.path.realpath, pages):
        raise ValueError(f"{path}: is one of the inputs; choose another name for the zip")
    if path.exists() and not zipfile.is_zipfile(path):
        raise ValueError(f"{path}: exists and is no zip; choose another name or remove it")


def write_zip(path: Path, results: list[Path]) -> bool:
    """Write results as STEM.png at a zip's root, atomically; documents of several pages stay out.

    Returns False, and writes nothing, where there is nothing but such documents.
    """
    pages = [result for result in results if document_kind(result) == "image"]
    if results and not pages:
        return False
    # Stored, not deflated: PNG is compressed already.
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for result in pages:
            try:
                result.name.encode()
            except UnicodeEncodeError:
                raise ValueError(f"{result}: a zip needs names in UTF-8; rename it") from None
            if result.suffix == ".png":
                archive.write(result, result.name)
            else:
                archive.writestr(f"{result.stem}.png", encode_image(read_image(result)))
    return True
