"""Where translucent marks lie on a picture, and their blending into it."""

from dataclasses import replace

import cv2
import numpy as np

from data.synth.content.canvas import overlap
from data.synth.fonts import Faces
from data.synth.watermark import shapes
from data.synth.watermark.looks import Mark, draw_look, make_mark
from data.synth.words import number, pick

_LEAST_EM = 9.0  # pixels
_LARGEST_SHARE = 1.6  # of the picture's side that a single mark is wide, beyond its edges in part


class Marked:
    """A picture with marks; ink: uint8 (H, W), what all of them cover."""

    def __init__(self, picture: np.ndarray):
        self.image = picture.copy()
        self.ink = np.zeros(picture.shape[:2], np.uint8)

    def blend(self, mark: Mark, left: int, top: int) -> None:
        """Blend a mark into the picture as far as it lies on it, its corner at (left, top)."""
        spot, alpha = overlap(self.image, mark.alpha, left, top)
        if not alpha.size:
            return
        colour = overlap(self.image, mark.colour, left, top)[1]
        spot[:] = np.rint(spot * (1 - alpha[..., None]) + colour)
        ink = overlap(self.ink, mark.alpha, left, top)[0]
        ink[:] = np.rint(255 - (255 - ink) * (1 - alpha))


def lay_on(rng: np.random.Generator, picture: np.ndarray, faces: Faces) -> Marked:
    """The picture, uint8 (H, W, 3), with one kind of marks on it or several."""
    marked = Marked(picture)
    layouts = (_tiled, _tiled, _single, _corner, _scattered, _lines)
    for _ in range(1 if rng.random() < 0.7 else 2):
        pick(rng, layouts)(rng, marked, faces)
    return marked


def _em(rng, marked: Marked, low: float, high: float) -> float:
    """A height of letters, as shares of the picture's shorter side."""
    return max(_LEAST_EM, min(marked.ink.shape) * low * (high / low) ** rng.random())


def _block(rng, em: float, faces: Faces) -> np.ndarray:
    luck = rng.random()
    if luck < 0.62:
        block = shapes.text(rng, em, faces)
    elif luck < 0.75:
        block = shapes.logo(rng, em * rng.uniform(1.5, 4))
    else:
        block = shapes.lockup(rng, em, faces)
    return shapes.framed(rng, block, em) if rng.random() < 0.06 else block


def _angle(rng) -> float:
    """Degrees: level, upwards to the right, or any."""
    luck = rng.random()
    if luck < 0.3:
        return 0.0
    return rng.uniform(10, 55) * (1 if luck < 0.8 else -1)


def _tiled(rng, marked: Marked, faces: Faces) -> None:
    """One mark over and over, in rows that may be staggered, along its own direction."""
    em, angle = _em(rng, marked, 0.012, 0.09), _angle(rng)
    block = _block(rng, em, faces)
    look = replace(draw_look(rng, em), fade=None)
    mark = make_mark(shapes.turned(block, angle), look)
    step = np.array(block.shape[::-1]) + em * rng.uniform((0.5, 0.5), (6, 5))
    turn = np.radians(angle)
    along = np.array([np.cos(turn), -np.sin(turn)]) * step[0]
    down = np.array([np.sin(turn), np.cos(turn)]) * step[1]
    if rng.random() < 0.3:  # rows and columns of the picture instead
        along, down = np.diag(np.maximum(step, mark.alpha.shape[::-1]))
    stagger = rng.choice((0, 0.5, rng.random()))
    size, own = (np.array(alpha.shape[::-1]) for alpha in (marked.ink, mark.alpha))
    far = np.hypot(*size) // step.min() + 2
    row, column = np.mgrid[-far : far + 1, -far : far + 1].reshape(2, -1, 1)
    corners = (column + stagger * (row % 2)) * along + row * down
    corners = np.round(corners + rng.uniform(0, 1, 2) * size - own / 2).astype(int)
    for corner in corners[((corners < size) & (corners + own > 0)).all(axis=1)].tolist():
        marked.blend(mark, *corner)


def _fitting(rng, marked: Marked, faces: Faces, em: float, share: float) -> np.ndarray:
    """Coverage no wider than a share of the picture."""
    block = _block(rng, em, faces)
    least = share * marked.ink.shape[1] / block.shape[1]
    if least < 1:
        size = [max(1, round(side * least)) for side in block.shape]
        block = cv2.resize(block, size[::-1], interpolation=cv2.INTER_AREA)
    return block


def _single(rng, marked: Marked, faces: Faces) -> None:
    """A large mark about the middle."""
    em = _em(rng, marked, 0.06, 0.3)
    block = shapes.turned(_fitting(rng, marked, faces, em, _LARGEST_SHARE), _angle(rng))
    mark = make_mark(block, draw_look(rng, em))
    size, own = np.array(marked.ink.shape[::-1]), np.array(mark.alpha.shape[::-1])
    corner = (size - own) / 2 + rng.normal(0, 0.1, 2) * size
    marked.blend(mark, *np.round(corner).astype(int).tolist())


def _corner(rng, marked: Marked, faces: Faces) -> None:
    """A small mark in a corner or at the middle of an edge; at times in several."""
    em = _em(rng, marked, 0.015, 0.08)
    mark = make_mark(_fitting(rng, marked, faces, em, 0.9), draw_look(rng, em))
    for _ in range(1 if rng.random() < 0.75 else 3):
        size, own = np.array(marked.ink.shape[::-1]), np.array(mark.alpha.shape[::-1])
        corner = rng.choice((0, 0.5, 1), 2) * (size - own - 2 * em) + em * rng.uniform(0.3, 1.7)
        marked.blend(mark, *np.round(corner).astype(int).tolist())


def _scattered(rng, marked: Marked, faces: Faces) -> None:
    """Several different marks anywhere."""
    for _ in range(number(rng, 2, 6)):
        em = _em(rng, marked, 0.02, 0.15)
        block = shapes.turned(_fitting(rng, marked, faces, em, 1.0), _angle(rng))
        mark = make_mark(block, draw_look(rng, em))
        corner = rng.uniform(-0.2, 1, 2) * marked.ink.shape[::-1]
        marked.blend(mark, *np.round(corner).astype(int).tolist())


def _lines(rng, marked: Marked, faces: Faces) -> None:
    """Thin lines across everything, as of picture agencies, with a mark in the middle."""
    height, width = marked.ink.shape
    block = np.zeros((height, width), np.uint8)
    look = replace(draw_look(rng, _LEAST_EM), shadow=0.0, rim=0, fill=1.0)
    thick = max(1, round(min(height, width) * rng.uniform(0.001, 0.006)))
    step = min(height, width) * rng.uniform(0.12, 1.0)
    slope = rng.uniform(0.3, 1.5)
    for at in np.arange(-2 * height, width + 2 * height, step):
        for side in (1, -1):
            end = at + side * height * slope
            cv2.line(block, (int(at), 0), (int(end), height), 255, thick, cv2.LINE_AA)
    marked.blend(make_mark(block, look), -1, -1)
    _single(rng, marked, faces)
