"""Measure erased pages against their ground truth.

    python evaluate.py --pred DIR --gt DIR [--input DIR] [--leftover] [--csv FILE] [--report FILE]
                       [--overwrite]

Files pair by stem, whatever their suffixes. The table shows the worst pages (by PSNR) first, then
the means; the CSV has every page, and the report, a web page, shows the figures' distributions and
pictures of the worst pages, too. --input names the untouched pages: each figure then stands beside
theirs, the score of doing nothing (name_untouched in the CSV and the JSON), and the measures that
tell ink from print are added. --leftover adds what can still be found with CRAFT, and read with
RapidOCR where that is installed. A page that lacks a file, or has an unreadable one or one of
another size, is named and left out.

The last line on stdout is a JSON object: pages, problems, and the mean of each figure over the
pages. A mean leaves out pages where the figure is infinite (PSNR of a page equal to its ground
truth) or undefined (ink measures of a page without ink); it is null where no page remains.
"infinite" and "undefined" count what was left out, by figure.

Exit status: 0 all done, 1 some pages failed (named on stderr), 2 nothing to measure or wrong
arguments.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from tqdm import tqdm

from data.cores import start_paddle, usable_cores
from data.errors import exit_with
from data.files import make_folder, write_bytes
from data.image_io import list_images, read_image
from data.picture import data_uri, shrink
from metric import ERASURE_METRICS, LEFTOVER_METRICS, METRICS, measure
from metric.columns import COLUMNS
from metric.report import check_report, distribution, render
from metric.table import align

if TYPE_CHECKING:
    from metric.leftover import Leftover

SHOWN = 20  # pages in the terminal's table, and with pictures in the report
UNTOUCHED = "_untouched"  # suffix of the untouched input's figures

LEGEND = "figures:\n{}\nwith --input:\n{}\nwith --leftover:\n{}".format(*(
    "\n".join(f"  {COLUMNS[name].heading[:-1]:12}{COLUMNS[name].meaning}" for name in names)
    for names in (METRICS, ERASURE_METRICS, LEFTOVER_METRICS)))


@dataclass(frozen=True)
class Page:
    """The files of one page; `input` is None where there is no baseline."""

    name: str
    pred: Path
    gt: Path
    input: Path | None


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        pages, problems = find_pages(options.pred, options.gt, options.input)
        if options.csv and options.report and (
                os.path.realpath(options.csv) == os.path.realpath(options.report)):
            raise ValueError(f"{options.csv}: --csv and --report must be two files")
        if options.csv:
            check_csv(options.csv, options.overwrite)
        if options.report:
            check_report(options.report, options.overwrite)
        leftover = open_leftover() if options.leftover else None
    except (ValueError, OSError) as error:
        print(f"evaluate.py: {error}", file=sys.stderr)
        return 2
    rows, failures = measure_pages(pages, options.workers)
    problems += failures
    if leftover:
        add_leftover(rows, pages, leftover)
    rows.sort(key=lambda row: row["psnr"])
    written = []
    for path, content_of in ((options.csv, to_csv),
                             (options.report, partial(to_report, pages=pages, problems=problems))):
        if path and rows:
            try:
                write_bytes(path, content_of(rows))
                written.append(path)
            except (ValueError, OSError) as error:
                why = getattr(error, "strerror", None) or error
                problems.append(f"{path}: cannot be written: {why}")
    for problem in problems:
        print(f"evaluate.py: {problem}", file=sys.stderr)
    means, left_out = average(rows)
    if rows:
        print_report(rows, means, left_out, written)
    if problems:
        print(f"problems, named on stderr: {len(problems)}")
    print(json.dumps({"pages": len(rows), "problems": len(problems), **means, **left_out}))
    return 1 if problems else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], epilog=LEGEND,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pred", type=Path, required=True, metavar="DIR", help="erased pages")
    parser.add_argument("--gt", type=Path, required=True, metavar="DIR",
                        help="the same pages as they should be")
    parser.add_argument("--input", type=Path, metavar="DIR",
                        help="the untouched pages: adds their figures and the ink measures")
    parser.add_argument("--leftover", action="store_true",
                        help="say what can still be found and read of ink and print, too; some "
                             "seconds a page")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every page's figures there")
    parser.add_argument("--report", type=Path, metavar="FILE",
                        help="write a web page of all figures, with the worst pages' pictures")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE where it exists")
    parser.add_argument("--workers", type=int, default=usable_cores(), metavar="N",
                        help="processes (one a core)")
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers must be 1 or more")
    if options.leftover and options.input is None:
        parser.error("--leftover needs --input: what should be gone is on the untouched pages")
    return options


def find_pages(pred: Path, gt: Path, inputs: Path | None) -> tuple[list[Page], list[str]]:
    """The pages that every folder has, by name, and a sentence for each file that is left out.

    Raises ValueError where a folder is missing or empty, and where no page is in all of them.
    """
    folders = {"result": pred, "ground truth": gt}
    if inputs is not None:
        folders["input"] = inputs
    problems: list[str] = []
    files = {kind: _by_stem(folder, problems) for kind, folder in folders.items()}
    stems = sorted(set().union(*files.values()))
    complete = []
    for stem in stems:
        there = [paths[stem] for paths in files.values() if stem in paths]
        if None in there:
            continue  # several files of this stem, named already
        missing = [f"no {kind} {stem}.* in {folders[kind]}" for kind in files
                   if stem not in files[kind]]
        if missing:
            problems.append(f"{there[0]}: {', '.join(missing)}")
        else:
            complete.append(Page(stem, *there, *([None] if inputs is None else [])))
    if not complete:
        raise ValueError(
            "nothing to measure: no page is in every folder; files pair by stem, for example "
            + ", ".join(f"{folders[kind] / min(stems)}.*" for kind, stems in files.items())
        )
    return complete, problems


def _by_stem(folder: Path, problems: list[str]) -> dict[str, Path | None]:
    """Stem -> file, or None where several files share the stem (a problem)."""
    found: dict[str, Path | None] = {}
    for path in list_images(folder):
        if path.stem in found:
            problems.append(f"{path}: another file there has this stem; the page is left out")
            found[path.stem] = None
        else:
            found[path.stem] = path
    if not found:
        raise ValueError(f"{folder}: no images there")
    return found


def check_csv(path: Path, overwrite: bool) -> None:
    """Make the CSV's folder. Raises ValueError where the file must not or cannot be written."""
    if path.is_dir():
        raise ValueError(f"{path}: is a folder; name a file for the CSV")
    if path.exists() and not overwrite:
        raise ValueError(f"{path}: already exists; --overwrite replaces it")
    make_folder(path.parent)


