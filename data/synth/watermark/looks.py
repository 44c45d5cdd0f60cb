"""How a mark looks: colours, opacity, outline, shadow, fading."""

from dataclasses import dataclass

import cv2
import numpy as np

from data.synth.words import number


@dataclass(frozen=True)
class Look:
    """How coverage becomes a mark.

    colour: uint8 RGB; second: what its lower end fades to, the same for most.
    opacity: of the whole mark.
    fill: opacity of the letters within it; 0 leaves their outline alone.
    rim, rim_colour: outline around the letters in pixels.
    shadow: opacity of a soft shadow; shift: its (x, y) in pixels; softness: its sigma.
    fade: direction in radians in which the mark fades away, None for none.
    """

    colour: np.ndarray
    second: np.ndarray
    opacity: float
    fill: float
    rim: int
    rim_colour: np.ndarray
    shadow: float
    shadow_colour: np.ndarray
    shift: tuple[int, int]
    softness: float
    fade: float | None


@dataclass
class Mark:
    """colour: float32 (h, w, 3), times alpha already; alpha: float32 (h, w) in [0, 1]."""

    colour: np.ndarray
    alpha: np.ndarray

    def over(self, cover: np.ndarray, colour: np.ndarray) -> None:
        """Lay a colour, (3,) or (h, w, 3), on through coverage in [0, 1]."""
        rest = 1 - cover
        self.colour *= rest[..., None]
        self.colour += cover[..., None] * colour
        self.alpha *= rest
        self.alpha += cover


def draw_look(rng: np.random.Generator, em: float) -> Look:
    colour = _colour(rng)
    bright = colour.mean() > 127
    contrast = np.full(3, 0 if bright else 255, np.uint8)
    fill, rim = 1.0, 0
    luck = rng.random()
    if luck < 0.1:
        fill, rim = 0.0, max(1, round(em * rng.uniform(0.02, 0.06)))
    elif luck < 0.25:
        rim = max(1, round(em * rng.uniform(0.02, 0.08)))
    reach = max(1.0, em * rng.uniform(0.02, 0.1))
    direction = rng.uniform(0, 2 * np.pi) if rng.random() < 0.2 else np.pi / 4
    return Look(
        colour,
        second=_colour(rng) if rng.random() < 0.06 else colour,
        opacity=float(rng.choice((rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.9)))),
        fill=fill,
        rim=rim,
        rim_colour=colour if fill == 0 else contrast,
        shadow=rng.uniform(0.3, 1) if rng.random() < 0.25 else 0.0,
        shadow_colour=contrast,
        shift=(round(reach * np.cos(direction)), round(reach * np.sin(direction))),
        softness=reach * rng.uniform(0, 0.8),
        fade=rng.uniform(0, 2 * np.pi) if rng.random() < 0.12 else None,
    )


def _colour(rng: np.random.Generator) -> np.ndarray:
    luck = rng.random()
    if luck < 0.4:
        return np.full(3, 255, np.uint8)
    if luck < 0.58:
        return np.full(3, number(rng, 0, 30), np.uint8)
    if luck < 0.75:
        return np.full(3, number(rng, 90, 230), np.uint8)
    hsv = rng.uniform(0, 180), rng.uniform(80, 255), rng.uniform(110, 255)
    return cv2.cvtColor(np.uint8([[hsv]]), cv2.COLOR_HSV2RGB)[0, 0]


def make_mark(block: np.ndarray, look: Look) -> Mark:
    """A mark of this look from the coverage of its letters, uint8 (h, w).

    It is larger than its letters by the same on all sides.
    """
    pad = look.rim + 1
    if look.shadow:
        pad += max(map(abs, look.shift)) + int(np.ceil(3 * look.softness))
    block = cv2.copyMakeBorder(block, *[pad] * 4, cv2.BORDER_CONSTANT, value=0)
    height, width = block.shape
    cover = block / np.float32(255)
    around = cover
    if look.rim:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, [2 * look.rim + 1] * 2)
        around = cv2.dilate(cover, disc)
    mark = Mark(np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32))
    if look.shadow:
        move = np.float32([[1, 0, look.shift[0]], [0, 1, look.shift[1]]])
        shadow = cv2.warpAffine(around, move, (width, height))
        if look.softness > 0.3:
            shadow = cv2.GaussianBlur(shadow, (0, 0), look.softness)
        mark.over(look.shadow * shadow, look.shadow_colour)
    if look.rim:
        mark.over(around - cover, look.rim_colour)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    mark.over(look.fill * cover, look.colour * (1 - down) + look.second * down)
    strength = np.float32(look.opacity)
    if look.fade is not None:
        x = np.cos(look.fade) * np.linspace(-1, 1, width)
        y = np.sin(look.fade) * np.linspace(-1, 1, height)[:, None]
        strength = strength * np.clip(0.75 + 0.75 * (x + y), 0, 1).astype(np.float32)
    mark.alpha *= strength
    mark.colour *= strength[..., None]
    return mark
