"""The light that falls on a page: its colour, how it fades, and who stands in it.

Light is a coarse field (see `fields`) for each of red, green and blue, float32
(3, rows, columns); 1 is the level that a sensor records as white.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from data.synth import fields

Frame = tuple[int, int]  # height, width


@dataclass(frozen=True)
class Light:
    """What lights a capture.

    level: brightness of bare white paper, 1 = white.
    tint: gain of red, green and blue.
    fall: difference in level across the frame.
    unevenness: standard deviation of broad blotches.
    vignette: loss of level in the corners.
    shadows: number of hands and phones in the light.
    glare: extra level at the reflection of a lamp.
    flatten: share of the unevenness removed by software, 1 = all.
    """

    level: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    fall: float = 0.0
    unevenness: float = 0.0
    vignette: float = 0.0
    shadows: int = 0
    glare: float = 0.0
    flatten: float = 0.0

    def field(self, rng: np.random.Generator, frame: Frame) -> np.ndarray:
        """The light over a frame, coarse (3, rows, columns)."""
        grey = np.ones_like(fields.lattice(frame)[0])
        if self.fall:
            grey += self.fall * fields.slope(frame, rng.uniform(0, 2 * np.pi))
        if self.unevenness:
            size = max(frame) / rng.uniform(1.5, 5)
            grey += self.unevenness * fields.blotches(rng, frame, size)
        if self.vignette:
            grey *= 1 - self.vignette * _corner_distance(frame) ** 2
        if self.glare:
            grey += self.glare * _lamp(rng, frame)
        colour = np.stack([grey * (self.level * gain) for gain in self.tint])
        if self.fall:
            # Daylight from one side and a lamp from the other.
            warm = 0.3 * self.fall * rng.normal() * fields.slope(frame, rng.uniform(0, 2 * np.pi))
            colour[0] *= 1 + warm
            colour[2] *= 1 - warm
        for _ in range(self.shadows):
            depth = rng.uniform(0.1, 0.5)
            dark = depth * _shadow(rng, frame)
            # Shadows are lit by the blue rest of the room.
            for plane, share in zip(colour, (1.0, 0.97, 0.92), strict=True):
                plane *= 1 - share * dark
        colour = np.clip(colour, 0.02, None)
        if self.flatten:
            mean = colour.mean(axis=(1, 2), keepdims=True)
            colour = mean * (colour / mean) ** (1 - self.flatten)
        return np.minimum(colour, 1.3).astype(np.float32)


def _corner_distance(frame: Frame) -> np.ndarray:
    """0 in the middle, 1 in the corners."""
    x, y = fields.lattice(frame)
    return np.minimum(np.hypot(x / frame[1] - 0.5, y / frame[0] - 0.5) / np.hypot(0.5, 0.5), 1)


def _lamp(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    x, y = fields.lattice(frame)
    span = max(frame)
    across, down = rng.uniform(0.1, 0.9, 2)
    wide, high = rng.uniform(0.08, 0.3, 2) * span
    return np.exp(-(((x - across * frame[1]) / wide) ** 2 + ((y - down * frame[0]) / high) ** 2))


def _shadow(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    """A coarse mask, 0 to 1, of the shadow of a hand, a phone, a head or a straight edge."""
    mask = np.zeros_like(fields.lattice(frame)[0])
    span = max(frame) / fields.CELL
    # Whatever it is comes in over one of the sides: from a point outside towards the middle.
    angle = rng.uniform(0, 2 * np.pi)
    middle = np.array([frame[1], frame[0]]) / 2 / fields.CELL
    inward = np.array([np.cos(angle), np.sin(angle)])
    sideways = np.array([-inward[1], inward[0]])
    tip = middle - inward * span * rng.uniform(0.0, 0.35) + sideways * span * rng.normal(0, 0.2)
    shape = rng.choice(["hand", "phone", "head", "edge"])
    if shape == "hand":
        _draw_hand(mask, rng, tip, inward, sideways, span)
    elif shape == "head":
        radius = span * rng.uniform(0.15, 0.3)
        _fill_ellipse(mask, tip - inward * radius, radius, radius * rng.uniform(0.7, 1.0), angle)
    else:
        half = span * (rng.uniform(0.12, 0.3) if shape == "phone" else 3.0)
        skew = rng.normal(0, 0.1) * inward
        box = [tip - (sideways + skew) * half, tip + (sideways + skew) * half]
        box += [box[1] - inward * 3 * span, box[0] - inward * 3 * span]
        _fill(mask, np.array(box))
    softness = max(frame) * rng.choice([0.006, 0.02, 0.06]) * rng.uniform(0.7, 1.4)
    return fields.soften(mask, softness)


def _draw_hand(
    mask: np.ndarray,
    rng: np.random.Generator,
    tip: np.ndarray,
    inward: np.ndarray,
    sideways: np.ndarray,
    span: float,
) -> None:
    """Two to four fingers in front of a palm and an arm."""
    finger = span * rng.uniform(0.025, 0.05)
    palm = tip - inward * finger * 6
    for place in np.arange(rng.integers(2, 5)) - 1.5:
        reach = palm + inward * finger * rng.uniform(2.5, 6) + sideways * place * finger * 2.3
        _stroke(mask, palm + sideways * place * finger * 1.5, reach, finger * 1.7)
    _stroke(mask, palm, palm - inward * span * 2, finger * 7)


_SHIFT = 4  # fractional bits of the coordinates given to OpenCV's drawing


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(points) * 2**_SHIFT).astype(np.int32)


def _fill(mask: np.ndarray, polygon: np.ndarray) -> None:
    cv2.fillPoly(mask, [_fixed(polygon)], 1.0, shift=_SHIFT)


def _fill_ellipse(
    mask: np.ndarray, centre: np.ndarray, along: float, across: float, angle: float
) -> None:
    turn = np.linspace(0, 2 * np.pi, 48)
    forward = np.array([np.cos(angle), np.sin(angle)])
    sideways = np.array([-forward[1], forward[0]])
    _fill(
        mask,
        centre
        + along * np.cos(turn)[:, None] * forward
        + across * np.sin(turn)[:, None] * sideways,
    )


def _stroke(mask: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> None:
    ends = [tuple(int(v) for v in point) for point in _fixed(np.stack([start, end]))]
    cv2.line(mask, *ends, 1.0, max(1, round(width)), shift=_SHIFT)
