"""Erase handwriting or watermarks from images.

    python test.py INPUT... --output DIR [--weights FILE...] [--zip FILE]

INPUT is a folder, a file or a quoted glob pattern. Results keep the inputs' stems and sizes. What
an earlier run already made with the same input, weights and settings is skipped; a file that this
program did not write is replaced only with --overwrite. The zip, always written anew, holds
STEM.png at its root, as the leaderboard takes it.
Exit status: 0 all done, 1 some files failed (named on stderr), 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from data.cores import start_paddle

# Known before Paddle is imported, since its compiled graphs never look at another number again.
THREADS = argparse.ArgumentParser(add_help=False)
THREADS.add_argument("--threads", type=int, metavar="N",
                     help="processor threads (all cores that the program may use)")
start_paddle(THREADS.parse_known_args()[0].threads)

from tqdm import tqdm

from data.errors import reason
from data.files import atomic_path, make_folder
from data.image_io import encode_image, expand_inputs, read_image
from data.manifest import Manifest, digest, make_key
from data.soft_mask import to_uint8
from infer.engines import ENGINES, PRECISIONS
from infer.eraser import BUNDLED, TTA, Eraser
from infer.scale import SCALES, scale

FORMATS = {"png": ".png", "jpg": ".jpg", "same": None}


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        pages = expand_inputs(options.inputs)
        check_places(pages, options)
        output = Manifest(make_folder(options.output))
        masks = Manifest(make_folder(options.mask)) if options.mask else None
        if options.zip:
            check_zip(options.zip, pages)
        settings = {
            "weights": [digest(_read_bytes(path)) for path in options.weights],
            "fuse": options.fuse, "tile": options.tile, "margin": options.margin,
            "tta": options.tta, "composite": options.composite, "scale": options.scale,
        }
        eraser = Eraser(options.weights, options.fuse, options.tile, options.margin, options.tta,
                        options.composite, options.batch, options.scale, options.engine,
                        options.precision, options.threads)
        # Not the engine: at one precision their results are the same but for rounding.
        settings["precision"] = eraser.engine.precision
    except (ValueError, OSError) as error:
        print(f"test.py: {error}", file=sys.stderr)
        return 2
    slow = options.engine == "auto" and eraser.engine[::3] == ("paddle", "cpu")
    hint = " (OpenVINO would be faster: pip install openvino onnx)" if slow else ""
    print(f"engine: {eraser.engine}{hint}", file=sys.stderr)
    problems, results, made = [], [], 0
    for page in tqdm(pages, unit="page", dynamic_ncols=True):
        try:
            result, new = erase(page, eraser, settings, output, masks, options)
            results.append(result)
            made += new
        except ValueError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{error.filename or page}: {error.strerror or reason(error)}")
        except MemoryError:
            problems.append(f"{page}: not enough memory; a smaller --batch or --tile needs less")
    if options.zip:
        try:
            write_zip(options.zip, results)
        except (ValueError, OSError) as error:
            why = getattr(error, "strerror", None) or reason(error)
            problems.append(f"{options.zip}: cannot be written: {why}")
    for problem in problems:
        print(f"test.py: {problem}", file=sys.stderr)
    archive = f"; {options.zip}" if options.zip else ""
    print(f"{made} erased, {len(results) - made} up to date, {len(problems)} failed: "
          f"{options.output}{archive}")
    return 1 if problems else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], parents=[THREADS])
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="folder, file or glob pattern")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights", type=Path, nargs="+", metavar="FILE", default=list(BUNDLED),
                        help="checkpoints, fused by average (the bundled pair)")
    parser.add_argument("--fuse", type=float, nargs="+", metavar="W",
                        help="the checkpoints' weights in the average (equal)")
    parser.add_argument("--tile", type=int, default=512, help="tile side in pixels (512)")
    parser.add_argument("--margin", type=int, default=106,
                        help="pixels thrown away along a tile's borders (106)")
    parser.add_argument("--tta", choices=TTA, default="hflip",
                        help="flips whose results are averaged (hflip)")
    parser.add_argument("--composite", action="store_true",
                        help="keep the page's own pixels where no ink was seen")
    parser.add_argument("--scale", type=scale, choices=("auto", *SCALES), default="auto",
                        help="the networks see the page this much enlarged (auto: by its print)")
    parser.add_argument("--batch", type=int, default=1, help="tiles computed at once (1)")
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto",
                        help="what computes (auto: Paddle on a GPU, else the fastest installed)")
    parser.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto",
                        help="of the computation (auto: bf16 where the processor has it, else f32)")
    parser.add_argument("--format", choices=FORMATS, default="png", help="of the results (png)")
    parser.add_argument("--mask", type=Path, metavar="DIR", help="write where ink was seen, too")
    parser.add_argument("--zip", type=Path, metavar="FILE", help="write a leaderboard zip")
    parser.add_argument("--overwrite", action="store_true",
                        help="replace results that this program did not write")
    return parser.parse_args(arguments)


def result_name(page: Path, options: argparse.Namespace) -> str:
    return page.stem + (FORMATS[options.format] or page.suffix.lower())


def check_places(pages: list[Path], options: argparse.Namespace) -> None:
    """Raise ValueError where a result would overwrite a page or a mask, whatever --overwrite."""
    if options.mask and options.mask.resolve() == options.output.resolve():
        raise ValueError(f"{options.mask}: masks and results bear the same names; --mask must be "
                         "another folder than --output")
    for page in pages:
        targets = [options.output / result_name(page, options)]
        if options.mask:
            targets.append(options.mask / f"{page.stem}.png")
        for target in targets:
            if target.resolve() == page.resolve():
                raise ValueError(f"{page}: would be overwritten by what is made of it; choose "
                                 "another folder")


def check_zip(path: Path, pages: list[Path]) -> None:
    """Raise ValueError where no zip can be written, or anything but an old zip would be replaced.

    An old one is always replaced: it is made of results that are kept.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"{path}: the zip must be a file in a folder that exists")
    if path.suffix.lower() != ".zip":
        raise ValueError(f"{path}: the zip's name must end in .zip")
    if path.resolve() in {page.resolve() for page in pages}:
        raise ValueError(f"{path}: is one of the inputs; choose another name for the zip")
    if path.exists() and not zipfile.is_zipfile(path):
        raise ValueError(f"{path}: exists and is no zip; choose another name or remove it")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: weights cannot be read ({error.strerror})") from None