def measure_pages(pages: list[Page], workers: int) -> tuple[list[dict], list[str]]:
    """A row of figures for each page that can be measured, a sentence for each that cannot."""
    rows, problems = [], []
    # Not forked: OpenCV's threads do not survive that, should this process have used any.
    context = multiprocessing.get_context("spawn")
    # Ctrl-C reaches the workers as well, each of which would have its traceback.
    ignore = signal.signal, (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(min(workers, len(pages)), context, *ignore) as pool:
        jobs = [(page, pool.submit(measure_page, page)) for page in pages]
        for page, job in tqdm(jobs, desc="measuring", unit="page"):
            try:
                rows.append(job.result())
            except ValueError as error:
                problems.append(str(error))
            except (BrokenProcessPool, MemoryError):
                problems.append(f"{page.pred}: not measured, a process died; is memory short? "
                                "--workers 1 needs least")
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                raise
    return rows, problems


def measure_page(page: Page) -> dict[str, str | float]:
    """One row: `page` and the figures, each followed by the untouched input's.

    Raises ValueError naming the file that is at fault.
    """
    cv2.setNumThreads(1)  # the pool already fills the cores
    pred, gt = read_image(page.pred), read_image(page.gt)
    if page.input is None:
        return {"page": page.name, **_measure(page, page.pred, pred, gt)}
    input = read_image(page.input)
    untouched = _measure(page, page.input, input, gt, input)
    row: dict[str, str | float] = {"page": page.name}
    for name, value in _measure(page, page.pred, pred, gt, input).items():
        row[name] = value
        row[name + UNTOUCHED] = untouched[name]
    return row


def _measure(page: Page, path: Path, image, gt, input=None) -> dict[str, float]:
    if image.shape != gt.shape:
        raise ValueError(
            f"{path} is {image.shape[1]}x{image.shape[0]} pixels but "
            f"{page.gt} is {gt.shape[1]}x{gt.shape[0]}"
        )
    return measure(image, gt, input)


def open_leftover() -> Leftover:
    """What measures what is left, reading where it can. ValueError without weights."""
    from metric.leftover import INSTALL, Leftover, Reader

    start_paddle()
    from infer.detector import Detector  # only now: it imports Paddle

    try:
        reader = Reader()
    except ImportError as error:
        print(f"evaluate.py: nothing is read: {error}; {INSTALL}", file=sys.stderr)
        reader = None
    detector = Detector()
    return Leftover(lambda image: [word.quad for word in detector(image)], reader)


def add_leftover(rows: list[dict], pages: list[Page], leftover: Leftover) -> None:
    """Add to each row what is left, followed by the untouched input's figures."""
    by_name = {page.name: page for page in pages}
    for row in tqdm(rows, desc="looking for what is left", unit="page"):
        page = by_name[row["page"]]
        image, gt, input = map(read_image, (page.pred, page.gt, page.input))
        result, untouched = leftover.measure([image, input], gt, input)
        for name, value in result.items():
            row[name], row[name + UNTOUCHED] = value, untouched[name]


def average(rows: list[dict]) -> tuple[dict[str, float | None], dict[str, dict[str, int]]]:
    """Means of the finite values, and how many values each leaves out, as the JSON has them."""
    means: dict[str, float | None] = {}
    left_out: dict[str, dict[str, int]] = {"infinite": {}, "undefined": {}}
    names = [name for name in rows[0] if name != "page"] if rows else list(METRICS)
    for name in names:
        values = [row[name] for row in rows]
        finite = [value for value in values if math.isfinite(value)]
        means[name] = float(f"{math.fsum(finite) / len(finite):.6g}") if finite else None
        for kind, test in (("infinite", math.isinf), ("undefined", math.isnan)):
            if any(map(test, values)):
                left_out[kind][name] = sum(map(test, values))
    return means, left_out


def to_csv(rows: list[dict]) -> bytes:
    """UTF-8 CSV in the rows' order; infinity is written inf, an undefined figure is empty.

    Bytes of a file name that are not UTF-8 are written as backslash escapes.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(rows[0])
    for row in rows:
        name, *values = row.values()
        writer.writerow([name, *("" if math.isnan(v) else f"{v:.6g}" for v in values)])
    return stream.getvalue().encode(errors="backslashreplace")


def to_report(rows: list[dict], pages: list[Page], problems: list[str]) -> bytes:
    """HTML: the distribution of every figure, all rows, and pictures of the first ones."""
    columns = {name: column for name, column in COLUMNS.items() if name in rows[0]}
    figures = {name: distribution([row[name] for row in rows],
                                  [row.get(name + UNTOUCHED, math.nan) for row in rows])
               for name in columns}
    by_name = {page.name: page for page in pages}
    with ThreadPoolExecutor(usable_cores()) as pool:
        pictures = list(pool.map(pictures_of, (by_name[row["page"]] for row in rows[:SHOWN])))
    return render("measured", columns, rows, pictures, problems, figures)


def pictures_of(page: Page) -> dict[str, str | int]:
    """A page's pictures by kind, as URIs, and their size."""
    images = {kind: read_image(path) for kind, path in
              (("input", page.input), ("output", page.pred), ("gt", page.gt)) if path}
    off = cv2.absdiff(images["output"], images["gt"]).max(axis=2)
    # White where equal, black from 64 grey levels of any channel up.
    images["difference"] = 255 - 4 * np.minimum(off, 63)
    small = {kind: shrink(image) for kind, image in images.items()}
    height, width = small["gt"].shape[:2]
    return {"width": width, "height": height} | {
        kind: data_uri(image) for kind, image in small.items()}


def print_report(rows: list[dict], means: dict, left_out: dict, written: list[Path]) -> None:
    """The worst pages, the means, and what these leave out. `written` files list all pages."""
    has_input = "psnr" + UNTOUCHED in rows[0]
    names = [name for name in COLUMNS if name in rows[0]]
    lines = [["page", *(COLUMNS[name].heading for name in names)]]
    for row in [*rows[:SHOWN], {"page": "mean", **means}]:
        lines.append([row["page"], *(_cell(row, name) for name in names)])
        if has_input:
            lines.append(["  untouched", *(_cell(row, name, UNTOUCHED) for name in names)])
    table = align(lines)
    means_at = len(table) - 1 - has_input

    print(f"{_pages(len(rows))}, worst PSNR first (↑ more is better, ↓ less is)\n")
    print("\n".join(table[:means_at]))
    if len(rows) > SHOWN:
        hint = "" if written else "; --csv FILE lists all"
        print(f"... and {_pages(len(rows) - SHOWN)} better than these{hint}")
    print()
    print("\n".join(table[means_at:]))
    print()
    for kind, counts in left_out.items():
        if counts:
            parts = (f"{_title(name)} of {_pages(count)}" for name, count in counts.items())
            print(f"{kind}, so not in the mean: {', '.join(parts)}")
    if has_input:
        gains = [row["psnr"] - row["psnr" + UNTOUCHED] for row in rows]
        better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
        print(f"by PSNR {_pages(better)} better than untouched, {worse} worse, "
              f"{len(rows) - better - worse} the same")
    for path in written:
        print(f"all pages: {path}")


def _cell(row: dict, name: str, suffix: str = "") -> str:
    value = row[name + suffix]
    return "-" if value is None or math.isnan(value) else format(value, COLUMNS[name].form)


def _title(name: str) -> str:
    figure = COLUMNS[name.removesuffix(UNTOUCHED)].heading[:-1]
    return f"untouched {figure}" if name.endswith(UNTOUCHED) else figure


def _pages(count: int) -> str:
    return f"{count} page" if count == 1 else f"{count} pages"


if __name__ == "__main__":
    # A file name that the terminal cannot show must not end the run.
    sys.stdout.reconfigure(errors="backslashreplace")
    exit_with(main, "evaluate.py: stopped")
