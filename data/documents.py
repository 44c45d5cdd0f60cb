"""Documents in and out, page by page: PDFs, TIFFs of several pages, and images as one page.

    with open_document("exam.pdf") as document:
        contents = [encode_page(page, erase(page.image), document.suffix) for page in document]
        with open("clean.pdf", "wb") as stream:
            document.write(stream, contents)

A page is rendered or decoded when it is asked for, and not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin

from data.image_io import (
    COMPRESSIONS,
    PHOTOS,
    PageImage,
    encode_image,
    is_negative,
    open_image,
    page_frames,
    read_picture,
    save_image,
    seek_page,
    tiff_options,
    upright_dpi,
    upright_size,
)

TIFF = (".tif", ".tiff")
# What a TIFF says of a page: its document's name, a description, its own name, program and date.
TOLD = (269, 270, 285, 305, 306)


class Document:
    """A file's pages to be erased: indexing and iterating give them as `PageImage`s.

    `kind` is 'pdf', 'tiff' (of several pages) or 'image'. `total` counts the file's pages,
    `numbers` says which of them, from 1, are here. Of these, and without decoding them, `sizes`
    tells width and height in pixels and `digital` whether they are drawn, with text, rather than
    scanned. `suffix` is that of the document's results.
    """

    kind: str
    path: Path
    total: int
    numbers: list[int]
    sizes: list[tuple[int, int]]
    digital: list[bool]
    suffix: str
    hint: str | None = None  # what whoever runs test.py should know of it

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[PageImage]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> PageImage:
        """The page `numbers[index]`. ValueError names the file and the page."""
        raise NotImplementedError

    def write(self, stream: BinaryIO, contents: Iterable[bytes]) -> None:
        """Write the document with what `encode_page` gave for each of `numbers`, in order.

        The file's other pages stay as they are.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Free what the pages are read with; `write` works after it, too."""

    def __enter__(self) -> Document:
        return self

    def __exit__(self, *_) -> None:
        self.close()


class ImageDocument(Document):
    """An image; a TIFF of one page."""

    kind, total, numbers, digital = "image", 1, [1], [False]

    def __init__(self, path: Path, content: bytes | None = None):
        self.path, self._content, self.suffix = path, content, kept_suffix(path)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        with open_image(self.path, self._content) as image:
            seek_page(image)
            return [upright_size(image)]

    def __getitem__(self, index: int) -> PageImage:
        range(1)[index]
        return read_picture(self.path, self._content)

    def write(self, stream: BinaryIO, contents: Iterable[bytes]) -> None:
        [content] = contents
        stream.write(content)


class TiffDocument(Document):
    """A TIFF of several pages. Thumbnails among its frames are left out."""

    kind = "tiff"

    def __init__(self, path: Path, content: bytes | None, pages: str | None):
        self.path, self._content, self.suffix = path, content, path.suffix.lower()
        sizes = []
        with open_image(path, content) as image:
            self._frames = page_frames(image)
            for frame in self._frames:
                image.seek(frame)
                sizes.append(upright_size(image))
        self.total = len(sizes)
        self.numbers = parse_pages(pages, self.total, path)
        self.sizes = [sizes[number - 1] for number in self.numbers]
        self.digital = [False] * len(self)

    def __getitem__(self, index: int) -> PageImage:
        number = self.numbers[index]
        try:
            return read_picture(self.path, self._content, self._frames[number - 1])
        except ValueError as error:
            raise ValueError(f"{error} (page {number})") from None

    def write(self, stream: BinaryIO, contents: Iterable[bytes]) -> None:
        erased = dict(zip(self.numbers, contents, strict=True))
        with open_image(self.path, self._content) as image:
            write_tiff(stream, (erased.get(number) or self._unchanged(image, number)
                                for number in range(1, self.total + 1)))

    def _unchanged(self, image: Image.Image, number: int) -> bytes:
        image.seek(self._frames[number - 1])
        coding = image.info.get("compression", "raw")
        if coding == "jpeg":  # which would lose pixels once more
            coding = COMPRESSIONS[0]
        options = tiff_options(coding, image.mode)
        # As bytes, for Pillow would write ? for letters beyond ASCII.
        told = {tag: text.encode("latin-1") for tag in TOLD
                if isinstance(text := image.tag_v2.get(tag), str)}
        options["tiffinfo"] = told | options.get("tiffinfo", {})
        dpi, profile = upright_dpi(image), image.info.get("icc_profile")
        turned = ImageOps.exif_transpose(image)
        if is_negative(image):  # which Pillow does not write
            turned = Image.fromarray(65535 - np.asarray(turned))
        return save_image(turned, ".tif", options, dpi, profile)


