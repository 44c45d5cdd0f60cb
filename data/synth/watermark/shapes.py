"""What marks are made of: the coverage of their text, of logos, and of both side by side.

Coverage is uint8 (H, W), 255 = wholly covered, cut to what is inked.
"""

import re

import cv2
import numpy as np

from data.synth import words
from data.synth.comic.letters import cut, level, paste
from data.synth.content import photos
from data.synth.content.canvas import Canvas, Type
from data.synth.fonts import Faces
from data.synth.sheet import Box
from data.synth.words import number, pick

LARGEST = 180  # pixels to the em; larger letters are enlarged
_BLANK = re.compile(r"\{(\w+)\}")


def says(rng: np.random.Generator) -> str:
    """One line of a watermark: a phrase, a name, an address on the web, a date, a number."""
    draw = {
        "zh": lambda: pick(rng, words.rows("zh_words", 2))[0],
        "en": lambda: pick(rng, words.rows("en_words", 2))[0].replace(" ", ""),
        "EN": lambda: pick(rng, words.rows("en_words", 2))[0].upper(),
        "who": lambda: words.made_up_name(rng),
        "name": lambda: pick(rng, words.lines("en_names")),
        "place": lambda: pick(rng, words.lines("places")),
        "phone": lambda: str(number(rng, 10**10, 2 * 10**10 - 1)),
        "number": lambda: str(number(rng, 1, 999)),
        "year": lambda: str(number(rng, 1998, 2026)),
        "month": lambda: f"{number(rng, 1, 12):02d}",
        "day": lambda: f"{number(rng, 1, 28):02d}",
        "hour": lambda: f"{number(rng, 0, 23):02d}",
        "minute": lambda: f"{number(rng, 0, 59):02d}",
    }
    return _BLANK.sub(lambda blank: draw[blank[1]](), pick(rng, words.lines("watermarks")))


def text(rng: np.random.Generator, em: float, faces: Faces, most: int = 3) -> np.ndarray:
    """Up to `most` lines, one below the other; em in pixels."""
    canvas = Canvas(1, 1, faces)
    latin = faces.print_latin + faces.comic_latin
    written = rng.random() < 0.15  # as a signature
    kind = Type(
        pick(rng, faces.hand_zh if written else faces.print_zh),
        pick(rng, faces.hand_latin if written else latin),
        min(em, LARGEST),
        bold=float(rng.choice((0, 0, 0.04, 0.08, 0.12))),
        slant=rng.uniform(0.1, 0.3) if rng.random() < 0.15 else 0.0,
        stretch=rng.uniform(0.75, 1.4) if rng.random() < 0.2 else 1.0,
        spacing=rng.uniform(0, 0.5) if rng.random() < 0.2 else 0.0,
    )
    lines = [says(rng) for _ in range(1 if rng.random() < 0.7 else number(rng, 2, max(2, most)))]
    block = level(canvas, lines[:most], kind, rng.uniform(1.1, 1.6))
    if em <= LARGEST:
        return block
    return _enlarged(block, em / LARGEST)


def logo(rng: np.random.Generator, size: float) -> np.ndarray:
    """An emblem about `size` pixels high: rings, bars, letters in a frame, outlines of things."""
    side = max(12, round(min(size, 2 * LARGEST)))
    canvas = Canvas(side, side, Faces((), (), (), ()))
    box = Box(0.06 * side, 0.06 * side, 0.88 * side, 0.88 * side)
    if rng.random() < 0.4:
        photos.logo(canvas, box, rng, (0, 0, 0))
    else:
        pick(rng, (_cloud, _camera, _polygon, _petals, _swirl))(canvas, rng, side)
    block = cut(255 - canvas.pixels[..., 0])
    return block if size <= 2 * LARGEST else _enlarged(block, size / (2 * LARGEST))


def lockup(rng: np.random.Generator, em: float, faces: Faces) -> np.ndarray:
    """A logo with text below it or to its right."""
    right = text(rng, em, faces, 2)
    left = logo(rng, em * rng.uniform(1, 2.5))
    gap = round(em * rng.uniform(0.15, 0.6))
    (h0, w0), (h1, w1) = left.shape, right.shape
    if rng.random() < 0.6:
        block = np.zeros((max(h0, h1), w0 + gap + w1), np.uint8)
        centres = (w0 / 2, block.shape[0] / 2), (w0 + gap + w1 / 2, block.shape[0] / 2)
    else:
        block = np.zeros((h0 + gap + h1, max(w0, w1)), np.uint8)
        centres = (block.shape[1] / 2, h0 / 2), (block.shape[1] / 2, h0 + gap + h1 / 2)
    for part, centre in zip((left, right), centres, strict=True):
        paste(block, part, *centre)
    return block


