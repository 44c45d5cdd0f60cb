"""Pictures that are not line art: halftone photographs, textures, logos, bar and matrix codes."""

import cv2
import numpy as np

from data.synth.content.canvas import Canvas, Colour
from data.synth.sheet import Box
from data.synth.words import number, pick


def _clouds(rng: np.random.Generator, width: int, height: int, grain: float) -> np.ndarray:
    """Smooth random light, float32 (h, w) in [0, 1]; grain: size of the blobs in pixels."""
    light = np.zeros((height, width), np.float32)
    for octave, share in ((1.0, 0.6), (0.4, 0.28), (0.15, 0.12)):
        cells = [min(side, int(side / (grain * octave)) + 2) for side in (height, width)]
        field = rng.random(cells, np.float32)
        light += share * cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(light, 0, 1)


def _landscape(rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Ranges of hills, darker towards the front, with bare trees on the nearest."""
    height, width = light.shape
    x = np.linspace(0, rng.uniform(4, 9), width)
    rows = np.arange(height)[:, None]
    light = 0.75 + 0.25 * light
    ridge = np.zeros(width)
    for tone, at in ((0.65, 0.42), (0.48, 0.58), (0.3, 0.74)):
        ridge = np.sin(x + rng.uniform(0, 6)) + 0.4 * np.sin(3.1 * x + rng.uniform(0, 6))
        ridge = height * (at + 0.07 * ridge)
        slope = tone + 0.25 * (light - 0.85) + 0.12 * (rows - ridge) / height
        light = np.where(rows > ridge, slope, light)
    light = np.ascontiguousarray(light, np.float32)
    for _ in range(number(rng, 2, 7)):
        at = number(rng, 0, width - 1)
        _branch(rng, light, at, ridge[at] + 2, -np.pi / 2, rng.uniform(0.1, 0.2) * height)
    return light


def _branch(rng, light: np.ndarray, x: float, y: float, angle: float, length: float) -> None:
    """A twig that forks until it is a few pixels long."""
    end = x + length * np.cos(angle), y + length * np.sin(angle)
    line = [(int(x), int(y)), (int(end[0]), int(end[1]))]
    cv2.line(light, *line, 0.12, max(1, int(length / 8)), cv2.LINE_AA)
    if length > 5:
        for turn in rng.uniform(0.2, 0.7, 2) * (-1, 1):
            _branch(rng, light, *end, angle + turn, length * rng.uniform(0.55, 0.75))


def _street(rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Houses with windows in front of a sky."""
    height, width = light.shape
    light = np.ascontiguousarray(0.7 + 0.3 * light)
    left = 0
    while left < width:
        wide, top = int(rng.uniform(0.1, 0.25) * width) + 2, int(rng.uniform(0.15, 0.6) * height)
        wall = float(rng.uniform(0.2, 0.65))
        cv2.rectangle(light, (left, top), (left + wide, height), wall, -1)
        step = max(4, wide // number(rng, 3, 6))
        for y in range(top + step // 2, height - step, step):
            for x in range(left + step // 3, left + wide - step // 2, step):
                pane = wall * rng.uniform(0.3, 1.5)
                cv2.rectangle(light, (x, y), (x + step // 2, y + step // 2), min(pane, 0.95), -1)
        left += wide
    return light


def _portrait(rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """A head and shoulders, or two, lit from one side."""
    height, width = light.shape
    light = np.ascontiguousarray(0.35 + 0.5 * light)
    people = number(rng, 1, 2)
    for i in range(people):
        x, size = width * (i + 0.5) / people + rng.normal(0, 0.03) * width, 0.2 * height
        y = height * rng.uniform(0.36, 0.46)

        def oval(dx, dy, across, down, tone, x=x, y=y, size=size):
            centre = (int(x + dx * size), int(y + dy * size))
            axes = (max(1, int(across * size)), max(1, int(down * size)))
            cv2.ellipse(light, centre, axes, 0, 0, 360, float(tone), -1, cv2.LINE_AA)

        oval(0, 2.9, 1.9, 1.7, rng.uniform(0.1, 0.8))
        oval(0, -0.25, 1.0, 1.15, rng.uniform(0.05, 0.3))
        face = rng.uniform(0.65, 0.9)
        oval(0, 0.1, 0.82, 1.05, face)
        oval(0.25, 0.3, 0.5, 0.7, face - 0.08)
        for side in (-0.32, 0.32):
            oval(side, 0, 0.12, 0.06, 0.1)
            oval(side, -0.2, 0.18, 0.04, 0.3)
        oval(0, 0.35, 0.08, 0.12, face - 0.2)
        oval(0, 0.65, 0.25, 0.06, 0.35)
    return cv2.GaussianBlur(light, (0, 0), max(0.6, height / 120))


def _still_life(rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Shaded round bodies on a table."""
    height, width = light.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = np.where(y > rng.uniform(0.5, 0.75) * height, 0.55 + 0.2 * light, 0.2 + 0.3 * light)
    for _ in range(number(rng, 2, 5)):
        radius = rng.uniform(0.13, 0.3) * min(width, height)
        dx = (x - rng.uniform(0.15, 0.85) * width) / radius
        dy = (y - rng.uniform(0.45, 0.75) * height) / (radius * rng.uniform(0.8, 1.5))
        inside = dx * dx + dy * dy
        shade = np.clip(0.72 - 0.3 * (dx + dy) - 0.22 * inside, 0.05, 1)
        light = np.where(inside < 1, shade, light)
    return light.astype(np.float32)


SUBJECTS = (_landscape, _street, _portrait, _still_life)


def photo(canvas: Canvas, box: Box, rng: np.random.Generator) -> None:
    """A procedural photograph: continuous, or in the dots of a newspaper's screen."""
    width, height = max(8, round(box.width)), max(8, round(box.height))
    light = _clouds(rng, width, height, rng.uniform(0.2, 0.7) * height)
    light = pick(rng, SUBJECTS)(rng, light)
    light = light + rng.normal(0, 0.02, light.shape).astype(np.float32)
    light = 0.08 + 0.88 * cv2.normalize(light, None, 0, 1, cv2.NORM_MINMAX)
    if rng.random() < 0.55:
        light = screened(light, rng.uniform(3.5, 7.0), np.radians(pick(rng, (0, 15, 45, 75))))
    picture = np.repeat((255 * light).astype(np.uint8)[..., None], 3, axis=2)
    if rng.random() < 0.35:  # toned or coloured: light areas stay light
        dark = rng.uniform(0.0, 0.3) + rng.uniform(0, 0.35, 3).astype(np.float32)
        tone = dark + (1 - dark) * light[..., None]
        picture = (255 * tone).astype(np.uint8)
    canvas.image(picture, box.left, box.top)
    if rng.random() < 0.5:
        canvas.rect(box, (40, 40, 40), 1)
    canvas.figures.append(box)


def screened(light: np.ndarray, pitch: float, angle: float) -> np.ndarray:
    """The picture in round dots that grow with its darkness; pitch in pixels."""
    height, width = light.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    turn = np.float32(2 * np.pi / pitch)
    u = (x * np.cos(angle) + y * np.sin(angle)) * turn
    v = (y * np.cos(angle) - x * np.sin(angle)) * turn
    threshold = 0.5 + 0.25 * (np.cos(u) + np.cos(v))
    # Four grey levels at the dots' rims stand for the pixels that a rim cuts through.
    return np.clip((light - threshold) * (pitch * 1.2) + 0.5, 0, 1).astype(np.float32)


def tint_area(canvas: Canvas, box: Box, rng: np.random.Generator, colour: Colour) -> None:
    """A background: an even tint, a gradient, or a fine screen of dots or lines."""
    width, height = max(2, round(box.width)), max(2, round(box.height))
    form = rng.random()
    if form < 0.45:
        canvas.rect(box, width=0, fill=colour)
        return
    tone = np.array(colour, np.float32) / 255
    if form < 0.65:
        share = np.linspace(*rng.permutation([0.0, 1.0]), height, dtype=np.float32)[:, None, None]
        picture = 1 - share * (1 - tone) * np.ones((1, width, 1), np.float32)
    else:
        level = float(tone.mean())
        flat = np.full((height, width), level, np.float32)
        screen = screened(flat, rng.uniform(2.5, 5), np.radians(pick(rng, (0, 45))))
        hue = tone / max(tone.max(), 1e-3) * 0.6
        picture = screen[..., None] + (1 - screen[..., None]) * hue
    canvas.image(np.clip(255 * picture, 0, 255).astype(np.uint8), box.left, box.top)


def logo(canvas: Canvas, box: Box, rng: np.random.Generator, colour: Colour) -> None:
    """A printed emblem: rings, stars, stripes, a letter's shape."""
    x, y = box.left + box.width / 2, box.top + box.height / 2
    radius = min(box.width, box.height) / 2
    form = number(rng, 0, 3)
    if form == 0:
        canvas.disc(x, y, radius, colour)
        angles = np.pi * np.arange(10) / 5 - np.pi / 2
        reach = np.where(np.arange(10) % 2, 0.28, 0.7) * radius
        star = np.stack([x + reach * np.cos(angles), y + reach * np.sin(angles)], 1)
        canvas.polygon(star, (255, 255, 255))
    elif form == 1:
        for share in (1.0, 0.8, 0.35):
            canvas.ellipse(x, y, share * radius, share * radius, colour, max(1, radius / 12))
        for i in range(8):
            angle = np.pi * i / 4
            c, s = np.cos(angle), np.sin(angle)
            canvas.path(
                [
                    (x + 0.35 * radius * c, y + 0.35 * radius * s),
                    (x + 0.8 * radius * c, y + 0.8 * radius * s),
                ],
                colour,
                1,
            )
    elif form == 2:
        for i in range(4):
            high = box.height * (0.3 + 0.2 * i)
            bar = Box(box.left + i * box.width / 4, box.bottom - high, box.width / 5, high)
            canvas.rect(bar, width=0, fill=colour)
    else:
        corners = [(x, box.top), (box.right, y), (x, box.bottom), (box.left, y)]
        canvas.polygon(corners, colour)
        canvas.ellipse(x, y, 0.4 * radius, 0.4 * radius, (255, 255, 255), max(1, radius / 8))
    canvas.figures.append(box)


def bar_code(canvas: Canvas, box: Box, rng: np.random.Generator) -> None:
    """Bars of one to three units."""
    unit = max(1.0, box.width / 95)
    x = box.left
    while x < box.right - 3 * unit:
        wide = unit * number(rng, 1, 3)
        canvas.rect(Box(x, box.top, wide, box.height), width=0, fill=(0, 0, 0))
        x += wide + unit * number(rng, 1, 3)
    canvas.figures.append(box)


def matrix_code(canvas: Canvas, box: Box, rng: np.random.Generator) -> None:
    """A square code with three finder patterns; it cannot be read by a machine."""
    count = pick(rng, (21, 25, 29))
    cells = rng.random((count, count)) < 0.48
    finder = np.pad(np.pad(np.pad(np.ones((3, 3), bool), 1), 1, constant_values=True), 1)
    for rows, columns in (
        (slice(0, 8), slice(0, 8)),
        (slice(0, 8), slice(-8, None)),
        (slice(-8, None), slice(0, 8)),
    ):
        part = finder[
            slice(1, 9) if rows.start == 0 else slice(0, 8),
            slice(1, 9) if columns.start == 0 else slice(0, 8),
        ]
        cells[rows, columns] = part
    side = max(count, round(min(box.width, box.height)))
    picture = np.where(cells, 0, 255).astype(np.uint8)
    picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_NEAREST)
    canvas.image(np.repeat(picture[..., None], 3, axis=2), box.left, box.top)
    canvas.figures.append(Box(box.left, box.top, side, side))
