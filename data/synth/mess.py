"""What gets onto paper besides writing: dirt, stains, tape, correction fluid, stamps."""

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw

from data.synth.fonts import Face, font
from data.synth.pens import near
from data.synth.sheet import Box, InkLayer
from data.synth.words import number, pick

_STAMPS = (
    "已阅",
    "合格",
    "优秀",
    "已批改",
    "真棒",
    "作废",
    "机密",
    "样张",
    "副本",
    "教务处",
    "期中考试专用",
    "图书馆藏书",
    "第一小学",
    "优",
    "阅",
    "★★★",
    "优秀★",
    "Good",
    "2023.06.18",
)
_WHITE_TONES = (0.93, 1.0)


def dirt(
    rng: np.random.Generator, shape: tuple[int, int], print_height: float, keep: bool
) -> InkLayer:
    """Specks, smears of a dirty hand, or graphite rubbed over the page."""
    alpha = np.zeros(shape, np.uint8)
    height, width = shape
    if rng.random() < 0.7:
        _specks(rng, alpha, print_height)
    for _ in range(number(rng, 0, 3)):
        middle = rng.uniform((0, 0), (width, height))
        reach = print_height * rng.uniform((1.5, 0.4), (7, 2.5))
        _smear(rng, alpha, middle, reach, float(rng.uniform(0, math.pi)), rng.uniform(60, 200))
    tone = rng.uniform(0.25, 0.6)
    colour = near(rng, (tone, tone * 0.97, tone * 0.9), 0.02)
    return InkLayer(alpha, colour, float(rng.uniform(0.12, 0.7)), "dirt", keep)


def _specks(rng: np.random.Generator, alpha: np.ndarray, print_height: float) -> None:
    """Specks of dust and toner, most of them in a few swarms."""
    height, width = alpha.shape
    heart = rng.uniform((0, 0), (width, height))
    spread = rng.uniform(0.05, 0.6) * max(alpha.shape)
    for _ in range(number(rng, 4, 60)):
        x, y = rng.normal(heart, spread)
        radius = max(0.5, print_height * 0.03 * math.exp(rng.normal(0, 0.6)))
        lengths = (radius * rng.uniform(1, 2.5), radius)
        _ellipse(alpha, (x, y), lengths, rng.uniform(0, 180), int(rng.integers(90, 256)))


def _ellipse(alpha: np.ndarray, middle, axes, angle: float, value: int) -> None:
    """Fill an ellipse; half axes in pixels, degrees."""
    middle, axes = ([round(length * 16) for length in pair] for pair in (middle, axes))
    cv2.ellipse(alpha, middle, axes, angle, 0, 360, value, -1, cv2.LINE_AA, 4)


