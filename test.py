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
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from data.cores import start_paddle

# Known before Paddle is imported, since its compiled graphs never look at another number again.
THREADS = argparse.ArgumentParser(add_help=False)
THREADS.add_argument("--threads", type=int, metavar="N",
                     help="processor threads (all cores that the program may use)")
start_paddle(THREADS.parse_known_args()[0].threads)

from tqdm import tqdm

from data.errors import reason
from data.files import atomic_path, make_folder
from data.holes import HoleConfig
from data.image_io import encode_image, expand_inputs, list_images, read_image
from data.manifest import Manifest, digest, make_key
from data.pipeline import overlapped
from infer.cluster import Cluster, ClusterError, Outcome, Page, compute, encode
from infer.engines import ENGINES, PRECISIONS
from infer.eraser import BUNDLED, Eraser
from infer.quality import DEFAULT, QUALITIES, TTA, settings
from infer.scale import AUTOMATIC, SCALES, scale
from infer.two_step import FILLS

FORMATS = {"png": ".png", "jpg": ".jpg", "same": None}
# Options that win over the quality's setting of that name where they are given.
CHANGES = ("refine", "tile", "margin", "even", "tta", "flip_ink", "composite", "skip_blank",
           "scale")


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        pages = expand_inputs(options.inputs)
        check_places(pages, options)
        places = {"image": Manifest(make_folder(options.output))}
        if options.mask:
            places["mask"] = Manifest(make_folder(options.mask))
        if options.zip:
            check_zip(options.zip, pages)
        changes = {name: getattr(options, name) for name in CHANGES}
        chosen = settings(options.quality, **changes)
        masks = find_masks(options)
        paths = options.weights or ([] if options.holes else BUNDLED[:chosen.nets])
        weights = [_read_bytes(path) for path in paths]
        made_with = asdict(chosen) | {
            "weights": [digest(content) for content in weights], "nets": len(weights),
            "fuse": options.fuse}
        given = changes | {
            "fuse": options.fuse, "quality": options.quality, "batch": options.batch,
            "engine": options.engine, "precision": options.precision, "threads": options.threads,
            "fill": options.fill, "dilate": options.dilate}
        network = options.fill is not None and options.fill not in FILLS
        if network and not Path(options.fill).is_file():
            raise ValueError(f"--fill {options.fill}: no such checkpoint, and none of "
                             f"{', '.join(FILLS)}")
        fill = _read_bytes(Path(options.fill)) if network else None
        if options.fill is not None:
            made_with |= {"fill": digest(fill) if network else options.fill,
                          "dilate": options.dilate}
        if options.ray is None:
            eraser = Eraser(paths, **given)
            erase = partial(erase_here, eraser)
        else:
            sent = [(str(path), content) for path, content in zip(paths, weights, strict=True)]
            if network:
                given["fill"] = len(sent)
                sent.append((options.fill, fill))
            eraser = Cluster(options.ray, len(pages), sent, given)
            erase = eraser.erase
        # Not the engine: at one precision their results are the same but for rounding.
        made_with["precision"] = eraser.engine.precision
    except (ValueError, OSError) as error:
        print(f"test.py: {error}", file=sys.stderr)
        return 2
    slow = options.engine == "auto" and eraser.engine[::3] == ("paddle", "cpu")
    hint = " (OpenVINO would be faster: pip install openvino onnx)" if slow else ""
    spread = "" if options.ray is None else f", in each of {eraser.workers} workers on Ray"
    print(f"engine: {eraser.engine}{spread}{hint}", file=sys.stderr)
    with redirect_stdout(sys.stderr):  # where Ray's messages belong
        results, made, problems = run(pages, erase, made_with, places, masks, options)
    failed = len(pages) - len(results)
    if options.zip:
        try:
            write_zip(options.zip, results)
        except (ValueError, OSError) as error:
            why = getattr(error, "strerror", None) or reason(error)
            problems.append(f"{options.zip}: cannot be written: {why}")
            failed += 1
    for problem in problems:
        print(f"test.py: {problem}", file=sys.stderr)
    archive = f"; {options.zip}" if options.zip else ""
    print(f"{made} erased, {len(results) - made} up to date, {failed} failed: "
          f"{options.output}{archive}")
    return 1 if problems else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], parents=[THREADS])
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="folder, file or glob pattern")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--quality", choices=QUALITIES, default=DEFAULT,
                        help=f"how much work a page is worth ({DEFAULT})")
    parser.add_argument("--weights", type=Path, nargs="+", metavar="FILE",
                        help="checkpoints, fused by average (as many of the bundled pair as the "
                             "quality takes)")
    parser.add_argument("--fuse", type=float, nargs="+", metavar="W",
                        help="the checkpoints' weights in the average (equal)")
    parser.add_argument("--fill", metavar="HOW",
                        help="the checkpoints only find ink, and this fills it: an inpainting "
                             f"checkpoint, or one of {', '.join(FILLS)}")
    parser.add_argument("--holes", type=Path, metavar="DIR",
                        help="with --fill: masks of what to erase, white, by the pages' stems; no "
                             "checkpoint is asked then")
    parser.add_argument("--dilate", type=int, default=HoleConfig.dilate, metavar="N",
                        help=f"with --fill: pixels by which ink is widened ({HoleConfig.dilate})")
    own = parser.add_argument_group("settings that win over those of the quality")
    either = argparse.BooleanOptionalAction
    own.add_argument("--refine", action=either, help="run the networks' second stage, too")
    own.add_argument("--tile", type=int, help="largest side of a tile in pixels")
    own.add_argument("--margin", type=int, help="pixels thrown away along a tile's borders")
    own.add_argument("--even", action=either, help="tiles no larger than the page needs")
    own.add_argument("--tta", choices=TTA, help="flips whose results are averaged")
    own.add_argument("--flip-ink", action=either, help="flip only tiles where ink was seen")
    own.add_argument("--composite", action=either,
                     help="keep the page's own pixels where no ink was seen")
    own.add_argument("--skip-blank", action=either, help="leave out tiles where the page is blank")
    own.add_argument("--scale", type=scale, choices=(AUTOMATIC, *SCALES),
                     help="the networks see the page this much enlarged (auto: by its print)")
    parser.add_argument("--batch", type=int, default=1, help="tiles computed at once (1)")
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto",
                        help="what computes (auto: Paddle on a GPU, else the fastest installed)")
    parser.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto",
                        help="of the computation (auto: bf16 where the processor has it, else f32)")
    parser.add_argument("--ray", nargs="?", const="", metavar="HOST:PORT",
                        help="spread the pages over a Ray cluster (the one this machine is in)")
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


