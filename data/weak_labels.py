"""Characters of words of which only the outline and the text's length are known.

Baek et al., CVPR 2019, section 3.2.2: what a network in training sees in a word is split into
characters, and trusted as far as their number is right.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from data.char_labels import STEP

HEIGHT = 64  # pixels to which a word's crop is scaled
LONGEST = 1024  # pixels of a crop; longer words are squeezed
MULTIPLE = 32  # a network's sides are multiples of it
LEAST = 0.5  # confidence up to which a word is divided evenly instead
PEAK, FLOOR = 0.3, 0.2  # region scores of a character's middle at least, and of its pixels
COLUMN = 1.5  # times as high as wide: the word is read downwards

Region = Callable[[np.ndarray], np.ndarray]  # uint8 h,w,3 to region scores, float32 h/2,w/2


def confidence(length: int, found: int) -> float:
    """How far a split of a word of `length` characters into `found` is trusted, in [0, 1]."""
    return (length - min(length, abs(length - found))) / length


def split(region: np.ndarray) -> np.ndarray:
    """The characters in a word's region scores: boxes N,4, left, top, right, bottom, in order.

    Watershed from the local peaks: every pixel goes to the character uphill.
    """
    near = max(1, len(region) // 8)  # two peaks of one character are not further apart
    peaks = peak_local_max(region, min_distance=near, threshold_abs=PEAK, exclude_border=False)
    markers = np.zeros(region.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    basins = watershed(-region, markers, mask=region > FLOOR)
    boxes = []
    for label in range(1, len(peaks) + 1):
        rows, columns = np.nonzero(basins == label)
        boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    boxes = np.array(boxes, float).reshape(-1, 4)
    return boxes[np.argsort(boxes[:, 0] + boxes[:, 2])]


def characters(image: np.ndarray, quad: np.ndarray, length: int, see: Region
               ) -> tuple[np.ndarray, float]:
    """Quads of a word's characters, N,4,2, and how far they are to be trusted.

    `quad` is the word's, 4,2, in `image`, uint8 H,W,3.
    """
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    down = length > 1 and sides[1] + sides[3] > COLUMN * (sides[0] + sides[2])
    if down:  # turned a quarter to the left, so that it is read from left to right
        quad, sides = np.roll(quad, -1, axis=0), np.roll(sides, -1)
    ratio = (sides[0] + sides[2]) / max(sides[1] + sides[3], 1e-6)
    width = int(np.clip(round(HEIGHT * ratio), HEIGHT // 4, LONGEST))
    corners = np.array([[0, 0], [width, 0], [width, HEIGHT], [0, HEIGHT]], np.float32)
    inverse = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
    to_middles = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    sampled = np.linalg.inv(to_middles) @ inverse @ to_middles
    wide = -(-width // MULTIPLE) * MULTIPLE  # beyond the word the page goes on
    crop = cv2.warpPerspective(image, sampled, (wide, HEIGHT), borderMode=cv2.BORDER_REPLICATE,
                               flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    # Characters are upright in a column, too, when the network sees them.
    region = np.rot90(see(np.ascontiguousarray(np.rot90(crop, -1)))) if down else see(crop)
    boxes = split(region[:, :-(-width // STEP)]) * STEP
    trust = confidence(length, len(boxes))
    if trust <= LEAST:
        trust = LEAST
        cuts = np.linspace(0, width, length + 1)
        boxes = np.stack([cuts[:-1], np.zeros(length), cuts[1:], np.full(length, HEIGHT)], axis=1)
    points = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].reshape(-1, 1, 2)
    quads = cv2.perspectiveTransform(points, inverse).reshape(-1, 4, 2)
    return (np.roll(quads, 1, axis=1) if down else quads), trust
