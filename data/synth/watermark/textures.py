"""Surfaces: noise of every size in the colours of a palette, wood, cloth, bricks, water, leaves.

Pictures are uint8 (H, W, 3) RGB, light is float32 (H, W) in [0, 1].
"""

import cv2
import numpy as np

from data.synth.words import number, pick

_STEPS = 1024  # of a palette


def fractal(rng: np.random.Generator, height: int, width: int, rough: float,
            across: float = 1.0, down: float = 1.0) -> np.ndarray:
    """Noise of every size down to the pixel, as light.

    rough: how strong the next finer noise is, 0.3 as clouds to 0.9 as sand; across, down: by how
    much it is drawn out.
    """
    light = np.zeros((height, width), np.float32)
    cell, weight = max(height, width) * rng.uniform(0.2, 1), 1.0
    while cell > 1.2:
        cells = [min(side, int(side / (cell * stretch)) + 2)
                 for side, stretch in ((height, down), (width, across))]
        field = rng.random(cells, np.float32)
        light += weight * cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
        cell, weight = cell / 2, weight * rough
    return cv2.normalize(light, None, 0, 1, cv2.NORM_MINMAX)


def palette(rng: np.random.Generator, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """uint8 (steps, 3): colours of a scene from its darkest to its brightest tone."""
    count = number(rng, 2, 5)
    hues = rng.uniform(0, 360) + rng.normal(0, pick(rng, (8, 30, 90)), count)
    saturations = rng.uniform(0, 1, count) * rng.uniform(0.05, 1)
    values = np.sort(rng.uniform(low, high, count))
    if rng.random() < 0.2:
        values = values[::-1]
    knots = np.stack([hues % 360, saturations, values], 1).astype(np.float32)[None]
    colours = 255 * cv2.cvtColor(knots, cv2.COLOR_HSV2RGB)[0]
    at = np.linspace(0, count - 1, _STEPS)
    return np.stack([np.interp(at, range(count), plane) for plane in colours.T], 1).astype(np.uint8)


def tinted(light: np.ndarray, colours: np.ndarray) -> np.ndarray:
    return colours[np.clip(light * (_STEPS - 1), 0, _STEPS - 1).astype(np.int16)]


def shaded(picture: np.ndarray, light: np.ndarray) -> np.ndarray:
    """The picture under more or less light; 1 leaves it as it is."""
    return cv2.convertScaleAbs(picture * light[..., None].astype(np.float32))


def _noise(rng, height: int, width: int) -> np.ndarray:
    light = fractal(rng, height, width, rng.uniform(0.4, 0.85), *2 ** rng.uniform(-0.5, 1.5, 2))
    return tinted(light, palette(rng))


def _smooth(rng, height: int, width: int) -> np.ndarray:
    light = fractal(rng, height, width, rng.uniform(0.2, 0.4))
    return tinted(light, palette(rng, 0.2))


def _wood(rng, height: int, width: int) -> np.ndarray:
    """Grain along the boards, level or upright."""
    if rng.random() < 0.3:
        return np.ascontiguousarray(_boards(rng, width, height).transpose(1, 0, 2))
    return _boards(rng, height, width)


def _boards(rng, height: int, width: int) -> np.ndarray:
    stretch = rng.uniform(8, 30)
    light = fractal(rng, height, width, rng.uniform(0.5, 0.8), stretch, 1.0)
    rings = np.sin(light * rng.uniform(10, 60)) * 0.5 + 0.5
    light = cv2.addWeighted(light, 0.6, rings, 0.4, 0)
    boards = np.arange(height) * number(rng, 1, 8) // height
    tone = rng.uniform(0.7, 1, boards.max() + 1).astype(np.float32)[boards]
    return tinted(light * tone[:, None], palette(rng, 0.1, 0.9))


def _cloth(rng, height: int, width: int) -> np.ndarray:
    """Threads across and along, in stripes or checks, with folds."""
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    pitch = rng.uniform(2.5, 12)
    weave = np.sin(x * (2 * np.pi / pitch)) * np.sin(y * (2 * np.pi / pitch))
    period = rng.uniform(10, 120)
    stripes = (np.sin(x / period) > rng.uniform(-0.7, 0.7)) * np.float32(0.4)
    if rng.random() < 0.6:
        stripes = stripes + (np.sin(y / period) > rng.uniform(-0.7, 0.7)) * np.float32(0.4)
    folds = fractal(rng, height, width, 0.3)
    picture = tinted(np.broadcast_to(0.1 + stripes, (height, width)), palette(rng, 0.1))
    return shaded(picture, 0.6 + 0.5 * folds + rng.uniform(0.02, 0.2) * weave)


def _bricks(rng, height: int, width: int) -> np.ndarray:
    """Bricks, tiles or shingles, each of its own tone."""
    high = rng.uniform(12, 70)
    wide, joint = high * rng.uniform(1, 3), rng.uniform(1, 0.15 * high)
    row = (np.arange(height) / high).astype(int)[:, None]
    x = np.arange(width) + row % 2 * wide / 2
    column = (x / wide).astype(int)
    tones = rng.uniform(0.35, 0.8, (row.max() + 1, column.max() + 1)).astype(np.float32)
    light = tones[np.broadcast_to(row, column.shape), column]
    joints = (np.arange(height)[:, None] % high < joint) | (x % wide < joint)
    light = np.where(joints, np.float32(rng.random()), light)
    grain = fractal(rng, height, width, 0.75)
    return tinted(0.7 * light + 0.3 * grain, palette(rng))


def _water(rng, height: int, width: int) -> np.ndarray:
    """Waves that grow towards the viewer."""
    light = fractal(rng, height, width, rng.uniform(0.55, 0.8), rng.uniform(4, 15), 1.0)
    glints = np.clip(light - rng.uniform(0.55, 0.8), 0, None) * 4
    return tinted(np.clip(0.7 * light + glints, 0, 1), palette(rng))


def _leaves(rng, height: int, width: int) -> np.ndarray:
    """Shapes of every size on each other, small ones most: how foliage, gravel and crowds look."""
    picture = _noise(rng, height, width)
    colours = palette(rng, 0.0, 1.0)
    side, form = min(height, width), rng.random()
    angles = np.linspace(0, 2 * np.pi, number(rng, 4, 24), endpoint=False)
    outline = 1 + rng.uniform(0, 0.5) * rng.standard_normal(len(angles))
    for radius in np.sort(side * 0.3 * rng.power(1, number(rng, 80, 500)) ** 3)[::-1]:
        radius = max(1.5, radius)
        turn = rng.uniform(0, 2 * np.pi)
        points = np.stack([np.cos(angles + turn) * outline * radius,
                           np.sin(angles) * outline * radius * (0.3 + 0.7 * form)], 1)
        points += rng.uniform(0, 1, 2) * (width, height)
        colour = colours[number(rng, 0, _STEPS - 1)].astype(float) * rng.uniform(0.6, 1.2)
        fixed = [np.round(points * 16).astype(np.int32)]
        cv2.fillPoly(picture, fixed, colour.clip(0, 255).tolist(), cv2.LINE_AA, 4)
        if radius > 4:
            rim = (colour * rng.uniform(0.4, 1.5)).clip(0, 255).tolist()
            cv2.polylines(picture, fixed, True, rim, 1, cv2.LINE_AA, 4)
    return shaded(picture, 0.75 + 0.5 * fractal(rng, height, width, 0.6))


_SURFACES = (_noise, _noise, _smooth, _wood, _cloth, _bricks, _water, _leaves, _leaves)


def surface(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """One of the surfaces, uint8 (height, width, 3)."""
    return pick(rng, _SURFACES)(rng, height, width)
