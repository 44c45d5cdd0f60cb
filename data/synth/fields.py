"""Smooth functions over a page: light, shade, stains.

They are worked out at every `CELL`-th pixel only, 'coarse', and enlarged for the window that is
asked for. Coarse arrays are float32 (rows, columns) with element i at pixel i * CELL.
"""

import cv2
import numpy as np

CELL = 4  # a power of two: interpolation weights are then exact wherever a window begins


def lattice(frame: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """x and y in pixels of the coarse points of a frame (height, width)."""
    x, y = np.meshgrid(
        np.arange(frame[1] // CELL + 2, dtype=np.float32) * CELL,
        np.arange(frame[0] // CELL + 2, dtype=np.float32) * CELL,
    )
    return x, y


def enlarge(coarse: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
    """A window of a coarse field at full resolution."""
    return cv2.warpAffine(
        coarse,
        np.array([[1 / CELL, 0, left / CELL], [0, 1 / CELL, top / CELL]]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def blotches(rng: np.random.Generator, frame: tuple[int, int], size: float) -> np.ndarray:
    """Random hills and valleys about `size` pixels wide, mean about 0, variance below 1."""
    x, y = lattice(frame)
    rows, columns = (max(2, round(side / size)) + 3 for side in frame)
    knots = rng.standard_normal((rows, columns), dtype=np.float32)
    return cv2.resize(knots, x.shape[::-1], interpolation=cv2.INTER_CUBIC)


def slope(frame: tuple[int, int], direction: float) -> np.ndarray:
    """A plane that rises from -0.5 to 0.5 across the frame; direction in radians."""
    x, y = lattice(frame)
    across = np.cos(direction) * (x / frame[1] - 0.5) + np.sin(direction) * (y / frame[0] - 0.5)
    # Coarse points reach past the frame, far past a tiny one.
    return np.clip(across / (abs(np.cos(direction)) + abs(np.sin(direction))), -0.5, 0.5)


def soften(coarse: np.ndarray, pixels: float) -> np.ndarray:
    """Blurs a coarse field by a sigma given in pixels of the page."""
    sigma = pixels / CELL
    if sigma < 0.2:
        return coarse
    # Wide blurs on a smaller copy: the result has no detail that this could lose.
    shrink = int(min(sigma / 4, min(coarse.shape) / 4))
    if shrink > 1:
        small = cv2.resize(coarse, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REPLICATE)
        return cv2.resize(small, coarse.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.GaussianBlur(coarse, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
