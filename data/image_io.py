"""Images in and out: RGB uint8 H,W,3 inside, whatever the file holds."""

from __future__ import annotations

import glob
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, ImageSequence

from data.errors import reason
from data.files import write_bytes

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")

# Whole scanned sheets reach 280 MP. Whoever takes files from strangers checks sizes before reading.
Image.MAX_IMAGE_PIXELS = None


def read_image(path: Path | str, content: bytes | None = None) -> np.ndarray:
    """Read an image as RGB uint8 H,W,3, upright by its EXIF orientation.

    Grey, palette and CMYK are converted, 16 bits are scaled to 8, transparency is laid on white
    (paper). `content` is what the file holds, where that is known. Raises ValueError naming the
    file where it cannot be read whole.
    """
    path = Path(path)
    try:
        with Image.open(path if content is None else io.BytesIO(content)) as image:
            _refuse_misread(image)
            return _to_rgb(ImageOps.exif_transpose(image))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        why = reason(error)
        if content == b"" or (content is None and path.is_file() and path.stat().st_size == 0):
            why = "the file is empty"
        elif isinstance(error, Image.UnidentifiedImageError):
            why = f"not an image of a kind known here ({', '.join(SUFFIXES)})"
        raise ValueError(f"{path}: cannot be read: {why}") from None


def _to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip at 255
        grey = np.asarray(image).astype(np.float32)
        grey = np.round(grey / 257).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    if image.mode == "CMYK" and "icc_profile" in image.info:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
            image = ImageCms.profileToProfile(
                image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except ImageCms.PyCMSError:
            pass  # a damaged profile: Pillow's plain conversion has to do
    return np.array(image.convert("RGB"))


def _refuse_misread(image: Image.Image) -> None:
    """Raise ValueError for what Pillow would read in part, as noise or black, without a word."""
    tags = getattr(image, "tag_v2", {})  # of a TIFF: 284 is the planar configuration, 258 the bits
    if tags.get(284) == 2 and max(tags.get(258, (1,))) > 8:
        raise ValueError("16 bits with the colours in separate planes; save it interleaved")
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers; save it with 8 or 16 bits")
    if image.format == "TIFF":
        # Tag 254: a page, or (bits 0 and 2) another's thumbnail or transparency.
        kinds = [frame.tag_v2.get(254, 0) for frame in ImageSequence.Iterator(image)]
        image.seek(0)
        pages = sum(not kind & 0b101 for kind in kinds)
        if pages > 1:
            raise ValueError(f"it holds {pages} pages; split it into files of one page each")


def read_grey(path: Path | str, content: bytes | None = None) -> np.ndarray:
    """Read an image, a mask say, as uint8 H,W. As `read_image` otherwise."""
    return cv2.cvtColor(read_image(path, content), cv2.COLOR_RGB2GRAY)


def encode_image(image: np.ndarray, suffix: str = ".png", quality: int = 95) -> bytes:
    """Encode uint8 H,W,3 RGB or H,W grey. JPEG keeps full colour resolution: red ink has edges.

    Raises ValueError where the format cannot hold the image (JPEG ends at 65,500 pixels a side).
    """
    suffix = suffix.lower()
    options = {
        ".png": [cv2.IMWRITE_PNG_COMPRESSION, 3],
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, quality,
                 cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101],  # above 100 is lossless
    }
    options[".jpeg"] = options[".jpg"]
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    try:
        done, encoded = cv2.imencode(suffix, image, options.get(suffix, []))
    except cv2.error as error:
        raise ValueError(f"cannot be encoded as {suffix}: {error.err}") from None
    if not done:
        raise ValueError(f"{image.shape[1]}x{image.shape[0]} pixels do not fit into {suffix}")
    return encoded.tobytes()


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


def list_images(folder: Path | str) -> list[Path]:
    """The images directly in a folder, by name, hidden files left out. ValueError if no folder."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    return sorted(
        p for p in folder.iterdir()
        if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()
    )


def expand_inputs(inputs: list[str]) -> list[Path]:
    """Folders, files and glob patterns as one list of image files, in order, each once.

    Raises ValueError for an input that names nothing, and where two files share a stem: their
    results would overwrite each other.
    """
    found: dict[Path, Path] = {}  # resolved path: the path as it was given
    for text in inputs:
        path = Path(text)
        if path.is_dir():
            files = list_images(path)
        elif path.exists():
            files = [path]
        else:
            files = sorted(Path(p) for p in glob.glob(text, recursive=True) if Path(p).is_file())
        if not files and not path.exists() and not glob.has_magic(text):
            raise ValueError(f"{text}: no such file or folder")
        if not files:
            raise ValueError(f"{text}: no images ({', '.join(SUFFIXES)}) found there")
        for file in files:
            found.setdefault(file.resolve(), file)
    by_stem: dict[str, Path] = {}
    for path in found.values():
        twin = by_stem.setdefault(path.stem, path)
        if twin != path:
            raise ValueError(
                f"{twin} and {path} share the stem {path.stem!r}, so their results would overwrite "
                "each other; rename one or erase them into two folders"
            )
    return list(found.values())
