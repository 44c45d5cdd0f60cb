"""How a comic is drawn: its ink, its colours and its tones."""

from dataclasses import dataclass

import cv2
import numpy as np

from data.synth.content.canvas import WHITE, Canvas, Colour
from data.synth.content.photos import screened
from data.synth.words import number, pick

PALETTE: tuple[Colour, ...] = (
    (222, 76, 64), (244, 160, 60), (250, 214, 90), (110, 170, 80), (60, 140, 190), (40, 60, 110),
    (130, 96, 170), (236, 150, 170), (170, 120, 80), (90, 70, 60), (200, 220, 230), (60, 110, 90),
)  # fmt: skip


@dataclass
class Look:
    """How a comic is drawn, the same on all of a page.

    ink: colour of outlines; pen: their width in pixels; pitch: of the screens, in pixels.
    tint: 'none' (line art), 'grey' (screens and greys) or 'colour'.
    """

    rng: np.random.Generator
    ink: Colour
    pen: float
    pitch: float
    tint: str

    def fill(self) -> Colour:
        """A colour for a shape."""
        if self.tint == "colour":
            return pick(self.rng, PALETTE)
        if self.tint == "none" or self.rng.random() < 0.4:
            return WHITE
        level = number(self.rng, 40, 245)
        return (level, level, level)

    def tone(self, height: int, width: int) -> np.ndarray:
        """A screen, a grain or a gradient: float32 (h, w), what it leaves of the light."""
        rng = self.rng
        ends = rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.9) if rng.random() < 0.5 else 1.0
        axis = rng.random() < 0.8
        ramp = np.linspace(*ends, height if axis else width, dtype=np.float32)
        light = np.broadcast_to(ramp[:, None] if axis else ramp, (height, width)).copy()
        if rng.random() < 0.3:
            light[:] = ends[0]
        form = rng.random()
        if form < 0.55:
            return screened(light, self.pitch, np.radians(45))
        if form < 0.68:
            y, x = np.mgrid[0:height, 0:width].astype(np.float32)
            waves = np.sin((x * rng.normal() + y) * (2 * np.pi / (1.5 * self.pitch)))
            return np.clip((light - 0.5 - 0.45 * waves) * 2 + 0.5, 0, 1)
        if form < 0.8:
            return (rng.random((height, width), np.float32) < light).astype(np.float32)
        return light


def polygon_tone(canvas: Canvas, look: Look, points: np.ndarray) -> None:
    """Lay a tone over a polygon."""
    low = np.floor(np.min(points, 0)).astype(int).clip(0)
    high = np.ceil(np.max(points, 0)).astype(int).clip(0, (canvas.width, canvas.height))
    width, height = high - low
    if width < 2 or height < 2:
        return
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(np.asarray(points) - low).astype(np.int32)], 1)
    light = 1 - mask * (1 - look.tone(height, width))
    spot = canvas.pixels[low[1] : high[1], low[0] : high[0]]
    spot[:] = spot * light[..., None]
