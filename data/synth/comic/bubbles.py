"""What speech stands in: balloons with tails, clouds, bursts, captions."""

import cv2
import numpy as np

from data.synth.comic.look import Look, polygon_tone
from data.synth.content.canvas import WHITE, Canvas, Colour
from data.synth.sheet import Box
from data.synth.words import number

SHAPES = ("oval", "oval", "oval", "soft", "box", "cloud", "burst", "none")


def room(shape: str, width: float, height: float, em: float) -> tuple[float, float]:
    """Width and height of the bubble that a text of this size needs."""
    if shape == "none":
        return width, height
    if shape == "box":
        return width + 1.2 * em, height + 1.0 * em
    grown = {"soft": 1.15, "oval": 1.36, "cloud": 1.45, "burst": 1.6}[shape]
    return grown * width + 0.8 * em, grown * height + 0.8 * em


def outline(rng: np.random.Generator, shape: str, box: Box) -> np.ndarray:
    """A bubble's outline around a box, (n, 2)."""
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    cos, sin = np.cos(angles), np.sin(angles)
    radius = np.ones_like(angles)
    if shape in ("box", "soft"):
        power = 0.06 if shape == "box" else rng.uniform(0.4, 0.75)
        cos, sin = (np.sign(v) * np.abs(v) ** power for v in (cos, sin))
    elif shape == "cloud":
        radius += 0.09 * np.abs(np.sin(angles * number(rng, 5, 9)))
    elif shape == "burst":
        count = number(rng, 10, 22)
        angles = np.linspace(0, 2 * np.pi, 2 * count, endpoint=False)
        cos, sin = np.cos(angles), np.sin(angles)
        radius = np.where(np.arange(2 * count) % 2, 0.86, 1.06) + rng.normal(0, 0.05, 2 * count)
    else:
        radius += rng.normal(0, 0.012) * np.sin(angles * number(rng, 2, 4) + rng.uniform(0, 6))
    half = np.array([box.width, box.height]) / 2
    return np.stack([cos, sin], 1) * radius[:, None] * half + (box.left, box.top) + half


def tail(rng: np.random.Generator, box: Box, tip: np.ndarray, em: float) -> np.ndarray:
    """A tail from a bubble's middle towards a mouth, (3, 2); it ends not far from the bubble."""
    middle = np.array([box.left + box.width / 2, box.top + box.height / 2])
    along = tip - middle
    length = max(1.0, float(np.hypot(*along)))
    along = along / length
    # Where the way leaves the bubble, were it an oval, and some way on.
    rim = 1 / np.hypot(along[0] / (box.width / 2), along[1] / (box.height / 2))
    reach = min(length, rim + em * rng.uniform(0.5, 2.0))
    across = along[::-1] * (-1, 1) * em * rng.uniform(0.25, 0.5)
    bend = along[::-1] * (1, -1) * em * rng.normal(0, 0.4)
    return np.stack([middle - across, middle + reach * along + bend, middle + across])


def draw_bubble(canvas: Canvas, look: Look, parts: list[np.ndarray], fill: Colour,
                strength: float = 1.0, rim: bool = True) -> tuple[np.ndarray, int, int]:
    """Draw a bubble of several overlapping outlines as one.

    strength: how much it hides. Returns its coverage, uint8 (h, w), and the corner's x and y.
    """
    pen = max(1, round(look.pen * 1.3))
    points = np.concatenate(parts)
    left, top = (int(v) for v in np.floor(points.min(axis=0)) - pen - 2)
    width, height = (int(v) for v in np.ceil(points.max(axis=0)) - (left, top) + pen + 3)
    mask = np.zeros((height, width), np.uint8)
    for part in parts:
        fixed = np.round((part - (left, top)) * 16).astype(np.int32)
        cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 4)
    if rim:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pen + 1, 2 * pen + 1))
        edge = cv2.dilate(mask, disc)
        canvas.stamp(cv2.subtract(edge, mask) if strength < 1 else edge, left, top, look.ink)
    canvas.stamp((mask * strength).astype(np.uint8), left, top, fill)
    if fill != WHITE and look.tint != "colour" and look.rng.random() < 0.4:
        polygon_tone(canvas, look, parts[0])
    return mask, left, top
