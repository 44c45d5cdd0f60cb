"""Images in and out: RGB uint8 H,W,3 inside, whatever the file holds."""

from __future__ import annotations

import glob
import io
import os
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, ImageSequence
from pillow_heif import register_heif_opener

from data.errors import reason
from data.files import write_bytes

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
PHOTOS = (".heic", ".heif")  # are read alone
IMAGES = (*SUFFIXES, *PHOTOS)
DOCUMENTS = (*IMAGES, ".pdf")  # what `expand_inputs` takes from folders

# Compressions that TIFFs keep; others become the first, without loss.
COMPRESSIONS = ("tiff_adobe_deflate", "tiff_lzw", "packbits", "raw", "group3", "group4", "jpeg")
DIFFERENCES = ("tiff_adobe_deflate", "tiff_lzw")  # are smaller of differences of pixels: tag 317

# Whole scanned sheets reach 280 MP. Whoever takes files from strangers checks sizes before reading.
Image.MAX_IMAGE_PIXELS = None
register_heif_opener(thumbnails=False)


class PageImage(NamedTuple):
    """A page as it was read, and what its results keep of its file."""

    image: np.ndarray  # uint8 H,W,3 RGB, upright
    dpi: tuple[float, float] | None = None  # pixels an inch across and down
    icc_profile: bytes | None = None  # of RGB colours; None stands for sRGB
    mode: str = "RGB"  # Pillow's mode that holds its pixels: "1", "L" or "RGB"
    coding: str = "raw"  # a TIFF's compression by Pillow's name; "jpeg" of whatever loses pixels


def read_image(path: Path | str, content: bytes | None = None) -> np.ndarray:
    """Read an image as RGB uint8 H,W,3, upright by its EXIF orientation.

    Grey, palette and CMYK are converted, 16 bits are scaled to 8, transparency is laid on white
    (paper). `content` is what the file holds, where that is known. Raises ValueError naming the
    file where it cannot be read whole, or holds several pages.
    """
    return read_picture(path, content).image


def read_picture(
    path: Path | str, content: bytes | None = None, frame: int | None = None, paper: str = "white"
) -> PageImage:
    """Read an image as `read_image` does, or a frame of a file that may hold several.

    Transparency is laid on `paper`.
    """
    with open_image(path, content) as image:
        if frame is not None:
            image.seek(frame)
        elif (pages := seek_page(image)) > 1:
            raise ValueError(f"it holds {pages} pages; split it into files of one page each")
        _refuse_misread(image)
        dpi = upright_dpi(image)  # before its pixels are read, which may turn it
        mode = {"1": "1", "L": "L", "LA": "L", "I": "L", "I;16": "L", "I;16B": "L"}.get(
            image.mode, "RGB")
        coding = image.info.get("compression", "raw")
        negative = is_negative(image)
        pixels, profile = _to_rgb(ImageOps.exif_transpose(image), paper)
        if negative:
            pixels = 255 - pixels
        return PageImage(pixels, dpi, profile, mode, coding)


def is_negative(image: Image.Image) -> bool:
    """Of 16 bits Pillow leaves white as 0 where a TIFF has it so (tag 262)."""
    return image.mode.startswith("I") and getattr(image, "tag_v2", {}).get(262) == 0


@contextmanager
def open_image(
    path: Path | str, content: bytes | None = None, formats: list[str] | None = None
) -> Iterator[Image.Image]:
    """Open an image with Pillow, or some of its readers by their `formats`.

    What goes wrong within is a ValueError naming the file.
    """
    path = Path(path)
    try:
        source = path if content is None else io.BytesIO(content)
        with Image.open(source, formats=formats) as image:
            yield image
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        why = reason(error)
        if content == b"" or (content is None and path.is_file() and path.stat().st_size == 0):
            why = "the file is empty"
        elif isinstance(error, Image.UnidentifiedImageError):
            why = f"not an image of a kind known here ({', '.join((*SUFFIXES, *PHOTOS))})"
        raise ValueError(f"{path}: cannot be read: {why}") from None


def page_frames(image: Image.Image) -> list[int]:
    """The frames of a file that are pages; leaves it at the first frame."""
    if image.format != "TIFF":
        return [0]
    # Tag 254: a page, or (bits 0 and 2) another's thumbnail or transparency.
    kinds = [frame.tag_v2.get(254, 0) for frame in ImageSequence.Iterator(image)]
    image.seek(0)
    return [i for i, kind in enumerate(kinds) if not kind & 0b101]


