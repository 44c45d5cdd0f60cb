"""Find the words of pages, handwritten or printed, and say where they are.

    python -m infer.detect INPUT... [--json FILE] [--overlay DIR] [--weights FILE]

INPUT is a folder, a file or a quoted glob pattern. The JSON, on stdout without --json, is a list of
{"file", "width", "height", "words": [{"quad", "polygon", "score"}]}; points are [x, y] in the
page's pixels, clockwise, and a straight word's polygon is its quad. --overlay writes the pages with
the words drawn on them.
Exit status: 0 all done, 1 some files failed (named on stderr), 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from data.cores import start_paddle

start_paddle()

from tqdm import tqdm

from data.errors import reason
from data.files import make_folder, write_bytes
from data.image_io import expand_inputs, read_image, write_image
from infer.detector import Detector
from infer.engines import ENGINES, PRECISIONS
from infer.scale import AUTOMATIC, SCALES, scale
from infer.words import Thresholds, Word, drawn


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        pages = expand_inputs(options.inputs)
        overlays = {page: options.overlay / f"{page.stem}.png" for page in pages} \
            if options.overlay else {}
        check_places(pages, options.json, overlays, options.overwrite)
        thresholds = Thresholds(options.text_threshold, options.low_text, options.link_threshold)
        detector = Detector(options.weights, thresholds, options.scale, options.engine,
                            options.precision, options.threads)
        if options.overlay:
            make_folder(options.overlay)
    except (ValueError, OSError) as error:
        return fail(error, 2)
    print(f"engine: {detector.engine}", file=sys.stderr)
    found, status = [], 0
    for page in tqdm(pages, unit="page", dynamic_ncols=True):
        try:
            image = read_image(page)
            words = detector(image)
            if overlays:
                write_image(overlays[page], drawn(image, words))
        except (ValueError, OSError, MemoryError) as error:
            status = fail(error, 1, page)
            continue
        found.append({"file": str(page), "width": image.shape[1], "height": image.shape[0],
                      "words": [described(word) for word in words]})
    text = "[" + ",\n".join(json.dumps(page, ensure_ascii=False) for page in found) + "]\n"
    if options.json is None:
        sys.stdout.write(text)
        return status
    try:
        write_bytes(options.json, text.encode())
    except OSError as error:
        return fail(error, 1)
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
    parser.add_argument("--text-threshold", type=float, default=default.text, metavar="T",
                        help=f"of a word's highest score ({default.text})")
    parser.add_argument("--low-text", type=float, default=default.low, metavar="T",
                        help=f"of a word's pixels ({default.low})")
    parser.add_argument("--link-threshold", type=float, default=default.link, metavar="T",
                        help=f"of what joins characters ({default.link})")
    parser.add_argument("--scale", type=scale, choices=(AUTOMATIC, *SCALES), default="auto",
                        help="the network sees the page this much enlarged (auto: by its print)")
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto",
                        help="what computes (auto: Paddle on a GPU, else the fastest installed)")
    parser.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto",
                        help="of the computation (auto: bf16 where the processor has it, else f32)")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (all cores)")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return parser.parse_args(arguments)


def check_places(pages: list[Path], table: Path | None, overlays: dict[Path, Path],
                 overwrite: bool) -> None:
    """Raise ValueError where a result would replace a page, or unasked any file."""
    if table is not None and not table.resolve().parent.is_dir():
        raise ValueError(f"{table}: the JSON must be a file in a folder that exists")
    sources = {page.resolve() for page in pages}
    for target in [*overlays.values(), *([] if table is None else [table])]:
        if target.resolve() in sources:
            raise ValueError(f"{target}: is one of the inputs; choose another place")
        if target.exists() and not overwrite:
            raise ValueError(f"{target}: exists; --overwrite replaces it")


def described(word: Word) -> dict:
    return {"quad": word.quad.round(1).tolist(), "polygon": word.polygon.round(1).tolist(),
            "score": round(word.score, 3)}


def fail(error: Exception, status: int, page: Path | None = None) -> int:
    why = reason(error)
    if isinstance(error, MemoryError):
        why = f"{page}: not enough memory"
    elif isinstance(error, OSError):
        why = f"{error.filename or page}: {error.strerror or why}"
    print(f"infer.detect: {why}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
