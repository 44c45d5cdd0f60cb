"""A picture with watermarks and the same without, through the same JPEG."""

import functools
from pathlib import Path

import cv2
import numpy as np

from data.image_io import list_images, read_image
from data.synth.camera import Jpeg
from data.synth.capture import Pair
from data.synth.fonts import Faces
from data.synth.watermark.marks import lay_on
from data.synth.words import pick

_CLOSEST = 4.0  # how much of a photograph is cut away at most, along a side


class Watermarked:
    """One picture with its marks, seen as `Capture` is: whole or a window of it.

    coder: how it is stored after blending, None for as it is.
    """

    def __init__(self, image: np.ndarray, gt: np.ndarray, ink: np.ndarray, coder: Jpeg | None):
        self.height, self.width = ink.shape
        self._raw, self._coder = Pair(image, gt, ink), coder

    def page(self, jpeg: bool = True) -> Pair:
        """The whole picture."""
        return self.crop(0, 0, self.height, self.width, jpeg)

    def crop(self, top: int, left: int, height: int, width: int, jpeg: bool = True) -> Pair:
        """A window of the picture; jpeg: as it was stored, not as it was blended."""
        return (self._stored if jpeg else self._raw).cut(top, left, height, width)

    def busy(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Where there are marks, and everything: uint8 (H // step, W // step) each."""
        size = (max(1, self.width // step), max(1, self.height // step))
        marks = cv2.resize(self._raw.ink, size, interpolation=cv2.INTER_AREA)
        return marks, np.full_like(marks, 255)

    @functools.cached_property
    def _stored(self) -> Pair:
        if self._coder is None:
            return self._raw
        image, gt = (self._coder.pass_through(p) for p in (self._raw.image, self._raw.gt))
        return Pair(image, gt, self._raw.ink)


def watermarked(rng: np.random.Generator, picture: np.ndarray, faces: Faces) -> Watermarked:
    """The picture, uint8 (H, W, 3), with marks; stored as JPEG by two in three who put them on."""
    if rng.random() < 0.6:  # it came as JPEG
        picture = _coder(rng).pass_through(picture)
    marked = lay_on(rng, picture, faces)
    coder = _coder(rng) if rng.random() < 0.65 else None
    return Watermarked(marked.image, picture, marked.ink, coder)


def _coder(rng: np.random.Generator) -> Jpeg:
    return Jpeg(int(rng.integers(60, 99)), subsampled=rng.random() < 0.7)


@functools.lru_cache(maxsize=4)
def photographs(folder: Path) -> tuple[Path, ...]:
    """The pictures of a folder. Raises ValueError for a folder without any."""
    found = tuple(list_images(folder))
    if not found:
        raise ValueError(f"{folder}: no images there to put watermarks on")
    return found


def photograph(rng: np.random.Generator, folder: Path, height: int, width: int) -> np.ndarray:
    """A part of one of a folder's pictures at this size, at times mirrored.

    Raises ValueError naming a file that cannot be read.
    """
    photo = read_image(pick(rng, photographs(folder)))
    # Pixels of the photo to one of the picture: as many as are there, or fewer.
    most = min(photo.shape[0] / height, photo.shape[1] / width)
    least = min(most, max(1.0, most / _CLOSEST))
    ratio = least * (most / least) ** rng.random()
    high, wide = max(1, round(height * ratio)), max(1, round(width * ratio))
    top = int(rng.integers(max(1, photo.shape[0] - high + 1)))
    left = int(rng.integers(max(1, photo.shape[1] - wide + 1)))
    how = cv2.INTER_AREA if ratio >= 1 else cv2.INTER_CUBIC
    part = cv2.resize(photo[top : top + high, left : left + wide], (width, height),
                      interpolation=how)
    return np.ascontiguousarray(part[:, ::-1]) if rng.random() < 0.5 else part
