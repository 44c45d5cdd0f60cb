"""Find the words of pages, handwritten or printed, and say where they are.

    python -m infer.detect INPUT... [--json FILE] [--overlay DIR] [--weights FILE]

INPUT is a folder, an image, a PDF or a quoted glob pattern. The JSON, on stdout without --json, is
a list of {"file", "width", "height", "words": [{"quad", "polygon", "score"}]}; of PDFs, and of
TIFFs of several pages, it has one for each page, with "page", from 1. Points are [x, y] in the
page's pixels, clockwise, and a straight word's polygon is its quad. --overlay writes the pages with
the words drawn on them: a PNG, or a TIFF of all pages.
Exit status: 0 all done, 1 some files failed (named on stderr), 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from data.cores import start_paddle

start_paddle()

from tqdm import tqdm

from data.errors import exit_with
from data.files import make_folder, write_bytes
from data.image_io import encode_image, expand_inputs, passed_over
from infer.command import (
    add_engine_options,
    check_places,
    each_page,
    fail,
    picture_of,
    write_pages,
)
from infer.detector import LITE_TEXT, SCALES, Detector, default_thresholds
from infer.scale import AUTOMATIC, scale
from infer.words import Thresholds, Word, drawn

PROGRAM = "infer.detect"


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        pages = expand_inputs(options.inputs, [options.overlay] if options.overlay else [])
        overlays = {page: picture_of(page, options.overlay) for page in pages} \
            if options.overlay else {}
        if options.json is not None and not options.json.resolve().parent.is_dir():
            raise ValueError(f"{options.json}: the JSON must be a file in a folder that exists")
        table = [] if options.json is None else [options.json]
        check_places(pages, [*overlays.values(), *table], options.overwrite)
        given = {"text": options.text_threshold, "low": options.low_text,
                 "link": options.link_threshold}
        thresholds = replace(default_thresholds(options.weights), **{
            name: value for name, value in given.items() if value is not None})
        detector = Detector(options.weights, thresholds, options.scale, options.engine,
                            options.precision, options.threads)
        if options.overlay:
            make_folder(options.overlay)
    except (ValueError, OSError) as error:
        return fail(PROGRAM, error, 2)
    print(f"engine: {detector.engine}", file=sys.stderr)
    for note in passed_over(options.inputs, table):
        print(f"{PROGRAM}: {note}", file=sys.stderr)
    found, status = [], 0
    for page in tqdm(pages, unit="page", dynamic_ncols=True):
        try:
            entries, pictures = [], []
            for number, image in each_page(page):
                words = detector(image)
                entries.append({
                    "file": str(page), **({} if number is None else {"page": number}),
                    "width": image.shape[1], "height": image.shape[0],
                    "words": [described(word) for word in words]})
                if overlays:
                    pictures.append(encode_image(drawn(image, words), overlays[page].suffix))
            if overlays:
                write_pages(overlays[page], pictures)
        except Exception as error:  # libraries raise almost anything on odd files
            status = fail(PROGRAM, error, 1, page)
            continue
        found += entries
    text = "[" + ",\n".join(map(json.dumps, found)) + "]\n"  # ASCII: names may be no UTF-8
    if options.json is None:
        sys.stdout.write(text)
        return status
    try:
        write_bytes(options.json, text.encode())
    except OSError as error:
        return fail(PROGRAM, error, 1)
    return status


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infer.detect",
                                     description=__doc__.split("\n")[0])
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="folder, file or glob pattern")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the words here (stdout)")
    parser.add_argument("--overlay", type=Path, metavar="DIR", help="write pages with their words")
    parser.add_argument("--weights", type=Path, metavar="FILE",
                        help="checkpoint (the official one if it is installed, else the bundled)")
    default = Thresholds()
    parser.add_argument("--text-threshold", type=float, metavar="T",
                        help=f"of a word's highest score ({default.text}; bundled: {LITE_TEXT})")
    parser.add_argument("--low-text", type=float, metavar="T",
                        help=f"of a word's pixels ({default.low})")
    parser.add_argument("--link-threshold", type=float, metavar="T",
                        help=f"of what joins characters ({default.link})")
    parser.add_argument("--scale", type=scale, choices=(AUTOMATIC, *SCALES), default="auto",
                        help="the network sees the page this much enlarged (auto: by its print)")
    add_engine_options(parser)
    return parser.parse_args(arguments)


def described(word: Word) -> dict:
    return {"quad": word.quad.round(1).tolist(), "polygon": word.polygon.round(1).tolist(),
            "score": round(word.score, 3)}


if __name__ == "__main__":
    exit_with(main, f"{PROGRAM}: stopped")
