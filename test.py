"""Erase handwriting or watermarks from images.

    python test.py INPUT... --output DIR [--weights FILE...] [--zip [FILE]] [--report [FILE]]

INPUT is a folder, a file or a quoted glob pattern, of images, PDFs and TIFFs. Results keep the
inputs' stems and sizes. What an earlier run already made with the same input, weights and settings
is skipped; a file that this program did not write is replaced only with --overwrite. The zip,
always written anew, holds STEM.png of every image at its root, as the leaderboard takes it.
The report is a web page that shows what was made of every page, the least certain first.
Exit status: 0 all done, 1 some files failed (named on stderr), 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import asdict
from functools import partial
from pathlib import Path

from data.cores import start_paddle

# Known before Paddle is imported, since its compiled graphs never look at another number again.
THREADS = argparse.ArgumentParser(add_help=False)
THREADS.add_argument("--threads", type=int, metavar="N",
                     help="processor threads (all cores that the program may use)")
start_paddle(THREADS.parse_known_args()[0].threads)

from tqdm import tqdm

from data.documents import check_settings, document_kind, kept_suffix, open_document
from data.errors import exit_with, reason
from data.files import check_writable, make_folder
from data.holes import HoleConfig
from data.image_io import expand_inputs, passed_over
from data.manifest import Manifest, digest, make_key
from data.submission import check_zip, write_zip
from infer.cluster import Cluster, ClusterError
from infer.engines import ENGINES, PRECISIONS
from infer.eraser import Eraser
from infer.pages import FAILURES, MEMORY, Job, Outcome, erase_files, erase_here
from infer.quality import DEFAULT, QUALITIES, TTA, settings
from infer.record import RECORDS
from infer.scale import AUTOMATIC, BY_SIZE, SCALES, scale
from infer.two_step import FILLS
from infer.where import PRINT, WORDS, Marks, Where

ZIP, REPORT = "submission.zip", "report.html"  # their names where none is given
FORMATS = {"png": ".png", "jpg": ".jpg", "same": None}
# Options that win over the quality's setting of that name where they are given.
CHANGES = ("refine", "tile", "margin", "even", "tta", "flip_ink", "composite", "skip_blank",
           "turn", "scale")
# What concerns PDFs and TIFFs of several pages only.
OPENING = ("dpi", "pages", "drop_annotations")
# Raised where the same page, weights and settings come out otherwise: earlier results are not up
# to date then.
EDITION = 4


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        where, marks = told_where(options)
        check_settings(options.dpi, options.pages)
        own = [*filter(None, (options.output, options.mask, options.zip, options.report))]
        pages = expand_inputs(options.inputs, own)
        check_places(pages, options)
        places = {"image": Manifest(make_folder(options.output))}
        if options.mask:
            places["mask"] = Manifest(make_folder(options.mask))
        for place in places.values():
            check_writable(place.folder)
        if options.zip:
            check_zip(options.zip, pages)
        if options.report:
            from infer.report import Report  # only now: it imports scikit-image, which takes time

            report = Report(options.report, pages, options.gt, options.overwrite)
            places["record"] = Manifest(make_folder(options.output / RECORDS))
        elif options.gt:
            raise ValueError("--gt is for the report: give --report, too")
        eraser, erase_pages, made_with = open_eraser(options, pages, where)
        opening = {name: getattr(options, name) for name in OPENING}
        erase = partial(erase_files, erase_pages=erase_pages,
                        open_file=partial(open_document, **opening), flat=options.flatten)
    except (ValueError, OSError) as error:
        print(f"test.py: {error}", file=sys.stderr)
        return 2
    slow = options.engine == "auto" and eraser.engine[::3] == ("paddle", "cpu")
    hint = " (OpenVINO would be faster: pip install openvino onnx)" if slow else ""
    spread = "" if options.ray is None else f", in each of {eraser.workers} workers on Ray"
    print(f"engine: {eraser.engine}{spread}{hint}", file=sys.stderr)
    for note in passed_over(options.inputs, own):
        print(f"test.py: {note}", file=sys.stderr)
    with redirect_stdout(sys.stderr):  # where Ray's messages belong
        results, made, problems = run(pages, erase, made_with, places, options, marks)
    failed, known = len(pages) - len(results), len(problems)
    of_all = {}  # files made of all results, and how
    if options.zip:
        of_all[options.zip] = partial(write_zip, options.zip, results)
    if options.report:
        of_all[options.report] = partial(report.write, results, problems)
    written = [options.output, *write_all(of_all, problems)]
    failed += len(problems) - known
    for problem in problems:
        print(f"test.py: {problem}", file=sys.stderr)
    print(f"{made} erased, {len(results) - made} up to date, {failed} failed: "
          + "; ".join(map(str, written)))
    return 1 if problems else 0


def open_eraser(
    options: argparse.Namespace, pages: list[Path], where: Where | None
) -> tuple[Eraser | Cluster, Callable, dict]:
    """What erases, how `erase_files` has it erase pages, and what results depend on.

    Raises ValueError and OSError for settings and weights that cannot be used.
    """
    changes = {name: getattr(options, name) for name in CHANGES}
    dilate = HoleConfig.dilate if options.dilate is None else options.dilate
    chosen = settings(options.quality, **changes)
    paths = options.weights or ([] if options.holes else chosen.weights)
    weights = [_read_bytes(path) for path in paths]
    made_with = asdict(chosen) | {
        "weights": [digest(content) for content in weights], "nets": len(weights),
        "fuse": options.fuse, "edition": EDITION}
    found_by = where and _read_bytes(where.weights)
    if where:
        made_with["where"] = [where.only, where.protect, digest(found_by)]
    if options.flatten:
        made_with["flatten"] = True
    given = changes | {
        "fuse": options.fuse, "quality": options.quality, "batch": options.batch,
        "engine": options.engine, "precision": options.precision, "threads": options.threads,
        "where": where, "fill": options.fill, "dilate": dilate}
    fill = options.fill and options.fill not in FILLS and _read_bytes(Path(options.fill))
    if options.fill:
        made_with |= {"fill": digest(fill) if fill else options.fill, "dilate": dilate}
    if options.ray is None:
        eraser = Eraser(paths, **given)
        erase_pages = partial(erase_here, eraser)
    else:
        sent = [(str(path), content) for path, content in zip(paths, weights, strict=True)]
        if fill:
            given["fill"] = len(sent)
            sent.append((options.fill, fill))
        several = any(document_kind(path) != "image" for path in pages)
        eraser = Cluster(options.ray, None if several else len(pages), sent, given, found_by)
        erase_pages = eraser.erase
    # Not the engine: at one precision their results are the same but for rounding.
    return eraser, erase_pages, made_with | {"precision": eraser.engine.precision}


def write_all(files: dict[Path, Callable], problems: list[str]) -> list[Path]:
    """Write files by their functions: those of them that did. What cannot is a problem."""
    written = []
    for path, write in files.items():
        try:
            if write() is not False:
                written.append(path)
        except (ValueError, OSError) as error:
            why = getattr(error, "strerror", None) or reason(error)
            problems.append(f"{path}: cannot be written: {why}")
    return written


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
    steps = parser.add_argument_group("two steps: what finds ink, and what fills its place")
    steps.add_argument("--fill", metavar=f"{'|'.join(FILLS)}|FILE",
                       help="the checkpoints, text segmenters too, only find ink, and this fills "
                            "it: a plain colour, OpenCV's ways or an inpainting checkpoint")
    steps.add_argument("--holes", type=Path, nargs="+", metavar="FILE|DIR",
                       help="with --fill: masks or boxes of what to erase; nothing looks for ink")
    steps.add_argument("--dilate", type=int, metavar="N",
                       help="with --fill: what is filled is the maximum over N×N pixels of what "
                            f"was found or given ({HoleConfig.dilate})")
    own = parser.add_argument_group("settings that win over those of the quality")
    either = argparse.BooleanOptionalAction
    own.add_argument("--refine", action=either, help="run the networks' second stage, too")
    own.add_argument("--tile", type=int, help="largest side of a tile in pixels")
    own.add_argument("--margin", type=int, help="pixels thrown away along a tile's borders")
    own.add_argument("--even", action=either, help="tiles no larger than the page needs")
    own.add_argument("--tta", choices=TTA, help="how tiles are seen again, by flips or enlarged")
    own.add_argument("--flip-ink", action=either, help="see only tiles again where ink was seen")
    own.add_argument("--composite", action=either,
                     help="keep the page's own pixels where no ink was seen")
    own.add_argument("--skip-blank", action=either, help="leave out tiles where the page is blank")
    own.add_argument("--turn", action=either,
                     help="see pages that lie on their side turned upright; not with --fill")
    own.add_argument("--scale", type=scale, choices=(AUTOMATIC, BY_SIZE, *SCALES),
                     help="the networks see the page this much enlarged (auto: by its print; size: "
                          "by its own, for photographs)")
    parser.add_argument("--batch", type=int, default=1, help="tiles computed at once (1)")
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto",
                        help="what computes (auto: Paddle on a GPU, else the fastest installed)")
    parser.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto",
                        help="of the computation (auto: bf16 where the processor has it, else f32)")
    parts = parser.add_argument_group(
        "parts of pages", "words are found by CRAFT; FILE is a mask (white marks) or boxes, as "
        "--mask and `python -m infer.detect --json` write them; DIR holds one a page, STEM.*")
    parts.add_argument("--only", nargs="+", metavar=f"{WORDS}|FILE|DIR",
                       help="erase nothing outside of these")
    parts.add_argument("--protect", nargs="+", metavar=f"{WORDS}|{PRINT}|FILE|DIR",
                       help=f"erase nothing inside of these; {PRINT}: words without ink")
    parser.add_argument("--ray", nargs="?", const="", metavar="HOST:PORT",
                        help="spread the pages over a Ray cluster (the one this machine is in)")
    parser.add_argument("--flatten", action="store_true",
                        help="even out the light and whiten the paper afterwards")
    parser.add_argument("--format", choices=FORMATS, default="png", help="of images' results (png)")
    several = parser.add_argument_group("PDFs and TIFFs of several pages")
    several.add_argument("--pages", metavar="1-3,7", help="erase these; the others stay (all)")
    several.add_argument("--dpi", type=float, metavar="N",
                         help="render PDFs at N pixels an inch (as they were scanned)")
    several.add_argument("--drop-annotations", action="store_true",
                         help="keep PDFs' pages that are drawn, not scanned, and drop what was "
                              "laid on them: ink, stamps, highlights, notes")
    parser.add_argument("--mask", type=Path, metavar="DIR", help="write where ink was seen, too")
    parser.add_argument("--zip", type=Path, nargs="?", const=Path(), metavar="FILE",
                        help=f"write a leaderboard zip (OUTPUT/{ZIP})")
    parser.add_argument("--report", type=Path, nargs="?", const=Path(), metavar="FILE",
                        help="write a web page that shows every page before and after, the least "
                             f"certain first (OUTPUT/{REPORT})")
    parser.add_argument("--gt", type=Path, metavar="DIR",
                        help="ground truth: the report measures the results against it")
    parser.add_argument("--overwrite", action="store_true",
                        help="replace results that this program did not write")
    options = parser.parse_args(arguments)
    if options.report == Path():
        options.report = options.output / REPORT
    if options.zip == Path():
        options.zip = options.output / ZIP
    return options


def told_where(options: argparse.Namespace) -> tuple[Where | None, dict[str, list[Path]]]:
    """What --only and --protect say of words, and their files and those of --holes.

    ValueError for what is not there, and for options that do not go together.
    """
    if options.dilate is not None and options.fill is None:
        raise ValueError("--dilate widens what --fill fills: give --fill, too")
    if (options.dilate or 0) < 0:
        raise ValueError(f"--dilate must be 0 or more, got {options.dilate}")
    if options.fill not in (None, *FILLS) and not Path(options.fill).is_file():
        raise ValueError(f"--fill {options.fill}: no such checkpoint, and none of "
                         f"{', '.join(FILLS)}")
    if options.holes and (options.fill is None or options.weights or options.fuse):
        raise ValueError("--holes says what to erase: it needs --fill and has no use for --weights "
                         "and --fuse")
    found, files = {}, {}
    for name, known in (("only", (WORDS,)), ("protect", (WORDS, PRINT)), ("holes", ())):
        given = getattr(options, name) or []
        files[name] = [Path(text) for text in given if text not in known]
        for path in files[name]:
            if not path.exists():
                neither = f", and not {' or '.join(known)}" if known else ""
                raise ValueError(f"--{name} {path}: no such file or folder{neither}")
            folder = path if path.is_dir() else path.parent
            if options.mask and os.path.realpath(folder) == os.path.realpath(options.mask):
                raise ValueError(f"--mask {options.mask}: would replace what --{name} reads; "
                                 "choose another folder")
        if known:
            found[name] = next((word for word in known if word in given), None)
    if options.flatten and (options.only or options.protect):
        raise ValueError("--flatten changes all of a page: not with --only or --protect")
    if not any(found.values()):
        return None, files
    from infer.detector import default_weights  # only now: it imports SciPy, which takes time

    return Where(**found, weights=default_weights()), files


def result_names(
    path: Path, options: argparse.Namespace, content: bytes | None = None
) -> dict[str, str]:
    """The names of the files wanted of a file: 'image' and perhaps 'mask' and 'record'."""
    several, suffix = document_kind(path, content) != "image", kept_suffix(path)
    names = {"image": path.stem + (not several and FORMATS[options.format] or suffix)}
    if options.mask:
        names["mask"] = path.stem + (".tif" if several else ".png")
    if options.report:
        names["record"] = path.stem + ".json"
    return names


def check_places(pages: list[Path], options: argparse.Namespace) -> None:
    """Raise ValueError where a result would overwrite a page or a mask, whatever --overwrite."""
    if options.mask and options.mask.resolve() == options.output.resolve():
        raise ValueError(f"{options.mask}: masks and results bear the same names; --mask must be "
                         "another folder than --output")
    for page in pages:
        for kind, name in result_names(page, options).items():
            target = (options.mask if kind == "mask" else options.output) / name
            if os.path.realpath(target) == os.path.realpath(page):
                raise ValueError(f"{page}: would be overwritten by what is made of it; choose "
                                 "another folder")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: weights cannot be read ({error.strerror})") from None


def plan(
    path: Path, made_with: dict, places: dict[str, Manifest], options: argparse.Namespace,
    marks: dict[str, list[Path]],
) -> Job:
    """A file with the names of what is to be made of it. ValueError or OSError name the file."""
    content = path.read_bytes()
    if document_kind(path, content) != "image":
        made_with = made_with | {name: getattr(options, name) for name in OPENING}
    marked = Marks.read(**marks, page=path)
    made_with = made_with | {name: [digest(content) for _, content in files]
                             for name, files in marked._asdict().items() if files}
    job = Job(path, content, make_key([content], made_with), {}, marked)
    for kind, name in result_names(path, options, content).items():
        manifest = places[kind]
        state = manifest.state(name, job.key)
        if state == "foreign" and not options.overwrite:
            raise ValueError(f"{manifest.folder / name}: exists and was not made by this "
                             "program; --overwrite replaces it")
        if state != "current":
            job.names[kind] = name
    return job


def run(
    paths: list[Path], erase: Callable[[Iterable[Job]], Iterator[tuple[Job, Outcome]]],
    made_with: dict, places: dict[str, Manifest], options: argparse.Namespace,
    marks: dict[str, list[Path]],
) -> tuple[list[Path], int, list[str]]:
    """Erase files unless that was done before, and write what they become.

    `erase` takes and yields files in any order. Returns the results' paths in the files' order, how
    many were made, and what went wrong.
    """
    done, made, problems = set(), 0, {}
    bar = tqdm(total=len(paths), unit="page", dynamic_ncols=True)

    def todo() -> Iterator[Job]:
        for path in paths:
            try:
                job = plan(path, made_with, places, options, marks)
            except FAILURES as error:
                problems[path] = describe(path, error)
            else:
                if job.names:
                    yield job
                    continue
                done.add(path)
            bar.update()

    with bar, closing(erase(todo())) as outcomes:
        try:
            for job, outcome in outcomes:
                if not isinstance(outcome, Exception):
                    try:
                        for kind, name in job.names.items():
                            places[kind].write(name, job.key, outcome.get(kind))
                        done.add(job.path)
                        made += 1
                    except OSError as error:
                        outcome = error
                if isinstance(outcome, Exception):
                    problems[job.path] = describe(job.path, outcome)
                bar.update()
        except ClusterError as error:
            left = len(paths) - len(done) - len(problems)
            problems[None] = f"{error}; {left} pages are not done, and a second run goes on there"
    results = [options.output / result_names(path, options)["image"]
               for path in paths if path in done]
    return results, made, [problems[path] for path in [*paths, None] if path in problems]


def describe(path: Path, error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"{path}: {MEMORY}"
    if isinstance(error, OSError):
        return f"{error.filename or path}: {error.strerror or reason(error)}"
    return reason(error)


if __name__ == "__main__":
    # A file name that the terminal cannot show must not end the run.
    sys.stdout.reconfigure(errors="backslashreplace")
    exit_with(main, "test.py: stopped; a second run goes on from here")
