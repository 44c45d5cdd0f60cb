"""Grain and noise as a function of position, so that a crop shows the page's own grain.

Noise is not drawn where it is needed but looked up in banks: square tiles of `PERIOD` pixels
that repeat without a seam, made once from fixed seeds. A page picks an origin in a bank; from
then on the value at a pixel of the page depends on nothing else.
"""

import functools

import cv2
import numpy as np

PERIOD = 512
SPAN = 512  # largest patch side that one look-up can serve


def _white(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def _wrapped_blur(tile: np.ndarray, sigma_x: float, sigma_y: float) -> np.ndarray:
    """Blurs a tile as if it were repeated for ever; OpenCV filters cannot wrap by themselves."""
    pad = int(4 * max(sigma_x, sigma_y)) + 1
    wide = np.pad(tile, pad, mode="wrap")
    blurred = cv2.GaussianBlur(wide, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y)
    return blurred[pad:-pad, pad:-pad]


def _normalised(tile: np.ndarray) -> np.ndarray:
    return (tile - tile.mean()) / tile.std()


def _octaves(seed: int, octaves: tuple[tuple[float, float], ...]) -> np.ndarray:
    """A sum of blurred noises, given as (sigma in pixels, weight), with unit variance."""
    total = np.zeros((PERIOD, PERIOD), np.float32)
    for step, (sigma, weight) in enumerate(octaves):
        noise = _white(seed + step, (PERIOD, PERIOD))
        total += weight * _normalised(_wrapped_blur(noise, sigma, sigma) if sigma else noise)
    return _normalised(total)


def _sensor(seed: int, sigma: float, sharpen: float, shared: float) -> np.ndarray:
    """Three planes of camera noise; `shared` is the share of it that is the same in all three."""
    white = _white(seed, (4, PERIOD, PERIOD))
    planes = []
    for own in white[:3]:
        noise = np.sqrt(1 - shared) * own + np.sqrt(shared) * white[3]
        if sigma:
            noise = _wrapped_blur(noise, sigma, sigma)
        if sharpen:
            noise = noise + sharpen * (noise - _wrapped_blur(noise, 1.2, 1.2))
        planes.append(_normalised(noise))
    return np.stack(planes)


# name: planes of unit variance, (planes, PERIOD, PERIOD) float32
_BANKS = {
    # Camera noise: as it leaves the sensor, sharpened, and smoothed by a phone's denoising.
    "raw": lambda: _sensor(11, 0, 0, 0.2),
    "crisp": lambda: _sensor(12, 0.5, 1.0, 0.6),
    "soft": lambda: _sensor(13, 0.8, 0, 0.7),
    "blotchy": lambda: _sensor(14, 1.8, 0, 0.5),
    # Paper, toner, desks.
    "paper": lambda: _octaves(21, ((0.0, 0.3), (1, 0.5), (3, 0.6), (9, 0.6), (32, 0.8)))[None],
    "toner": lambda: _octaves(31, ((0.7, 0.8), (2, 0.5), (12, 0.8)))[None],
    "tooth": lambda: _octaves(41, ((0.6, 1.0), (1.5, 0.5)))[None],
    "wood": lambda: _normalised(
        _wrapped_blur(_white(51, (PERIOD, PERIOD)), 60, 0.8)
        + 0.5 * _wrapped_blur(_white(52, (PERIOD, PERIOD)), 60, 6)
    )[None],
}
NAMES = tuple(_BANKS)


@functools.cache
def _bank(name: str) -> np.ndarray:
    """The bank with its first `SPAN` rows and columns repeated, so that any patch is one slice."""
    return np.ascontiguousarray(np.pad(_BANKS[name](), ((0, 0), (0, SPAN), (0, SPAN)), "wrap"))


def draw_origin(rng: np.random.Generator) -> tuple[int, int]:
    """A place in a bank for the page's top left pixel."""
    top, left = rng.integers(0, PERIOD, 2)
    return int(top), int(left)


def patch(
    name: str, origin: tuple[int, int], top: int, left: int, height: int, width: int, plane: int = 0
) -> np.ndarray:
    """Grain of one window of a page: read-only float32 (height, width), mean 0, variance 1.

    height and width are at most `SPAN`.
    """
    y, x = (origin[0] + top) % PERIOD, (origin[1] + left) % PERIOD
    view = _bank(name)[plane, y : y + height, x : x + width]
    view.flags.writeable = False
    return view
