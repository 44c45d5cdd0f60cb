"""What people write with: colour, darkness and touch of pens, pencils and markers."""

from dataclasses import dataclass

import cv2
import numpy as np

from data.synth.strokes import Touch
from data.synth.words import pick


@dataclass(frozen=True)
class Pen:
    """A writing tool. medium, colour and strength are those of `InkLayer`."""

    medium: str
    colour: tuple[float, float, float]
    strength: float
    touch: Touch


# The line of a pen in shares of the print's height: 0.25 to 0.7 mm beside print of 3.7 to 5 mm.
_WIDTHS = {
    "gel": (0.075, 0.135),
    "ballpoint": (0.06, 0.105),
    "fountain": (0.08, 0.16),
    "pencil": (0.06, 0.12),
    "crayon": (0.16, 0.3),
    "marker": (0.16, 0.3),
}
_PRESS = {
    "gel": 0.92,
    "ballpoint": 0.75,
    "fountain": 0.85,
    "pencil": 0.62,
    "crayon": 0.6,
    "marker": 0.95,
}
_LEAST_WIDTH = 0.9  # pixels: thinner lines would vanish
FAINTEST = 5  # grey levels that the palest pencil takes from white paper


def student_pen(rng: np.random.Generator, print_height: float) -> Pen:
    """What homework is done with: black and blue pens, pencils, now and then a coloured one."""
    medium = ("gel", "ballpoint", "fountain", "pencil")[
        int(rng.choice(4, p=(0.5, 0.16, 0.1, 0.24)))
    ]
    if medium == "pencil":
        return pencil(rng, print_height)
    luck = rng.random()
    if luck < 0.58:
        colour = _black(rng)
    elif luck < 0.94:
        colour = _blue(rng)
    else:
        colour = _coloured(rng)
    strength = rng.uniform(0.72, 0.95) if medium == "ballpoint" else rng.uniform(0.86, 1.0)
    return Pen(medium, colour, float(strength), _touch(rng, medium, print_height))


def print_like_pen(rng: np.random.Generator, print_height: float) -> Pen:
    """Black and as wide as the strokes of print, so that colour does not give it away."""
    grey = float(rng.uniform(0.0, 0.2))
    # From the thin level strokes of Song to bold Hei and headings.
    width = max(_LEAST_WIDTH, print_height * rng.uniform(0.05, 0.18))
    touch = Touch(float(width), lift=float(rng.uniform(0.0, 0.2)), swell=0.05)
    return Pen("gel", (grey, grey, grey), float(rng.uniform(0.94, 1.0)), touch)


def pencil(rng: np.random.Generator, print_height: float) -> Pen:
    """A pencil from dark to nearly invisible."""
    grey = float(rng.uniform(0.22, 0.5))
    colour = near(rng, (grey,) * 3, 0.012)
    if rng.random() < 0.42:  # pale: drawn evenly over the logarithm of what it takes from white
        levels = FAINTEST * (60 / FAINTEST) ** rng.random()
        strength = levels / (255 * (1 - grey))
    else:
        strength = rng.uniform(0.35, 0.85)
    return Pen("pencil", colour, float(strength), _touch(rng, "pencil", print_height))


def rubbed_out(rng: np.random.Generator, print_height: float) -> Pen:
    """What a rubber leaves of a pencil's line: broad, soft and hardly there."""
    grey = float(rng.uniform(0.3, 0.5))
    levels = FAINTEST * 3 ** rng.random()
    touch = _touch(rng, "pencil", 1.2 * print_height)
    return Pen("pencil", (grey,) * 3, float(levels / (255 * (1 - grey))), touch)


def teacher_pen(rng: np.random.Generator, print_height: float) -> Pen:
    """Red, or once in a while another colour that is not the pupil's."""
    red = (rng.uniform(0.72, 0.97), rng.uniform(0.05, 0.28), rng.uniform(0.08, 0.34))
    colour = red if rng.random() < 0.93 else _coloured(rng)
    medium = "gel" if rng.random() < 0.7 else "ballpoint"
    touch = _touch(rng, medium, 1.2 * print_height)
    return Pen(medium, tuple(float(c) for c in colour), float(rng.uniform(0.72, 1.0)), touch)