def seek_page(image: Image.Image) -> int:
    """Go to the first frame that is a page: thumbnails may come before it. How many pages."""
    pages = page_frames(image)
    if pages and pages[0]:
        image.seek(pages[0])
    return len(pages)


def is_turned(image: Image.Image) -> bool:
    """Whether its EXIF orientation exchanges width and height; no pixel is decoded."""
    if image.format == "PNG" and "exif" not in image.info:
        return False  # Pillow would decode it to look behind the pixels
    return image.getexif().get(0x0112, 1) in (5, 6, 7, 8)


def upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    if image.format == "TIFF":  # some versions of Pillow exchange them, some do not
        width, height = image.tag_v2[256], image.tag_v2[257]
    return (height, width) if is_turned(image) else (width, height)


def upright_dpi(image: Image.Image) -> tuple[float, float] | None:
    """Pixels an inch across and down the upright image; None where the file knows of none."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (1 < across < 1e5 and 1 < down < 1e5):
        return None
    return (down, across) if is_turned(image) else (across, down)


def _to_rgb(image: Image.Image, paper: str) -> tuple[np.ndarray, bytes | None]:
    """Pixels, uint8 H,W,3, and the profile of their colours; None stands for sRGB."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip at 255
        grey = np.asarray(image).astype(np.float32)
        grey = np.round(grey / 257).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2), None
    if image.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, paper), image)
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() != "RGB":
                profile = None
                image = ImageCms.profileToProfile(
                    image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (OSError, ImageCms.PyCMSError):
            profile = None  # a damaged profile: Pillow's plain conversion has to do
    return np.array(image.convert("RGB")), profile


def _refuse_misread(image: Image.Image) -> None:
    """Raise ValueError for what Pillow would read in part, as noise or black, without a word."""
    tags = getattr(image, "tag_v2", {})  # of a TIFF: 284 is the planar configuration, 258 the bits
    if tags.get(284) == 2 and max(tags.get(258, (1,))) > 8:
        raise ValueError("16 bits with the colours in separate planes; save it interleaved")
    bits = tags.get(258, (16,))
    if 2 in tags.get(339, ()) or (image.mode.startswith("I") and max(bits) != 16):
        raise ValueError("its grey levels are signed or have neither 8 nor 16 bits; save it with "
                         "8 or 16 bits")
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers; save it with 8 or 16 bits")


def read_grey(path: Path | str) -> np.ndarray:
    """Read an image, a mask say, as uint8 H,W. As `read_image` otherwise."""
    return cv2.cvtColor(read_image(path), cv2.COLOR_RGB2GRAY)


def encode_image(
    image: np.ndarray, suffix: str = ".png", quality: int = 95,
    dpi: tuple[float, float] | None = None, icc_profile: bytes | None = None,
) -> bytes:
    """Encode uint8 H,W,3 RGB or H,W grey. JPEG keeps full colour resolution: red ink has edges.

    Raises ValueError where the format cannot hold the image (JPEG ends at 65,500 pixels a side).
    """
    suffix = suffix.lower()
    options = {
        ".png": {"compress_level": 3},
        ".jpg": {"quality": quality, "subsampling": 0},
        ".webp": {"lossless": True, "method": 1},
        ".tif": tiff_options("tiff_lzw", "RGB"),
    }
    options |= {".jpeg": options[".jpg"], ".tiff": options[".tif"]}
    return save_image(Image.fromarray(image), suffix, options.get(suffix, {}), dpi, icc_profile)


def tiff_options(coding: str, mode: str) -> dict:
    """Options of `save_image` for a TIFF of this compression and Pillow's mode."""
    options = {"compression": coding if coding in COMPRESSIONS else COMPRESSIONS[0]}
    if options["compression"] in DIFFERENCES and mode != "1":
        options["tiffinfo"] = {317: 2}
    if coding == "jpeg":
        options["quality"] = 95
    return options


def save_image(
    image: Image.Image, suffix: str, options: dict,
    dpi: tuple[float, float] | None = None, icc_profile: bytes | None = None,
) -> bytes:
    """Encode with Pillow. Raises ValueError where the format cannot hold the image."""
    if suffix not in SUFFIXES:
        raise ValueError(f"cannot be encoded as {suffix or 'a file without a suffix'}")
    if dpi:
        options = options | {"dpi": dpi}
    if icc_profile:
        options = options | {"icc_profile": icc_profile}
    stream = io.BytesIO()
    try:
        image.save(stream, Image.registered_extensions()[suffix], **options)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{image.width}x{image.height} pixels do not fit into {suffix}: {reason(error)}"
        ) from None
    return stream.getvalue()


