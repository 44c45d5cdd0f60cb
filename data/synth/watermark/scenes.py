"""Generated photographs: what marks lie on where nobody has a folder of real ones.

Not to be taken for photographs, but of their making: tones of every kind, edges and texture of
every size, parts out of focus, light from one side, a sensor's noise.
"""

import cv2
import numpy as np

from data.synth.content import photos
from data.synth.watermark.textures import fractal, palette, shaded, surface, tinted
from data.synth.words import number, pick

# Pixels along a side; larger pictures are enlarged, and soft, as from phones.
_SMALLEST, _LARGEST = 64, 2000


def scene(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A picture, uint8 (height, width, 3) RGB."""
    shrink = min(1.0, _LARGEST / max(height, width))
    size = [max(_SMALLEST, round(side * shrink)) for side in (height, width)]
    picture = _developed(rng, pick(rng, _SUBJECTS)(rng, *size))
    if picture.shape[:2] != (height, width):
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    return picture


def _land(rng, height: int, width: int) -> np.ndarray:
    """A sky, and ranges of hills, woods or water below it, hazy where they are far."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    clouds = fractal(rng, height, width, rng.uniform(0.4, 0.65), rng.uniform(1, 3), 1.0)
    light = rng.uniform(0, 0.8) * down + rng.uniform(0.1, 0.7) * clouds
    picture = tinted(light, palette(rng, 0.4, 1.0))
    haze = picture.mean(axis=(0, 1))
    ranges = number(rng, 1, 4)
    tops = np.sort(rng.uniform(0.25, 0.9, ranges))
    for near, top in zip(np.linspace(0.3, 1, ranges), tops, strict=True):
        ridge = fractal(rng, 2, width, rng.uniform(0.3, 0.6))[0] - 0.5
        ridge = height * (top + rng.uniform(0, 0.3) * ridge)
        land = cv2.addWeighted(surface(rng, height, width), near,
                               np.full_like(picture, haze), 1 - near, 0)
        picture = np.where(np.arange(height)[:, None, None] > ridge[:, None], land, picture)
    return picture


def _bodies(rng, height: int, width: int) -> np.ndarray:
    """Round and angular things with light on one side, before a background out of focus."""
    picture = _blurred(rng, surface(rng, height, width))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(number(rng, 2, 9)):
        radius = min(height, width) * rng.uniform(0.06, 0.4)
        dx = (x - rng.uniform(0, 1) * width) / (radius * rng.uniform(0.5, 1.5))
        dy = (y - rng.uniform(0.2, 1) * height) / radius
        inside = abs(dx) ** 2.5 + abs(dy) ** 2.5 if rng.random() < 0.4 else dx * dx + dy * dy
        shade = 1.0 - rng.uniform(0.1, 0.5) * (dx + dy) - rng.uniform(0, 0.5) * inside
        glint = np.exp(-((dx + 0.35) ** 2 + (dy + 0.4) ** 2) * rng.uniform(8, 60))
        if rng.random() < 0.5:
            body = surface(rng, height, width)
        else:
            body = np.full_like(picture, palette(rng, 0.2)[number(rng, 0, 900)])
        body = shaded(body, np.clip(shade, 0.1, 1.3) + rng.uniform(0, 1) * glint)
        cover = np.clip((1 - inside) * radius / 2, 0, 1)[..., None]
        picture = (picture + cover * (body.astype(np.float32) - picture)).astype(np.uint8)
    return picture


def _lights(rng, height: int, width: int) -> np.ndarray:
    """Lights out of focus over a dark or a pale ground."""
    ground = tinted(fractal(rng, height, width, 0.35), palette(rng, 0.0, rng.uniform(0.2, 0.9)))
    layer, colours = np.zeros_like(ground), palette(rng, 0.4, 1.0)
    for _ in range(number(rng, 10, 120)):
        radius = max(2, round(min(height, width) * rng.uniform(0.005, 0.09)))
        at = number(rng, 0, width), number(rng, 0, height)
        disc = np.zeros_like(ground)
        cv2.circle(disc, at, radius, colours[number(rng, 0, 1023)].tolist(), -1, cv2.LINE_AA)
        y, x = max(0, at[1] - radius - 2), max(0, at[0] - radius - 2)
        spot = np.s_[y : at[1] + radius + 2, x : at[0] + radius + 2]
        layer[spot] = cv2.addWeighted(layer[spot], 1, disc[spot], rng.uniform(0.2, 0.8), 0)
    return cv2.add(ground, cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.6, 4)))


def _drawn(rng, height: int, width: int) -> np.ndarray:
    """Streets, hills, portraits and still lifes in colour, their surfaces textured."""
    light = fractal(rng, height, width, 0.5)
    light = np.clip(pick(rng, photos.SUBJECTS)(rng, light), 0, 1).astype(np.float32)
    grain = fractal(rng, height, width, rng.uniform(0.5, 0.9)) - 0.5
    return tinted(np.clip(light + rng.uniform(0, 0.3) * grain, 0, 1), palette(rng))


def _facade(rng, height: int, width: int) -> np.ndarray:
    """Walls with rows of windows, seen from an angle."""
    picture = surface(rng, height, width)
    across, down = number(rng, 3, 14), number(rng, 3, 16)
    step = np.array([width / across, height / down])
    pane, sill = surface(rng, height, width), palette(rng)[number(rng, 0, 1023)].tolist()
    share = rng.uniform(0.35, 0.8, 2)
    for i in range(across):
        for j in range(down):
            corner = (np.array([i, j]) + (1 - share) / 2) * step
            x0, y0, x1, y1 = np.round([*corner, *(corner + share * step)]).astype(int).tolist()
            part = pane[y0:y1, x0:x1]
            picture[y0:y1, x0:x1] = cv2.convertScaleAbs(part, alpha=rng.uniform(0.2, 1.2))
            cv2.rectangle(picture, (x0, y0), (x1, y1), sill, max(1, round(step.min() / 30)))
    corners = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    moved = corners + rng.uniform(-0.2, 0.2, (4, 2)).astype(np.float32) * (width, height)
    turn = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return cv2.warpPerspective(picture, turn, (width, height), borderMode=cv2.BORDER_REFLECT)


_SUBJECTS = (_land, _land, _bodies, _bodies, _lights, _drawn, _facade, surface)


def _blurred(rng, picture: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), max(picture.shape) * rng.uniform(0.001, 0.02))


def _developed(rng, picture: np.ndarray) -> np.ndarray:
    """What lens, sensor and camera do: focus, vignette, light, noise, tone curve."""
    height, width = picture.shape[:2]
    if rng.random() < 0.3:  # only a part is in focus
        sharp = (fractal(rng, height, width, 0.2) > rng.uniform(0.3, 0.7)).astype(np.float32)
        sharp = cv2.GaussianBlur(sharp, (0, 0), max(height, width) / 40)[..., None]
        soft = _blurred(rng, picture)
        picture = (soft + sharp * (picture.astype(np.float32) - soft)).astype(np.uint8)
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    tilt = rng.normal(0, 0.2, 2)
    light = 1 + tilt[0] * x + tilt[1] * y - rng.uniform(0, 0.3) * (x * x + y * y)
    picture = shaded(picture, np.clip(light, 0.2, 1.5).astype(np.float32))
    if rng.random() < 0.7:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.1:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    levels = np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.25))
    picture = cv2.LUT(picture, np.round(255 * levels).astype(np.uint8))
    noise = rng.uniform(0, 5) * rng.random() * rng.standard_normal(picture.shape, np.float32)
    return cv2.convertScaleAbs(np.clip(picture + noise, 0, 255))
