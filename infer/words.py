"""From CRAFT's score maps to words: a rectangle and, around a bent word, a polygon.

Baek et al., CVPR 2019, section 3.3: pixels above a threshold in either map are joined, and what
hangs together is a word; a polygon follows the ridge of its characters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import NamedTuple

import cv2
import numpy as np
from scipy.signal import find_peaks

SMALLEST = 5  # score pixels of a word, of which fewer are noise
# A character's scores fall below the low threshold before it ends. On each side of a word so much
# is added, of its shorter side.
GROW = 0.25
UPRIGHT = 1.1  # an upright rectangle with up to so much of the smallest one's area is preferred
BEND = 0.15  # of its height that a word's middle must leave a straight line, to have a polygon
SHORT = 0.6  # characters less high than this share of the highest, commas say, do not count there
COLOUR = (0, 160, 60)  # RGB of drawn outlines


@dataclass(frozen=True)
class Thresholds:
    """Scores from which on something counts."""

    text: float = 0.7  # the highest region score of a word
    low: float = 0.4  # region scores of a word's pixels
    link: float = 0.4  # affinity scores that join characters to words

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < 1:
                raise ValueError(f"a threshold must lie between 0 and 1, got {field.name} {value}")


class Word(NamedTuple):
    """A word in the page's pixels: the first one covers [0, 1) along each axis."""

    quad: np.ndarray  # float64 4,2: x, y of a rectangle's corners, clockwise from the top left
    polygon: np.ndarray  # float64 N,2, clockwise; the quad for a straight word
    score: float  # the highest region score, in [0, 1]


class _Frame(NamedTuple):
    """A rectangle about a word's pixels, in score pixels; `along` and `down` are unit vectors."""

    centre: np.ndarray
    along: np.ndarray
    down: np.ndarray
    half: np.ndarray  # half the sides in these directions

    def points(self, places: np.ndarray) -> np.ndarray:
        """N,2 places along and down from the centre, as x, y."""
        return self.centre + places @ np.stack([self.along, self.down])


def find_words(scores: np.ndarray, step: float, thresholds: Thresholds) -> list[Word]:
    """Words of a score map, float32 H,W,2 with region and affinity, `step` page pixels a pixel.

    They come in the order of their highest pixels.
    """
    region = scores[..., 0]
    joined = (region > thresholds.low) | (scores[..., 1] > thresholds.link)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        joined.astype(np.uint8), connectivity=4)
    words = []
    for label, (left, top, width, height, area) in zip(range(1, count), boxes[1:], strict=True):
        if area < SMALLEST:
            continue
        window = slice(top, top + height), slice(left, left + width)
        # What only the affinity score joined is no part of the letters.
        part = np.where(labels[window] == label, region[window], 0)
        part[part <= thresholds.low] = 0
        score = part.max()
        if score < thresholds.text:
            continue
        frame = _frame(part)
        corner = np.array([left, top])
        margin = frame.half.min() * 2 * GROW
        quad = _quad(frame, margin)
        polygon = _polygon(part, frame, margin)
        words.append(Word(step * (quad + corner),
                          step * ((quad if polygon is None else polygon) + corner),
                          float(min(score, 1))))
    return words


def _frame(part: np.ndarray) -> _Frame:
    """The smallest rectangle about the pixels above 0, upright where that is hardly larger."""
    points = np.argwhere(part)[:, ::-1].astype(np.float32) + 0.5
    centre, sides, angle = cv2.minAreaRect(points)
    sides = np.array(sides) + 1  # from pixels' middles to their edges
    low, high = points.min(axis=0), points.max(axis=0)
    upright = high - low + 1
    if upright.prod() <= UPRIGHT * sides.prod():
        centre, sides, angle = (low + high) / 2, upright, 0.0
    turn = math.radians(angle)
    along = np.array([math.cos(turn), math.sin(turn)])
    down = np.array([-along[1], along[0]])
    if sides[1] > sides[0]:
        sides, along, down = sides[::-1], down, -along
    if along.sum() < 0:  # read to the right or, a column, downwards
        along, down = -along, -down
    return _Frame(np.asarray(centre, float), along, down, sides / 2)


def _quad(frame: _Frame, margin: float) -> np.ndarray:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (frame.half + margin)
    quad = frame.points(corners)
    return np.roll(quad, -int(quad.sum(axis=1).argmin()), axis=0)


def _polygon(part: np.ndarray, frame: _Frame, margin: float) -> np.ndarray | None:
    """A polygon about a bent word's pixels, None where its characters lie on a straight line.

    Every peak of the region score along the word is a character. The line through their centres is
    the word's; across it, at each, goes a line as long as the word is high. Those of the first and
    last character are moved outwards to where the word ends.
    """
    length, height = (math.ceil(2 * side) for side in frame.half)
    # Source of the turned picture's pixel (i, j): the frame's upper left corner, i along, j down.
    axes = np.stack([frame.along, frame.down], axis=1)
    origin = frame.points(-frame.half) + axes @ [0.5, 0.5] - 0.5
    turned = cv2.warpAffine(part.astype(np.float32), np.column_stack([axes, origin]),
                            (length, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    rows = np.arange(height)[:, None] + 0.5
    inside = turned > 0
    ridge = turned.max(axis=0)
    places, _ = find_peaks(np.pad(ridge, 1), prominence=0.05)
    if not len(places):
        return None
    places = places - 1
    top = np.where(inside, rows, height).min(axis=0) - 0.5
    bottom = np.where(inside, rows, 0).max(axis=0) + 0.5
    tall = (bottom - top)[places].max()
    places = places[(bottom - top)[places] >= SHORT * tall]
    if len(places) < 3:
        return None
    middles = (top + bottom)[places] / 2
    straight, bent = (np.polynomial.Polynomial.fit(places, middles, degree)(places)
                      for degree in (1, min(3, len(places) - 1)))
    if np.abs(bent - straight).max() < BEND * tall:
        return None

    centres = np.column_stack([places + 0.5, middles])
    slopes = np.gradient(centres, axis=0)
    slopes /= np.linalg.norm(slopes, axis=1, keepdims=True)
    columns = np.flatnonzero(inside.any(axis=0))
    reach = tall * GROW
    first = (centres[0, 0] - columns[0]) / slopes[0, 0] + reach
    last = (columns[-1] + 1 - centres[-1, 0]) / slopes[-1, 0] + reach
    centres = np.vstack([centres[0] - first * slopes[0], centres,
                         centres[-1] + last * slopes[-1]])
    slopes = np.vstack([slopes[:1], slopes, slopes[-1:]])
    across = np.column_stack([-slopes[:, 1], slopes[:, 0]]) * (tall / 2 + reach)
    outline = np.vstack([centres - across, (centres + across)[::-1]])
    return frame.points(outline - frame.half)


def drawn(image: np.ndarray, words: list[Word]) -> np.ndarray:
    """The page, uint8 H,W,3, with its words' outlines."""
    outlines = [np.rint(word.polygon * 16 - 8).astype(np.int32) for word in words]  # in 1/16 pixel
    thickness = max(1, round(max(image.shape) / 1000))
    return cv2.polylines(image.copy(), outlines, True, COLOUR, thickness, cv2.LINE_AA, shift=4)
