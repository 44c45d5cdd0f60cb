"""How well pages are erased: weights, a classical baseline and doing nothing, on the same pages.

    python bench/quality.py [--weights FILE...] [--tta none|hflip|flips] [--composite] [--pages N]
                            [--folder DIR] [--save DIR]

Renders the pages that bench/pages.yaml lists (or reads the pairs of --folder), erases them and
prints means by kind of page: PSNR, PSNR over the ink, MS-SSIM, share of ink gone, share of print
kept. Every erasing sees the same pages in the same run.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.cores import start_paddle

start_paddle()

import cv2
import numpy as np
from tqdm import tqdm

from data.config import read_yaml
from data.image_io import write_image
from data.pairs import find_pairs
from data.synth.fonts import Faces
from data.synth.page import SynthOptions, render
from infer.eraser import BUNDLED, TTA, Eraser
from infer.scale import SCALES, scale
from metric import ERASURE_METRICS, METRICS

COLUMNS = ("psnr", "ink_psnr", "ms_ssim", "ink_gone", "print_kept")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, nargs="+", default=list(BUNDLED))
    parser.add_argument("--tta", choices=TTA, default="hflip")
    parser.add_argument("--composite", action="store_true")
    parser.add_argument("--scale", type=scale, choices=("auto", *SCALES), default="auto")
    parser.add_argument("--pages", type=int, default=0, help="every so many pages only; 0: all")
    parser.add_argument("--folder", type=Path, help="measure these pairs instead")
    parser.add_argument("--save", type=Path, help="write strips of page, erased page, ground truth")
    options = parser.parse_args()
    ways = {
        "untouched": lambda image: image,
        "threshold + inpainting": classical,
        "networks": Eraser(options.weights, tta=options.tta, composite=options.composite,
                           scale=options.scale),
    }
    figures: dict = defaultdict(list)  # (kind, way): a row of figures a page
    for name, kind, image, gt in pages(options):
        for way, erase in ways.items():
            erased = erase(image)
            row = [METRICS[c](erased, gt) if c in METRICS else ERASURE_METRICS[c](erased, gt, image)
                   for c in COLUMNS]
            for group in (kind, "all"):
                figures[group, way].append(row)
            if options.save and way == "networks":
                options.save.mkdir(parents=True, exist_ok=True)
                write_image(options.save / f"{name}.jpg", np.hstack([image, erased, gt]))
    print(f"{'kind':<12}{'':<24}" + "".join(f"{c:>12}" for c in COLUMNS))
    for (kind, way), rows in figures.items():
        # An equal page has an infinite PSNR: 100 dB is as good as any. Shares of nothing are nan.
        rows = np.minimum(np.array(rows, float), 100)
        means = [np.nanmean(column) if not np.isnan(column).all() else np.nan for column in rows.T]
        print(f"{kind:<12}{way:<24}" + "".join(f"{mean:>12.4f}" for mean in means))


def pages(options: argparse.Namespace) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yields name, kind, image and gt."""
    if options.folder:
        for pair in tqdm(find_pairs(options.folder)[0], unit="page"):
            yield pair.name, "pairs", *pair.read()
        return
    listing = read_yaml(Path(__file__).with_name("pages.yaml"))
    faces = Faces.load()
    held = set(listing["held_out"]["faces"])
    others = []  # of every kind of face that has a held-out one
    for group in (faces.print_zh, faces.print_latin, faces.hand_zh, faces.hand_latin):
        names = {face.name for face in group}
        if names & held:
            others += sorted(names - held)
    for row in tqdm(listing["pages"][::options.pages or 1], unit="page"):
        hidden = SynthOptions(capture=row["capture"],
                              without_faces=tuple(others if row.get("unseen") else held))
        pair = render(listing["seed"], row["index"], row["kind"], tuple(listing["size"]), hidden)
        yield f"{row['index']:03d}_{row['kind']}", row["kind"], pair.image, pair.gt


def classical(image: np.ndarray) -> np.ndarray:
    """Erase what a threshold can tell from print: coloured ink, filled in from around it.

    Ink is what is dark or saturated against the local paper; black print stays, and so does black
    or grey writing, which no threshold tells from it.
    """
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    side = max(3, min(image.shape[:2]) // 20) | 1
    paper = cv2.medianBlur(hsv[..., 1], min(side, 255))
    ink = (hsv[..., 1].astype(int) - paper > 50).astype(np.uint8)
    ink = cv2.dilate(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2, 2))), np.ones((5, 5)))
    return cv2.inpaint(image, ink, 3, cv2.INPAINT_TELEA)


if __name__ == "__main__":
    main()