def highlighter(rng: np.random.Generator, print_height: float) -> Pen:
    """A broad, clear marker, about as wide as a line of print is high."""
    colours = (
        (0.98, 0.95, 0.3),
        (0.6, 0.96, 0.45),
        (0.99, 0.62, 0.78),
        (0.55, 0.85, 0.98),
        (0.99, 0.75, 0.4),
    )
    colour = near(rng, pick(rng, colours), 0.03)
    touch = Touch(float(print_height * rng.uniform(0.6, 1.1)), lift=0.0, swell=0.03, cap=0.15)
    return Pen("highlighter", colour, float(rng.uniform(0.5, 0.95)), touch)


def crayon(rng: np.random.Generator, print_height: float) -> Pen:
    """A wax or coloured pencil, for drawings and thick underlines."""
    return Pen(
        "crayon",
        _coloured(rng),
        float(rng.uniform(0.45, 0.85)),
        _touch(rng, "crayon", print_height),
    )


def marker(rng: np.random.Generator, print_height: float) -> Pen:
    """A felt pen or a brush: broad, full strokes, some of them hiding the print below."""
    luck = rng.random()
    colour = _black(rng) if luck < 0.5 else _blue(rng) if luck < 0.75 else _coloured(rng)
    medium = "paint" if rng.random() < 0.4 else "gel"
    return Pen(medium, colour, float(rng.uniform(0.85, 1.0)), _touch(rng, "marker", print_height))


def _touch(rng: np.random.Generator, medium: str, print_height: float) -> Touch:
    least, most = _WIDTHS[medium]
    width = max(_LEAST_WIDTH, print_height * rng.uniform(least, most))
    nib = rng.uniform(0.1, 0.45) if medium == "fountain" else 0.0
    return Touch(
        float(width),
        lift=float(rng.uniform(0.1, 0.65)),
        swell=float(rng.uniform(0.04, 0.16)),
        nib=float(nib),
        press=_PRESS[medium],
    )


def _black(rng: np.random.Generator) -> tuple[float, float, float]:
    return near(rng, (rng.uniform(0.02, 0.18),) * 3, 0.012)


def _blue(rng: np.random.Generator) -> tuple[float, float, float]:
    return near(rng, (rng.uniform(0.04, 0.26), rng.uniform(0.1, 0.38), rng.uniform(0.48, 0.86)), 0)


def _coloured(rng: np.random.Generator) -> tuple[float, float, float]:
    colours = (
        (0.85, 0.1, 0.15),
        (0.1, 0.5, 0.2),
        (0.45, 0.15, 0.6),
        (0.9, 0.35, 0.6),
        (0.95, 0.5, 0.1),
        (0.1, 0.55, 0.65),
        (0.45, 0.28, 0.15),
    )
    return near(rng, pick(rng, colours), 0.05)


def near(
    rng: np.random.Generator, colour: tuple[float, ...], spread: float
) -> tuple[float, float, float]:
    """A colour, RGB in [0, 1], with normal noise of this deviation."""
    red, green, blue = np.clip(np.array(colour) + rng.normal(0, spread, 3), 0, 1)
    return float(red), float(green), float(blue)


def flow(
    alpha: np.ndarray, medium: str, print_height: float, rng: np.random.Generator
) -> np.ndarray:
    """Lets the ink run unevenly, as pressure and supply change over a page.

    alpha: uint8 (H, W) coverage; returns the same, thinner in places.
    """
    least = {"pencil": 0.5, "crayon": 0.5, "ballpoint": 0.65, "fountain": 0.7, "gel": 0.85}
    if medium not in least:
        return alpha
    height, width = alpha.shape
    cell = max(2.0, (0.5 if medium in ("ballpoint", "gel") else 1.5) * print_height)
    grid = rng.uniform(least[medium], 1.15, (int(height / cell) + 2, int(width / cell) + 2))
    coarse = np.clip(grid * 255, 0, 255).astype(np.uint8)
    even = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(alpha, even, scale=1 / 255)