def _around(
    alpha: np.ndarray, middle: np.ndarray, span: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What of `alpha` is within `span` pixels of a point, and how far from it: x and y."""
    left, top = np.maximum(np.floor(middle - span), 0).astype(int)
    right, bottom = np.minimum(np.ceil(middle + span), alpha.shape[::-1]).astype(int)
    y, x = np.mgrid[top : max(top, bottom), left : max(left, right)].astype(np.float32)
    return alpha[top : top + x.shape[0], left : left + x.shape[1]], x - middle[0], y - middle[1]


def _smear(
    rng: np.random.Generator,
    alpha: np.ndarray,
    middle: np.ndarray,
    reach: np.ndarray,
    angle: float,
    depth: float,
) -> None:
    """A soft, streaky blot around `middle`; reach: its half axes in pixels."""
    window, x, y = _around(alpha, middle, int(1.2 * reach.max()) + 2)
    if not window.size:
        return
    along = (x * math.cos(angle) + y * math.sin(angle)) / reach[0]
    across = (y * math.cos(angle) - x * math.sin(angle)) / reach[1]
    streaks = 1 + 0.35 * np.sin(across * rng.uniform(4, 14) + rng.uniform(0, 6))
    height, width = window.shape
    rough = rng.random((max(2, height // 4), max(2, width // 4)), np.float32)
    rough = cv2.resize(rough, (width, height), interpolation=cv2.INTER_LINEAR)
    blot = depth * np.exp(-1.5 * (along**2 + across**2) ** 1.5) * streaks * (0.5 + rough)
    np.maximum(window, np.clip(blot, 0, 255).astype(np.uint8), out=window)


def stain(
    rng: np.random.Generator, shape: tuple[int, int], print_height: float, keep: bool
) -> InkLayer:
    """Dried liquid: a cup's ring or a splash, darkest along its rim."""
    height, width = shape
    alpha = np.zeros(shape, np.uint8)
    middle = rng.uniform((0, 0), (width, height))
    radius = print_height * rng.uniform(2, 9)
    _puddle(rng, alpha, middle, radius, bool(rng.random() < 0.4))
    for _ in range(number(rng, 0, 6)):
        drop = middle + rng.normal(0, 1.4 * radius, 2)
        _puddle(rng, alpha, drop, radius * rng.uniform(0.04, 0.2), False)
    tones = (
        (0.62, 0.45, 0.28),
        (0.8, 0.72, 0.5),
        (0.7, 0.55, 0.45),
        (0.55, 0.55, 0.6),
        (0.25, 0.3, 0.65),
    )
    colour = near(rng, pick(rng, tones), 0.03)
    return InkLayer(alpha, colour, float(rng.uniform(0.15, 0.75)), "stain", keep)


def _puddle(
    rng: np.random.Generator, alpha: np.ndarray, middle: np.ndarray, radius: float, hollow: bool
) -> None:
    window, x, y = _around(alpha, middle, int(1.6 * radius) + 3)
    if not window.size:
        return
    angle, distance = np.arctan2(y, x), np.hypot(x, y)
    edge = np.ones_like(angle)
    for wave in (2, 3, 5):
        edge += rng.normal(0, 0.02 if hollow else 0.22 / wave) * np.sin(
            wave * angle + rng.uniform(0, 6)
        )
    inner = 1 - distance / (radius * edge)  # 1 in the middle, 0 on the rim
    rim = np.exp(-((inner / rng.uniform(0.03, 0.09)) ** 2))
    fill = 0.0 if hollow else rng.uniform(0.25, 0.7)
    body = np.clip(inner * radius + 0.5, 0, 1)
    cover = 255 * np.clip(
        np.maximum(
            rim * np.clip(0.6 + 0.5 * np.sin(angle + rng.uniform(0, 6)), 0.1, 1), fill * body
        ),
        0,
        1,
    )
    np.maximum(window, cover.astype(np.uint8), out=window)


def tape(rng: np.random.Generator, shape: tuple[int, int], boxes: list[Box]) -> InkLayer:
    """Strips of white correction tape over what was written in boxes."""
    alpha = np.zeros(shape, np.uint8)
    for box in boxes:
        ragged = 0.06 * box.height
        top = [(box.left - 0.2 * box.height, box.top), (box.right + 0.2 * box.height, box.top)]
        bottom = [(x, box.bottom) for x, _ in reversed(top)]
        corners = np.array(top + bottom) + rng.normal(0, ragged, (4, 2))
        cv2.fillPoly(alpha, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return InkLayer(alpha, _whitish(rng), float(rng.uniform(0.9, 1.0)), "tape")


def fluid(rng: np.random.Generator, shape: tuple[int, int], boxes: list[Box]) -> InkLayer:
    """Correction fluid brushed over what was written in boxes."""
    alpha = np.zeros(shape, np.uint8)
    for box in boxes:
        for _ in range(max(2, int(box.width / (0.5 * box.height)))):
            x = box.left + rng.uniform(0, 1) * box.width
            y = box.top + rng.uniform(0.35, 0.65) * box.height
            axes = box.height * rng.uniform((0.35, 0.35), (0.7, 0.6))
            _ellipse(alpha, (x, y), axes, rng.uniform(-40, 40), 255)
    return InkLayer(alpha, _whitish(rng), float(rng.uniform(0.85, 1.0)), "paint")


def _whitish(rng: np.random.Generator) -> tuple[float, float, float]:
    tone = rng.uniform(*_WHITE_TONES)
    return float(tone), float(tone), float(tone * rng.uniform(0.96, 1.0))


def stamp(
    rng: np.random.Generator, shape: tuple[int, int], print_height: float, face: Face, keep: bool
) -> InkLayer:
    """A rubber stamp somewhere on the page: words in a frame, or a round seal with a star."""
    text = pick(rng, [text for text in _STAMPS if face.covers(text)] or ["OK"])
    size = max(8, int(print_height * rng.uniform(1.1, 2.4)))
    image = _seal(text, face, size) if rng.random() < 0.5 else _framed(rng, text, face, size)
    angle = float(rng.normal(0, 12))
    worn = cv2.resize(
        rng.uniform(0.35, 1.3, (image.shape[0] // 6 + 2, image.shape[1] // 6 + 2)),
        image.shape[::-1],
        interpolation=cv2.INTER_LINEAR,
    )
    image = np.clip(image * np.clip(worn, 0, 1), 0, 255).astype(np.uint8)
    height, width = shape
    turn = cv2.getRotationMatrix2D((image.shape[1] / 2, image.shape[0] / 2), angle, 1.0)
    turn[:, 2] += rng.uniform((-0.3, -0.3), (0.9, 0.9)) * (width, height)
    alpha = cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_LINEAR)
    red = (rng.uniform(0.7, 0.92), rng.uniform(0.1, 0.3), rng.uniform(0.12, 0.32))
    blue = (rng.uniform(0.1, 0.3), rng.uniform(0.15, 0.35), rng.uniform(0.6, 0.85))
    colour = red if rng.random() < 0.85 else blue
    return InkLayer(
        alpha, tuple(float(c) for c in colour), float(rng.uniform(0.5, 0.95)), "gel", keep
    )


def _framed(rng: np.random.Generator, text: str, face: Face, size: int) -> np.ndarray:
    used = font(face, size)
    width, rule = int(used.getlength(text)), max(1, size // 10)
    image = Image.new("L", (width + 2 * size, 2 * size))
    draw = ImageDraw.Draw(image)
    draw.text((size, size), text, 255, font=used, anchor="lm")
    edge = (rule, rule, image.width - 2 * rule, image.height - 2 * rule)
    draw.rounded_rectangle(edge, radius=rng.uniform(0, 0.5) * size, outline=255, width=rule)
    return np.asarray(image)


def _seal(text: str, face: Face, size: int) -> np.ndarray:
    """A round seal with its text along the upper rim."""
    radius = int(size * max(2.0, 0.42 * len(text) + 1.0))
    side, rule = 2 * radius + 4, max(1, size // 8)
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    draw.ellipse((2, 2, side - 3, side - 3), outline=255, width=rule)
    used = font(face, size)
    step = min(0.62, 4.2 / len(text))
    for i, character in enumerate(text):
        angle = (i - (len(text) - 1) / 2) * step
        tile = Image.new("L", (2 * size, 2 * size))
        ImageDraw.Draw(tile).text((size, size), character, 255, font=used, anchor="mm")
        tile = tile.rotate(-math.degrees(angle), Image.Resampling.BILINEAR)
        reach = radius - 0.9 * size
        x = side / 2 + reach * math.sin(angle) - size
        y = side / 2 - reach * math.cos(angle) - size
        image.paste(255, (int(x), int(y)), tile)
    angles = np.arange(10) * math.pi / 5 - math.pi / 2
    reach = 0.36 * radius * np.where(np.arange(10) % 2, 0.4, 1.0)
    tips = [
        (side / 2 + r * math.cos(a), side / 2 + r * math.sin(a))
        for r, a in zip(reach, angles, strict=True)
    ]
    draw.polygon(tips, fill=255)
    return np.asarray(image)