def erase(
    page: Path, eraser: Eraser, settings: dict, output: Manifest, masks: Manifest | None,
    options: argparse.Namespace,
) -> tuple[Path, bool]:
    """Erase one page unless that was done before. Returns the result's path and whether it is new.

    Raises ValueError or OSError naming the file.
    """
    name, key = result_name(page, options), make_key([page], settings)
    todo = []
    targets = [(output, name)] + ([(masks, page.stem + ".png")] if masks else [])
    for manifest, target in targets:
        state = manifest.state(target, key)
        if state == "foreign" and not options.overwrite:
            raise ValueError(f"{manifest.folder / target}: exists and was not made by this "
                             "program; --overwrite replaces it")
        if state != "current":
            todo.append((manifest, target))
    if todo:
        image = read_image(page)
        # disable=None: on terminals only, since a log would keep every step of it.
        bar = tqdm(desc=page.name, unit="tile", leave=False, dynamic_ncols=True, disable=None)

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            if masks is None:
                pictures = {output: eraser(image, progress)}
            else:
                erased, mask = eraser.run(image, progress=progress)
                pictures = {output: erased, masks: to_uint8(mask)}
        except (OSError, MemoryError):
            raise
        except Exception as error:  # the engines' exceptions have no base in common
            raise ValueError(f"{page}: cannot be erased; a smaller --tile needs less memory: "
                             f"{reason(error)}") from error
        finally:
            bar.close()
        for manifest, target in todo:
            try:
                content = encode_image(pictures[manifest], Path(target).suffix)
            except ValueError as error:
                raise ValueError(f"{page}: {error}") from None
            manifest.write(target, key, content)
    return output.folder / name, bool(todo)


def write_zip(path: Path, results: Iterable[Path]) -> None:
    """Write results as STEM.png at a zip's root, atomically."""
    # Stored, not deflated: PNG is compressed already.
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for result in results:
            try:
                result.name.encode()
            except UnicodeEncodeError:
                raise ValueError(f"{result}: a zip needs names in UTF-8; rename it") from None
            if result.suffix == ".png":
                archive.write(result, result.name)
            else:
                archive.writestr(f"{result.stem}.png", encode_image(read_image(result)))


if __name__ == "__main__":
    # A file name that the terminal cannot show must not end the run.
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
