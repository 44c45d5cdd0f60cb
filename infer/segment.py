"""Find the lettering of artwork, comics say, pixel by pixel.

    python -m infer.segment INPUT... --output DIR [--threshold T] [--overlay DIR] [--weights FILE]

INPUT is a folder, an image, a PDF or a quoted glob pattern. DIR/STEM.png is a page's mask, as large
as the page, 255 where there is text; with --threshold it has no other values but 0. Those of a
PDF's pages, or of a TIFF of several, are one TIFF, DIR/STEM.tif. --overlay writes the pages with
their text marked.
Exit status: 0 all done, 1 some files failed (named on stderr), 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from pathlib import Path

from data.cores import start_paddle

start_paddle()

import numpy as np
from tqdm import tqdm

from data.errors import exit_with
from data.files import make_folder
from data.image_io import encode_image, expand_inputs, passed_over
from data.soft_mask import to_uint8
from infer.command import (
    add_engine_options,
    check_places,
    each_page,
    fail,
    picture_of,
    write_pages,
)
from infer.scale import SCALES
from infer.segmenter import BUNDLED, Segmenter

PROGRAM = "infer.segment"
COLOUR = (230, 30, 60)  # of marked text


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    folders = [folder for folder in (options.output, options.overlay) if folder]
    try:
        if options.overlay and options.overlay.resolve() == options.output.resolve():
            raise ValueError(f"{options.overlay}: masks and overlays bear the same names; "
                             "--overlay must be another folder than --output")
        pages = expand_inputs(options.inputs, folders)
        targets = {page: [picture_of(page, folder) for folder in folders] for page in pages}
        check_places(pages, chain.from_iterable(targets.values()), options.overwrite)
        if options.threshold is not None and not 0 < options.threshold < 1:
            raise ValueError(f"--threshold must lie between 0 and 1, got {options.threshold}")
        segmenter = Segmenter(options.weights, options.scale, options.engine, options.precision,
                              options.threads)
        for folder in folders:
            make_folder(folder)
    except (ValueError, OSError) as error:
        return fail(PROGRAM, error, 2)
    print(f"engine: {segmenter.engine}", file=sys.stderr)
    for note in passed_over(options.inputs):
        print(f"{PROGRAM}: {note}", file=sys.stderr)
    status = 0
    for page in tqdm(pages, unit="page", dynamic_ncols=True):
        try:
            masks, overlays, suffix = [], [], targets[page][0].suffix
            for _, image in each_page(page):
                mask = segmenter(image)
                if options.threshold is not None:
                    mask = (mask >= options.threshold).astype(np.float32)
                masks.append(encode_image(to_uint8(mask), suffix))
                if options.overlay:
                    overlays.append(encode_image(marked(image, mask), suffix))
            # Without --overlay there is one target.
            for target, contents in zip(targets[page], (masks, overlays), strict=False):
                write_pages(target, contents)
        except Exception as error:  # libraries raise almost anything on odd files
            status = fail(PROGRAM, error, 1, page)
    return status


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {PROGRAM}",
                                     description=__doc__.split("\n")[0])
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="folder, file or glob pattern")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR",
                        help="where masks are written")
    parser.add_argument("--threshold", type=float, metavar="T",
                        help="masks of black and white: white from this probability on")
    parser.add_argument("--overlay", type=Path, metavar="DIR", help="write pages with text marked")
    parser.add_argument("--weights", type=Path, default=BUNDLED, metavar="FILE",
                        help="checkpoint of a text segmenter (the bundled one)")
    parser.add_argument("--scale", type=float, choices=SCALES, default=1.0,
                        help="the network sees the page this much enlarged (1)")
    add_engine_options(parser)
    return parser.parse_args(arguments)


def marked(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The page, uint8 H,W,3, with what the mask covers in colour, print and all."""
    share = 0.6 * mask[..., None]
    return np.rint(image + share * (np.array(COLOUR) - image)).astype(np.uint8)


if __name__ == "__main__":
    exit_with(main, f"{PROGRAM}: stopped")