def write_image(path: Path | str, image: np.ndarray, quality: int = 95) -> None:
    """Write uint8 H,W,3 RGB or H,W grey atomically, in the format of the path's suffix.

    Raises ValueError where that format cannot hold the image, OSError where the disk cannot; both
    name `path`.
    """
    try:
        content = encode_image(image, Path(path).suffix, quality)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    write_bytes(path, content)


def list_images(folder: Path | str, suffixes: Collection[str] = IMAGES) -> list[Path]:
    """The images directly in a folder, by name, hidden files left out. ValueError if no folder."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    return [path for path in _listed(folder) if path.suffix.lower() in suffixes]


def expand_inputs(inputs: list[str], own: Collection[Path] = ()) -> list[Path]:
    """Folders, files and glob patterns as one list of images and PDFs, in order, each once.

    Of what a pattern matches, files of other kinds are left out where there are any of these, and
    so is what lies in the program's `own` folders below it. Raises ValueError for an input that
    names nothing, for pages straight in an own folder, and where two files share a stem: their
    results would overwrite each other.
    """
    # By what it is and its stem: links by other names are pages of their own.
    found: dict[tuple[str, str], Path] = {}
    ours = {Path(os.path.realpath(folder)) for folder in own}
    for text in inputs:
        path = Path(text)
        if path.is_dir():
            files = [file for file in _listed(path) if file.suffix.lower() in DOCUMENTS]
        elif path.exists():
            files = [path]
        else:
            files = sorted(filter(_is_file, map(Path, glob.glob(text, recursive=True))))
            root = Path(*takewhile(lambda part: not glob.has_magic(part), path.parts))
            results = {folder for folder in {file.parent for file in files}
                       if _below(folder, ours) - _below(root, ours)}
            files = [file for file in files if file.parent not in results]
            files = [file for file in files if file.suffix.lower() in DOCUMENTS] or files
        for folder in set() if path.is_file() else {file.parent for file in files}:
            if Path(os.path.realpath(folder)) in ours:
                raise ValueError(f"{folder}: is the folder of the pages, of which results would be "
                                 "some in the next run; choose another folder")
        if not files and not path.exists() and not glob.has_magic(text):
            raise ValueError(f"{text}: no such file or folder")
        if not files:
            deeper = _deeper(path) if path.is_dir() and _folders(path) else ""
            raise ValueError(f"{text}: no images ({', '.join(DOCUMENTS)}) found there{deeper}")
        for file in files:
            found.setdefault((os.path.realpath(file), file.stem), file)
    by_stem: dict[str, Path] = {}
    for path in found.values():
        twin = by_stem.setdefault(path.stem, path)
        if twin != path:
            raise ValueError(
                f"{twin} and {path} share the stem {path.stem!r}, so their results would overwrite "
                "each other; rename one or erase them into two folders"
            )
    return list(found.values())


def _below(folder: Path, ours: set[Path]) -> set[Path]:
    """Which of our folders a folder is, or lies in."""
    real = Path(os.path.realpath(folder))
    return ours & {real, *real.parents}


def passed_over(inputs: list[str], own: Collection[Path] = ()) -> Iterator[str]:
    """Sentences for each folder with other files than `expand_inputs` takes, or with folders.

    Hidden ones aside, and the program's own files and folders, `own`.
    """
    ours = set(map(os.path.realpath, own))
    for folder in dict.fromkeys(filter(Path.is_dir, map(Path, inputs))):
        kinds = Counter(
            file.suffix.lower() or "without a suffix" for file in _listed(folder)
            if file.suffix.lower() not in DOCUMENTS and os.path.realpath(file) not in ours)
        if count := kinds.total():
            named = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
            yield f"{folder}: {count} other file{'s' * (count > 1)} passed over ({named})"
        if count := sum(os.path.realpath(below) not in ours for below in _folders(folder)):
            yield f"{folder}: {count} folder{'s' * (count > 1)} in it passed over{_deeper(folder)}"


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, hidden ones left out."""
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _deeper(folder: Path) -> str:
    """How the pages in a folder's folders are taken, too."""
    return f"; quoted, '{glob.escape(str(folder))}/**/*' takes what is in its folders, too"


def _listed(folder: Path) -> list[Path]:
    """The files in a folder by name, hidden ones left out."""
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".") and _is_file(p))


def _is_file(path: Path) -> bool:
    """Links to nothing count, too: whoever reads them says what is wrong."""
    return path.is_file() or (path.is_symlink() and not path.exists())
