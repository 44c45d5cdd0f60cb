"""How well pages are erased: qualities, a classical baseline and doing nothing, on the same pages.

    python bench/quality.py [--weights FILE...] [--quality NAME...] [--each]
                            [--change NAME=VALUE...] [--list FILE] [--pages N] [--folder DIR]
                            [--quarters N] [--save DIR]

Renders the pages that bench/pages.yaml or --list names (or reads the pairs of --folder), erases
them and prints means by kind of page: PSNR, PSNR over the ink, MS-SSIM, share of ink gone, share of
print kept, seconds of all processors a page. Every erasing sees the same pages in the same run.
--each adds, for every setting in which a quality differs from `published`, `published` with that
alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import get_type_hints

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.cores import start_paddle

start_paddle()

import cv2
import numpy as np
import yaml
from tqdm import tqdm

from data.config import read_yaml
from data.image_io import write_image
from data.pairs import find_pairs
from data.synth.fonts import Faces
from data.synth.page import Pair, SynthOptions, render
from infer.eraser import Eraser
from infer.quality import DEFAULT, QUALITIES, Settings, settings
from metric import ERASURE_METRICS, METRICS

PAGES = Path(__file__).with_name("pages.yaml")
COLUMNS = ("psnr", "ink_psnr", "ms_ssim", "ink_gone", "print_kept", "seconds")


def main() -> None:
    options = parse()
    ways = {"untouched": lambda image: image, "threshold + inpainting": classical,
            **erasers(options)}
    figures: dict = defaultdict(list)  # (kind, way): a row of figures a page
    for name, kind, *pair in pages(options):
        image, gt = (np.rot90(picture, options.quarters).copy() for picture in pair)
        for way, erase in ways.items():
            begin = time.process_time()
            erased = erase(image)
            seconds = time.process_time() - begin
            row = [METRICS[c](erased, gt) if c in METRICS else ERASURE_METRICS[c](erased, gt, image)
                   for c in COLUMNS[:-1]]
            for group in (kind, "all"):
                figures[group, way].append([*row, seconds])
            if options.save and isinstance(erase, Eraser):
                folder = options.save / way
                folder.mkdir(parents=True, exist_ok=True)
                write_image(folder / f"{name}.jpg", np.hstack([image, erased, gt]))
    print(f"{'kind':<12}{'':<24}" + "".join(f"{c:>12}" for c in COLUMNS))
    for (kind, way), rows in figures.items():
        # An equal page has an infinite PSNR: 100 dB is as good as any. Shares of nothing are nan.
        rows = np.array(rows, float)
        rows[:, :2] = rows[:, :2].clip(max=100)
        means = [np.nanmean(column) if not np.isnan(column).all() else np.nan for column in rows.T]
        print(f"{kind:<12}{way:<24}" + "".join(f"{mean:>12.4f}" for mean in means))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, nargs="+",
                        help="instead of those that a quality takes")
    parser.add_argument("--quality", choices=QUALITIES, nargs="+", default=[DEFAULT])
    parser.add_argument("--each", action="store_true", help="each setting by itself, too")
    parser.add_argument("--change", nargs="+", default=[], metavar="NAME=VALUE", type=setting,
                        help="settings that win over those of every quality")
    parser.add_argument("--list", type=Path, default=PAGES,
                        help="pages to render: bench/pages.yaml, bench/watermarks.yaml")
    parser.add_argument("--pages", type=int, default=0, help="every so many pages only; 0: all")
    parser.add_argument("--folder", type=Path, help="measure these pairs instead")
    parser.add_argument("--quarters", type=int, default=0, metavar="N",
                        help="turn the pages by so many quarters counter-clockwise first")
    parser.add_argument("--save", type=Path, help="write strips of page, erased page, ground truth")
    return parser.parse_args(arguments)


def erasers(options: argparse.Namespace) -> dict[str, Callable]:
    """What --quality, --each and --change ask for, by name."""
    changes = dict(options.change)
    wanted = {name: settings(name, **changes) for name in options.quality}
    if options.each:
        published = asdict(settings("published"))
        for quality in list(wanted.values()):
            for name, value in asdict(quality).items():
                # Larger tiles are even tiles, and weights that are given go to every quality.
                taken = name == "tile" or (name == "nets" and options.weights)
                if value != published[name] and not taken:
                    alone = {name: value} | ({"tile": quality.tile} if name == "even" else {})
                    wanted[f"{name} {value}"] = settings("published", **alone)
    return {name: Eraser(options.weights, **asdict(one)) for name, one in wanted.items()}


def setting(text: str) -> tuple[str, object]:
    """The name and value that an argument NAME=VALUE of --change gives."""
    kinds = get_type_hints(Settings) | {"nets": list, "scale": int | float | str}
    name, _, value = text.partition("=")
    if name not in kinds:
        raise argparse.ArgumentTypeError(f"unknown setting {name!r}; known: {', '.join(kinds)}")
    with suppress(yaml.YAMLError):
        value = yaml.safe_load(value)
    if not isinstance(value, kinds[name]):
        raise argparse.ArgumentTypeError(f"{name} takes no {value!r}")
    return name, value


def pages(options: argparse.Namespace) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yields name, kind, image and gt."""
    if options.folder:
        for pair in pairs(options.folder, options.pages):
            yield pair.name, "pairs", *pair.read()
        return
    for name, kind, pair in generated(options.list, options.pages):
        yield name, kind, pair.image, pair.gt


def pairs(folder: Path, every: int) -> Iterator:
    """Yields every so many pairs of a folder, 0: all, and says on stderr what has no partner."""
    found, problems = find_pairs(folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    yield from tqdm(found[::every or 1], unit="page")


def generated(listed: Path, every: int, chars: bool = False) -> Iterator[tuple[str, str, Pair]]:
    """Yields name, kind and what is rendered of every so many pages that are listed; 0: all."""
    listing = read_yaml(listed)
    held = listing["held_out"]["faces"]
    others = Faces.load().others(held)
    for row in tqdm(listing["pages"][::every or 1], unit="page"):
        hidden = SynthOptions(capture=row.get("capture"), chars=chars,
                              without_faces=tuple(others if row.get("unseen") else held))
        pair = render(listing["seed"], row["index"], row["kind"], tuple(listing["size"]), hidden)
        yield f"{row['index']:03d}_{row['kind']}", row["kind"], pair


def classical(image: np.ndarray) -> np.ndarray:
    """Erase what a threshold can tell from print: coloured ink, filled in from around it.

    Ink is what is more saturated than the paper around it, in strokes two pixels wide or more.
    Black print stays, and so does black or grey writing, which no threshold tells from it.
    """
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    side = max(3, min(image.shape[:2]) // 20) | 1
    paper = cv2.medianBlur(hsv[..., 1], min(side, 255))
    ink = (hsv[..., 1].astype(int) - paper > 50).astype(np.uint8)
    ink = cv2.dilate(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2, 2))), np.ones((5, 5)))
    return cv2.inpaint(image, ink, 3, cv2.INPAINT_TELEA)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"quality.py: {error}")
