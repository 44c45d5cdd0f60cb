"""What makes one capture differ from another: a `Setting`, and the draws all settings share."""

from dataclasses import dataclass

import numpy as np

from data.synth import texture
from data.synth.camera import Jpeg, Lens, PixelGrid, Sensor
from data.synth.geometry import Bend, Pose
from data.synth.light import Light
from data.synth.paper import Wear


@dataclass(frozen=True)
class Setting:
    """Everything about a capture but the light's exact shape.

    pose, bend: None for a digital copy, which keeps the sheet's pixels.
    black: reflectance of the darkest print.
    toner: how unevenly the print covers, standard deviation of its density.
    grain: of the paper, standard deviation of its reflectance.
    ghost: reflectance taken by what shines through from the back.
    slip: (x, y) pixels by which the red plate of a colour print is off.
    behind: RGB reflectance of what the paper lies on.
    weave: how strongly the texture of that shows.
    grey: the sensor sees no colour.
    """

    pose: Pose | None
    bend: Bend | None
    light: Light
    wear: Wear
    lens: Lens
    sensor: Sensor
    jpeg: Jpeg | None
    pixel_grid: PixelGrid | None = None
    black: float = 0.0
    toner: float = 0.0
    grain: float = 0.0
    ghost: float = 0.0
    slip: tuple[float, float] = (0.0, 0.0)
    behind: tuple[float, float, float] = (1.0, 1.0, 1.0)
    weave: float = 0.0
    grey: bool = False
    grain_origin: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Draw:
    """Draws the parts of a setting.

    frame: (height, width) of the picture.
    print_height: of the body text, in pixels of the picture.
    """

    rng: np.random.Generator
    frame: tuple[int, int]
    print_height: float

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def spread(self, sigma: float) -> float:
        """A size: the absolute value of a normal number, at most three sigma."""
        return min(abs(float(self.rng.normal(0, sigma))), 3 * sigma)

    def sensor(self, noise: float, banks: tuple[str, ...], **levels: float) -> Sensor:
        bank = str(self.rng.choice(banks))
        return Sensor(noise=noise, bank=bank, origin=texture.draw_origin(self.rng), **levels)

    def lens(self, least: float, spread: float, sharpen: float) -> Lens:
        """Blur in proportion to the print: what blurs small print is not used for it."""
        if self.chance(0.08):  # out of focus
            return Lens(blur=self.between(0.04, 0.07) * self.print_height)
        widest = 0.25 + 0.05 * self.print_height
        blur = min(least + self.spread(spread) * self.print_height / 28, widest)
        return Lens(blur=blur, sharpen=self.between(0.2, 0.9) if self.chance(sharpen) else 0.0)

    def jpeg(self, low: int, high: int, share: float = 0.9) -> Jpeg | None:
        if not self.chance(share):
            return None
        # A small picture that a messenger or a website made of a large one, enlarged again.
        enlarged = 2 if self.print_height >= 16 and self.chance(0.15) else 1
        quality = int(self.rng.integers(low, high + 1))
        return Jpeg(quality, subsampled=self.chance(0.8), enlarged=enlarged)

    def print(self, blackest: float) -> dict:
        """How the page was printed, as arguments of a Setting."""
        slip = self.rng.normal(0, 0.35, 2) if self.chance(0.12) else (0.0, 0.0)
        return {
            "black": self.between(0.0, blackest),
            "toner": self.spread(0.1) if self.chance(0.5) else 0.0,
            "ghost": self.between(0.02, 0.1) if self.chance(0.25) else 0.0,
            "slip": (float(slip[0]), float(slip[1])),
            "grain_origin": texture.draw_origin(self.rng),
        }

    def wear(self, whiteness: float, rough: float) -> Wear:
        """Paper from `whiteness` up, with the folds and crumples that `rough` treatment gives."""
        white = self.between(whiteness, 1.0)
        yellow = self.spread(0.03) if self.chance(0.8) else self.between(0.05, 0.14)
        colour = (white, white * (1 - 0.4 * yellow), white * (1 - yellow))
        if self.chance(0.15):  # bluish white
            colour = colour[::-1]
        binding = str(self.rng.choice(["", "holes", "staple", "spiral"], p=[0.8, 0.1, 0.05, 0.05]))
        return Wear(
            colour=colour,
            aged=self.between(0.1, 1.0) if self.chance(0.15) else 0.0,
            folds=int(self.rng.integers(1, 4)) if self.chance(0.25 * rough) else 0,
            crumple=self.between(0.01, 0.12) if self.chance(0.2 * rough) else 0.0,
            binding=binding,
        )