def framed(rng: np.random.Generator, block: np.ndarray, em: float) -> np.ndarray:
    """Coverage in a box, or as the letters that a filled box leaves out."""
    gap, width = round(em * rng.uniform(0.25, 0.7)), max(1, round(em * rng.uniform(0.04, 0.12)))
    block = cv2.copyMakeBorder(block, *[gap] * 4, cv2.BORDER_CONSTANT, value=0)
    if rng.random() < 0.35:
        return 255 - block
    return cv2.copyMakeBorder(block, *[width] * 4, cv2.BORDER_CONSTANT, value=255)


def turned(block: np.ndarray, angle: float) -> np.ndarray:
    """Coverage turned counter-clockwise by an angle in degrees."""
    height, width = block.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    across, down = (np.ceil(abs(turn[:, :2]) @ (width, height)) + 2).astype(int)
    turn[:, 2] += (across - width) / 2, (down - height) / 2
    return cv2.warpAffine(block, turn, (int(across), int(down)), flags=cv2.INTER_LINEAR)


def _enlarged(block: np.ndarray, factor: float) -> np.ndarray:
    return cv2.resize(block, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


def _cloud(canvas: Canvas, rng, side: int) -> None:
    """A cloud, filled or with a letter-like hole."""
    for x, y, radius in ((0.3, 0.58, 0.22), (0.5, 0.42, 0.27), (0.72, 0.58, 0.2)):
        canvas.disc(x * side, y * side, radius * side)
    canvas.rect(Box(0.3 * side, 0.55 * side, 0.42 * side, 0.24 * side), width=0, fill=(0, 0, 0))
    if rng.random() < 0.6:
        canvas.disc(0.5 * side, 0.55 * side, rng.uniform(0.08, 0.16) * side, (255, 255, 255))


def _camera(canvas: Canvas, rng, side: int) -> None:
    body = Box(0.08 * side, 0.3 * side, 0.84 * side, 0.55 * side)
    solid, pen = rng.random() < 0.5, max(1.0, side * rng.uniform(0.02, 0.06))
    top = Box(0.36 * side, 0.18 * side, 0.28 * side, 0.13 * side)
    for part in (top, body):
        canvas.rect(part, (0, 0, 0), pen, fill=(0, 0, 0) if solid else None)
    ink = (255, 255, 255) if solid else (0, 0, 0)
    for radius in (0.19, rng.uniform(0.06, 0.13)):
        canvas.ellipse(0.5 * side, 0.57 * side, radius * side, radius * side, ink, pen)


def _polygon(canvas: Canvas, rng, side: int) -> None:
    """A shield, hexagon or triangle with another within."""
    corners = number(rng, 3, 8)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.choice((0, np.pi / 2))
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * 0.46 * side
    canvas.polygon(points + side / 2, (0, 0, 0))
    for share in np.arange(rng.uniform(0.6, 0.85), 0.1, -rng.uniform(0.15, 0.4)):
        colour = (255, 255, 255) if rng.random() < 0.6 else (0, 0, 0)
        canvas.polygon(share * points + side / 2, colour)


def _petals(canvas: Canvas, rng, side: int) -> None:
    count, narrow = number(rng, 3, 9), rng.uniform(0.06, 0.15)
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        x, y = 0.5 + 0.24 * np.cos(angle), 0.5 + 0.24 * np.sin(angle)
        canvas.ellipse(x * side, y * side, 0.22 * side, narrow * side, width=0, fill=(0, 0, 0),
                       turn=np.degrees(angle))


def _swirl(canvas: Canvas, rng, side: int) -> None:
    """Arcs around one middle, as of a radio, a wheel, a letter C."""
    pen = side * rng.uniform(0.03, 0.09)
    for radius in np.arange(0.42, 0.08, -2.2 * pen / side):
        begin = rng.uniform(0, 360)
        canvas.ellipse(side / 2, side / 2, radius * side, radius * side, (0, 0, 0), pen,
                       start=begin, end=begin + rng.uniform(120, 380))