def find_masks(options: argparse.Namespace) -> dict[str, Path] | None:
    """The masks of --holes by stem. ValueError for options that do not go together."""
    if options.dilate < 0:
        raise ValueError(f"--dilate must be 0 or more, got {options.dilate}")
    if options.holes is None:
        return None
    if options.fill is None or options.weights:
        raise ValueError("--holes says what to erase: it needs --fill and has no use for --weights")
    return {path.stem: path for path in list_images(options.holes)}


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


def plan(
    path: Path, made_with: dict, places: dict[str, Manifest], masks: dict[str, Path] | None,
    options: argparse.Namespace,
) -> Page:
    """A page with the names of what is to be made of it. ValueError or OSError name the file."""
    content, holes = path.read_bytes(), None
    if masks is not None:
        if path.stem not in masks:
            raise ValueError(f"{path}: no mask {path.stem}.* in {options.holes}")
        holes = masks[path.stem], masks[path.stem].read_bytes()
    key = make_key([content] if holes is None else [content, holes[1]], made_with)
    page = Page(path, content, key, {}, holes)
    for kind, manifest in places.items():
        name = result_name(path, options) if kind == "image" else f"{path.stem}.png"
        state = manifest.state(name, page.key)
        if state == "foreign" and not options.overwrite:
            raise ValueError(f"{manifest.folder / name}: exists and was not made by this "
                             "program; --overwrite replaces it")
        if state != "current":
            page.names[kind] = name
    return page


def erase_here(eraser: Eraser, pages: Iterable[Page]) -> Iterator[tuple[Page, Outcome]]:
    """Yield every page with what was made of it, or why it was not."""
    def read(page: Page) -> tuple[Page, np.ndarray]:
        return page, read_image(page.path, page.content)

    def work(opened: tuple[Page, np.ndarray]) -> tuple[Page, dict[str, np.ndarray]]:
        page, image = opened
        # disable=None: on terminals only, since a log would keep every step of it.
        bar = tqdm(desc=page.path.name, unit="tile", leave=False, dynamic_ncols=True, disable=None)

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        with closing(bar):
            return page, compute(eraser, page, image, progress)

    for page, done in overlapped(pages, read, work, lambda erased: encode(*erased)):
        try:
            yield page, done.result()
        except (ValueError, OSError, MemoryError) as error:
            yield page, error


def run(
    paths: list[Path], erase: Callable[[Iterable[Page]], Iterator[tuple[Page, Outcome]]],
    made_with: dict, places: dict[str, Manifest], masks: dict[str, Path] | None,
    options: argparse.Namespace,
) -> tuple[list[Path], int, list[str]]:
    """Erase pages unless that was done before, and write what they become.

    `erase` takes and yields pages in any order. Returns the results' paths in the pages' order, how
    many were made, and what went wrong.
    """
    done, made, problems = set(), 0, {}
    bar = tqdm(total=len(paths), unit="page", dynamic_ncols=True)

    def todo() -> Iterator[Page]:
        for path in paths:
            try:
                page = plan(path, made_with, places, masks, options)
            except (ValueError, OSError, MemoryError) as error:
                problems[path] = describe(path, error)
            else:
                if page.names:
                    yield page
                    continue
                done.add(path)
            bar.update()

    with bar, closing(erase(todo())) as outcomes:
        try:
            for page, outcome in outcomes:
                if not isinstance(outcome, Exception):
                    try:
                        for kind, name in page.names.items():
                            places[kind].write(name, page.key, outcome[kind])
                        done.add(page.path)
                        made += 1
                    except OSError as error:
                        outcome = error
                if isinstance(outcome, Exception):
                    problems[page.path] = describe(page.path, outcome)
                bar.update()
        except ClusterError as error:
            left = len(paths) - len(done) - len(problems)
            problems[None] = f"{error}; {left} pages are not done, and a second run goes on there"
    results = [options.output / result_name(path, options) for path in paths if path in done]
    return results, made, [problems[path] for path in [*paths, None] if path in problems]


def describe(path: Path, error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"{path}: not enough memory; a smaller --batch or --tile needs less"
    if isinstance(error, OSError):
        return f"{error.filename or path}: {error.strerror or reason(error)}"
    return reason(error)


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
