"""Photographs with watermarks that the page generator did not draw: a test for weights.

    python bench/watermark_photos.py OUT
    python bench/quality.py --folder OUT --quality watermark

Writes pairs, OUT/images and OUT/gts: five photographs of skimage.data, each with a line of text
across it, tiled text, a line in a corner and a coloured logo, at two opacities. Pillow draws and
blends them, in a typeface of its own; both pictures of a pair then go through the same JPEG.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from data.image_io import write_image

PHOTOS = ("astronaut", "camera", "chelsea", "coffee", "rocket")
OPACITIES = (0.3, 0.6)
QUALITY = 92  # of the JPEG
# name: text, colour, share of the width that it takes, degrees, whether it is repeated all over,
# where it lies (0: left or top, 1: right or bottom)
MARKS = {
    "across": ("Wanderlust Prints", (255, 255, 255), 0.8, 25, False, (0.5, 0.5)),
    "tiled": ("@nordlicht.photo", (20, 20, 20), 0.28, 30, True, (0.5, 0.5)),
    "corner": ("(c) 2024 M. Okafor / Fjord Agency", (255, 255, 255), 0.5, 0, False, (0.96, 0.96)),
    "logo": ("", None, 0.3, 0, False, (0.5, 0.5)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, help="where to write")
    out = parser.parse_args().out
    for folder in ("images", "gts"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for photo in PHOTOS:
        picture = Image.fromarray(getattr(skimage.data, photo)()).convert("RGB")
        for mark in MARKS:
            for opacity in OPACITIES:
                name = f"{photo}_{mark}_{round(100 * opacity)}.png"
                write_image(out / "images" / name, stored(marked(picture, mark, opacity)))
                write_image(out / "gts" / name, stored(picture))


def marked(picture: Image.Image, mark: str, opacity: float) -> Image.Image:
    text, colour, share, degrees, repeated, place = MARKS[mark]
    width = round(share * picture.width)
    if text:
        stamp = lettered(text, colour, width)
    else:
        stamp = Image.fromarray(skimage.data.logo()).convert("RGBA")
        stamp = stamp.resize((width, round(width * stamp.height / stamp.width)))
    stamp.putalpha(stamp.getchannel("A").point(lambda alpha: round(alpha * opacity)))
    if repeated:
        stamp = tiled(stamp, round(np.hypot(*picture.size)))
    stamp = stamp.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    layer = Image.new("RGBA", picture.size)
    corner = np.round(np.subtract(picture.size, stamp.size) * place).astype(int)
    layer.paste(stamp, tuple(corner.tolist()))
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def tiled(stamp: Image.Image, side: int) -> Image.Image:
    """A square with staggered rows of a stamp."""
    square = Image.new("RGBA", (side, side))
    across, down = round(1.4 * stamp.width), 4 * stamp.height
    for row, y in enumerate(range(0, side, down)):
        for x in range(-across + row % 2 * across // 2, side, across):
            square.paste(stamp, (x, y))
    return square


def lettered(text: str, colour: tuple[int, int, int], width: int) -> Image.Image:
    """A line of text on nothing, `width` pixels wide."""
    size = 10 * width / ImageFont.load_default(10).getlength(text)
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    stamp = Image.new("RGBA", (round(right - left), round(bottom - top)), (*colour, 0))
    ImageDraw.Draw(stamp).text((-left, -top), text, (*colour, 255), font)
    return stamp


def stored(picture: Image.Image) -> np.ndarray:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(stream))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"watermark_photos.py: {error}")
