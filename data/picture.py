"""Pictures as a web page holds them: small, and inside the page itself."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from PIL import Image

SIDE = 1400  # pixels of the longer side at most: small print can still be read
QUALITY = 75  # of WebP: a page's picture takes 30 to 60 KB, a third of what JPEG needs


def shrink(image: np.ndarray, side: int = SIDE) -> np.ndarray:
    """H,W or H,W,C, its longer side `side` pixels at most; averaged, so that no stroke is lost."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def data_uri(image: np.ndarray) -> str:
    """uint8 H,W,3 RGB, H,W,4 RGBA or H,W grey as the source of an <img>."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "WEBP", quality=QUALITY, method=2)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