def open_document(
    path: Path | str, content: bytes | None = None, dpi: float | None = None,
    pages: str | None = None, drop_annotations: bool = False,
) -> Document:
    """Open a PDF, a TIFF or another image, by the suffix; `content` is what it holds, if known.

    The rest concerns documents of several pages only. `pages`, such as '1-3,7', takes some of them;
    `dpi` is what a PDF is rendered at instead of the resolution of its scans. With
    `drop_annotations` a PDF's digital pages are not among `numbers`: `write` keeps what is drawn on
    them and drops their annotations. Raises ValueError naming the file where it cannot be read
    whole, is encrypted, has no pages or none of that number.
    """
    check_settings(dpi, pages)
    path = Path(path)
    kind = document_kind(path, content)
    if kind == "image":
        return ImageDocument(path, content)
    if kind == "tiff":
        return TiffDocument(path, content, pages)
    from data.pdf import PdfDocument  # whose libraries take a moment to load
    return PdfDocument(path, content, dpi, pages, drop_annotations)


def check_settings(dpi: float | None, pages: str | None) -> None:
    """Raise ValueError for what `open_document` takes of no file."""
    if dpi is not None and not 10 <= dpi <= 10_000:
        raise ValueError(f"dpi must be 10 to 10000, got {dpi:g}")
    if pages is not None:
        _ranges(pages, 10**6)


def document_kind(path: Path, content: bytes | None = None) -> str:
    """'pdf', 'tiff' (of several pages) or 'image'; what cannot be read counts as an image."""
    if path.suffix.lower() == ".pdf":
        return "pdf"
    if path.suffix.lower() not in TIFF:
        return "image"
    try:
        with open_image(path, content) as image:
            return "tiff" if len(page_frames(image)) > 1 else "image"
    except ValueError:
        return "image"


def kept_suffix(path: Path) -> str:
    """The suffix of a result in the file's own format: HEIC's is JPEG, which all can read."""
    suffix = path.suffix.lower()
    return ".jpg" if suffix in PHOTOS else suffix


def parse_pages(text: str | None, total: int, path: Path) -> list[int]:
    """The numbers, from 1, of '1-3,7,9-' in ascending order, each once; all of them without a text.

    Raises ValueError naming the file.
    """
    try:
        return sorted(set().union(*_ranges("1-" if text is None else text, total)))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _ranges(text: str, total: int) -> list[range]:
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})\s*(?:(-)\s*(\d{1,6})?)?\s*", part)
        if not match:
            raise ValueError(f"pages {text!r}: expected numbers and ranges such as 1-3,7,9-")
        begin = int(match[1])
        end = int(match[3]) if match[3] else total if match[2] else begin
        if not 1 <= begin <= end <= total:
            raise ValueError(f"pages {text!r}: no pages {part.strip()} among 1-{total}")
        ranges.append(range(begin, end + 1))
    return ranges


def encode_page(page: PageImage, image: np.ndarray, suffix: str) -> bytes:
    """What a page's erased picture, uint8 H,W,3, is in a result of this suffix.

    In a PDF a JPEG where the scan was one, else lossless; in a TIFF the page's compression.
    Raises ValueError where the format cannot hold it.
    """
    if suffix == ".pdf":
        suffix, options = ".png", {}
        if page.coding == "jpeg":
            suffix, options = ".jpg", {"quality": 95, "subsampling": 0}
        elif page.mode == "1":  # as fax machines code it
            suffix, options = ".tif", {"compression": "group4"}
        return save_image(_to_mode(image, page.mode), suffix, options)
    if suffix in TIFF:
        return save_image(_to_mode(image, page.mode), suffix, tiff_options(page.coding, page.mode),
                          page.dpi, page.icc_profile)
    return encode_image(image, suffix, dpi=page.dpi, icc_profile=page.icc_profile)


def write_tiff(stream: BinaryIO, contents: Iterable[bytes]) -> None:
    """Join TIFFs of one page each to one of several."""
    writer = TiffImagePlugin.AppendingTiffWriter(stream, new=True)
    for content in contents:
        writer.write(content)
        writer.newFrame()


def _to_mode(image: np.ndarray, mode: str) -> Image.Image:
    if mode != "RGB" and image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return Image.fromarray(image > 127 if mode == "1" else image)
