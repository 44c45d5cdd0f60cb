"""Whole pages and crops of them from a seed.

    pair = render(seed=1, index=0)                   # one page
    for pair in crops(seed=1, index=0, size=384):    # some crops of that page's kind of page
        train(pair.image, pair.gt)

A page is settled by (seed, index) and its options, nothing else: not by how many pages were made
before, nor by which process makes it. What is printed, written and captured are drawn from
generators of their own, so that more of one does not shuffle the others.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.synth import settings
from data.synth.capture import Capture, Pair
from data.synth.comic.page import make_comic
from data.synth.fonts import Faces
from data.synth.layout import make_sheet
from data.synth.watermark.page import Watermarked, photograph, photographs, watermarked
from data.synth.watermark.scenes import scene
from data.synth.writer import write_on

# kind: share of all pages. Nothing is written on clean pages. Of comic ones the lettering is
# erased, of watermark ones the marks, so that these come only where they are asked for.
KINDS = {
    "exam": 0.28,
    "worksheet": 0.25,
    "book": 0.13,
    "form": 0.11,
    "notes": 0.12,
    "slides": 0.06,
    "clean": 0.05,
    "comic": 0.0,
    "watermark": 0.0,
}
UNLISTED = ("comic", "watermark")  # kinds of which nobody knows where their characters are

_PAPERS = ((210, 297), (182, 257), (184, 260), (210, 297), (297, 210), (148, 210))  # mm
_FINEST_DPI = 400
# Print below this height is drawn larger and averaged down, as a scanner does: FreeType fits
# small letters to the pixels, which no scanned page shows.
_DRAWN_HEIGHT = 14.0
# Sheets narrower than this many print heights are printed as a part of a wider one.
_WHOLE_WIDTH = 26.2
_CROPPED_SPAN = (1.9, 3.0)  # sides of a page that is to be cropped, in crops
_PHOTOGRAPHS = 0.6  # of the pictures under watermarks, where there is a folder of them
_SCENES = 0.7  # of the others; the rest are pages


@dataclass(frozen=True)
class SynthOptions:
    """What may be on the pages.

    capture: 'scan', 'photo', 'screen' or a name in `settings.SETTINGS`; None: all.
    print_height: least and greatest height of the body text in pixels, drawn evenly over the
        logarithm between.
    kinds: those to choose from, each as often as the others; none: all that have a share.
    stamps_kept, dirt_kept: True leaves them in the ground truth, False has them erased.
    fonts: folder of further fonts.
    photos: folder of pictures to put watermarks on; generated ones stay among them.
    without_faces: names of fonts never used.
    without_captures: kinds and names of captures never used.
    chars: list the words, printed and written, character by character; the pixels stay the same.
    """

    capture: str | None = None
    print_height: tuple[float, float] = (8.0, 60.0)
    kinds: tuple[str, ...] = ()
    stamps_kept: bool = True
    dirt_kept: bool = False
    fonts: Path | None = None
    photos: Path | None = None
    without_faces: tuple[str, ...] = ()
    without_captures: tuple[str, ...] = ()
    chars: bool = False

    def __post_init__(self) -> None:
        low, high = self.print_height
        if not 4 <= low <= high:
            raise ValueError(f"print_height must be two heights from 4 px up, got {low} to {high}")
        for kind in self.kinds:
            _check_kind(kind)
        if self.photos is not None:
            photographs(self.photos)  # raises where there are none
        settings.names(self.capture, self.without_captures)  # raises where there are none
        if self.fonts is not None or self.without_faces:
            _faces(self.fonts, self.without_faces)  # so does this


def render(
    seed: int,
    index: int,
    kind: str | None = None,
    size: tuple[int, int] | None = None,
    options: SynthOptions | None = None,
) -> Pair:
    """Page number `index` of a seed.

    kind: one of `KINDS`, None for any.
    size: (width, height) in pixels; None: a sheet of paper at 72 to 400 dpi.
    """
    options = options or SynthOptions()
    return compose(seed, index, kind, size, options).page()


def crops(
    seed: int,
    index: int,
    size: int,
    per_page: int = 16,
    kind: str | None = None,
    options: SynthOptions | None = None,
) -> Iterator[Pair]:
    """Square crops of one page, most of them with print and writing.

    The page is as large as this many crops are worth: with small print all of a sheet, with
    large print a part of one. Small print is as frequent as large: see `SynthOptions`.
    """
    options = options or SynthOptions()
    capture = compose(seed, index, kind, None, options, crop=size)
    rng = _generator(seed, index, "crops")
    # A crop is the same as the page there, so this is a question of time alone.
    at_once = capture.height * capture.width < per_page * size * size
    whole = capture.page() if at_once else None
    for top, left in _crop_corners(rng, capture, size, per_page):
        if whole is not None:
            yield whole.cut(top, left, size, size)
        else:
            yield capture.crop(top, left, size, size)


def compose(
    seed: int,
    index: int,
    kind: str | None,
    size: tuple[int, int] | None,
    options: SynthOptions,
    crop: int | None = None,
) -> Capture | Watermarked:
    """Prints, writes on and captures a page; arguments as for `render` and `crops`.

    Raises ValueError for an unknown kind, for sizes below one pixel, and where a kind of `UNLISTED`
    is to list its characters.
    """
    if kind is not None:
        _check_kind(kind)
    if min(*(size or (1,)), crop or 1) < 1:
        raise ValueError(f"a picture needs pixels, got {size or crop}")
    rng = _generator(seed, index, "page")
    kind = kind or _draw_kind(rng, options)
    if options.chars and kind in UNLISTED:
        raise ValueError(f"where their characters are is not known of {kind} pages")
    frame, print_height = draw_frame(rng, size, crop, options.print_height)
    if kind == "watermark":
        picture = _below_marks(_generator(seed, index, "layout"), frame, options)
        faces = _faces(options.fonts, options.without_faces)
        return watermarked(_generator(seed, index, "writer"), picture, faces)
    comic = kind == "comic"
    factors = settings.FACTORS.get(kind)
    name = settings.choose(rng, options.capture, options.without_captures, factors)
    # A screen's letters were fitted to its pixels, but comics are drawn on paper.
    fitted = name == "screen-copy" and not comic
    oversampling = 1.0 if fitted else max(1.0, _DRAWN_HEIGHT / print_height)
    height, width = (round(side * oversampling) for side in frame)
    faces = _faces(options.fonts, options.without_faces)
    rng_layout, em = _generator(seed, index, "layout"), print_height * oversampling
    if comic:
        sheet = make_comic(rng_layout, width, height, em, faces)
    else:
        sheet = make_sheet(rng_layout, kind, width, height, em, faces, options.chars)
    layers = []
    if kind not in ("clean", "comic"):
        layers = write_on(
            sheet,
            _generator(seed, index, "writer"),
            faces,
            stamps_kept=options.stamps_kept,
            dirt_kept=options.dirt_kept,
        )
    whole = frame[1] >= _WHOLE_WIDTH * print_height
    return Capture(sheet, layers, _generator(seed, index, "capture"), name, frame, whole=whole)


def _below_marks(
    rng: np.random.Generator, frame: tuple[int, int], options: SynthOptions
) -> np.ndarray:
    """A picture to put watermarks on, uint8 (*frame, 3): a photograph, a scene or a page."""
    if options.photos is not None and rng.random() < _PHOTOGRAPHS:
        return photograph(rng, options.photos, *frame)
    if rng.random() < _SCENES:
        return scene(rng, *frame)
    kinds = [kind for kind in KINDS if kind != "watermark"]
    kind = kinds[int(rng.integers(len(kinds)))]
    return render(int(rng.integers(2**31)), 0, kind, frame[::-1], options).image


def use_one_core() -> None:
    """Keeps OpenCV to the calling thread: workers fill the cores by themselves."""
    cv2.setNumThreads(1)


_STEPS = ("page", "layout", "writer", "capture", "crops")


def _generator(seed: int, index: int, step: str) -> np.random.Generator:
    return np.random.default_rng([seed, index, _STEPS.index(step)])


@functools.lru_cache(maxsize=4)
def _faces(fonts: Path | None, without: tuple[str, ...]) -> Faces:
    return Faces.load(fonts).without(without)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"unknown kind of page {kind!r}; known: {', '.join(KINDS)}")


def _draw_kind(rng: np.random.Generator, options: SynthOptions) -> str:
    if options.kinds:
        return options.kinds[int(rng.integers(len(options.kinds)))]
    if rng.random() < KINDS["clean"]:
        return "clean"
    written = [kind for kind in KINDS if kind != "clean"]
    shares = np.array([KINDS[kind] for kind in written])
    return written[int(rng.choice(len(written), p=shares / shares.sum()))]


def draw_frame(
    rng: np.random.Generator,
    size: tuple[int, int] | None,
    crop: int | None,
    heights: tuple[float, float],
) -> tuple[tuple[int, int], float]:
    """The picture's (height, width), and the height of its print."""
    low, high = heights
    if size is not None:
        width, height = size
        # A page's width holds between ten and a hundred characters.
        high = min(max(width / 10, low), high)
        low = min(max(width / 100, low), high)
        return (height, width), _even_ratio(rng, low, high)
    print_height = _even_ratio(rng, low, high)
    # Body text is set in 8 to 18 points; with the height in pixels this gives the resolution.
    least, most = max(8.0, 72 * print_height / _FINEST_DPI), min(18.0, print_height)
    dpi = 72 * print_height / rng.uniform(min(least, most), max(least, most))
    millimetres = _PAPERS[int(rng.integers(len(_PAPERS)))]
    width, height = (max(1, round(side * dpi / 25.4)) for side in millimetres)
    if crop is not None:
        least, most = (round(span * crop) for span in _CROPPED_SPAN)
        width, height = (min(max(side, least), most) for side in (width, height))
    return (height, width), print_height


def _even_ratio(rng: np.random.Generator, low: float, high: float) -> float:
    """A height between two; from 10 to 20 pixels is as likely as from 20 to 40."""
    return float(low * (high / low) ** rng.random())


def _crop_corners(
    rng: np.random.Generator, capture: Capture | Watermarked, size: int, count: int
) -> Iterator[tuple[int, int]]:
    """(top, left) of crops: most show some writing, some print without it, few anything."""
    step = 8
    written, printed = (np.argwhere(cover > 25) for cover in capture.busy(step))
    furthest = np.array([capture.height - size, capture.width - size])
    for _ in range(count):
        luck = rng.random()
        targets = written if luck < 0.75 and len(written) else printed
        corner = rng.integers(furthest + 1)
        if len(targets) and luck < 0.95:
            # Anywhere around the spot, so that it may lie anywhere in the crop.
            spot = targets[rng.integers(len(targets))] * step
            corner = np.clip(spot - rng.integers(0, size, 2), 0, furthest)
        yield int(corner[0]), int(corner[1])
