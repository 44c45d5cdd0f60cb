"""Render pairs of pages: as handed in, and without the handwriting.

    python -m data.synth --out DIR --pages N --seed S [--kind KIND] [--capture NAME] [--size WxH]
                         [--fonts DIR] [--photos DIR] [--stamps keep|erase] [--dirt keep|erase]
                         [--chars] [--workers N] [--overwrite]

Writes DIR/images, DIR/gts, DIR/mask (soft mask of their difference) and DIR/ink (the renderer's
own ink, 255 = fully ink) as PNG files 000000.png and up, one a page in each folder; --chars also
DIR/chars, where every character is (data/characters.py). The same arguments write the same bytes,
whatever the number of workers.

Exit status: 0 all done, 1 some pages failed (named on stderr), 2 the command line is wrong.
"""

import argparse
import multiprocessing
import os
import sys
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from data.characters import to_json
from data.cores import usable_cores
from data.errors import reason
from data.files import make_folder, write_bytes
from data.image_io import write_image
from data.soft_mask import soft_mask, to_uint8
from data.synth import page, settings

FOLDERS = ("images", "gts", "mask", "ink")


@dataclass(frozen=True)
class _Job:
    """What every page of a run has in common."""

    out: Path
    seed: int
    kind: str | None
    size: tuple[int, int] | None
    options: page.SynthOptions

    @property
    def folders(self) -> tuple[str, ...]:
        return (*FOLDERS, "chars") if self.options.chars else FOLDERS

    def path(self, folder: str, index: int) -> Path:
        suffix = "json" if folder == "chars" else "png"
        return self.out / folder / f"{index:06d}.{suffix}"


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        job = _prepare(options)
    except ValueError as error:
        print(f"data.synth: {error}", file=sys.stderr)
        return 2
    problems = _render_all(job, options.pages, options.workers)
    for problem in problems:
        print(f"data.synth: {problem}", file=sys.stderr)
    print(f"{options.pages - len(problems)} pages in {job.out}, {len(problems)} problems")
    return 1 if problems else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m data.synth", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--pages", type=int, required=True, metavar="N", help="how many pages")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="0 or more")
    parser.add_argument(
        "--kind", choices=page.KINDS, help="kind of page (all but comic and watermark, mixed)"
    )
    parser.add_argument(
        "--capture",
        choices=(*settings.KINDS, *settings.SETTINGS),
        metavar="NAME",
        help="scan, photo, screen or one of their settings (all)",
    )
    parser.add_argument(
        "--size",
        type=size,
        metavar="WxH",
        help="pixels of each page (sheets of paper at 72 to 400 dpi)",
    )
    parser.add_argument("--fonts", type=Path, metavar="DIR", help="further fonts to use")
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="pictures to put watermarks on, beside generated ones",
    )
    parser.add_argument(
        "--stamps",
        choices=("keep", "erase"),
        default="keep",
        help="whether stamps are part of the page (keep)",
    )
    parser.add_argument(
        "--dirt",
        choices=("keep", "erase"),
        default="erase",
        help="whether stains and smudges are part of the page (erase)",
    )
    parser.add_argument("--chars", action="store_true", help="say where every character is")
    parser.add_argument(
        "--workers", type=int, default=usable_cores(), metavar="N", help="processes (one a core)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace pages that are there")
    options = parser.parse_args(arguments)
    if options.chars and options.kind in page.UNLISTED:
        parser.error(f"--chars: where their characters are is not known of {options.kind} pages")
    if options.photos and options.kind != "watermark":
        parser.error("--photos: only pages of --kind watermark lie on photographs")
    for name, least in (("pages", 1), ("seed", 0), ("workers", 1)):
        if getattr(options, name) < least:
            parser.error(f"--{name} must be {least} or more")
    return options


def size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, such as 1240x1754")
    return int(width), int(height)


def _prepare(options: argparse.Namespace) -> _Job:
    """Checks what can be checked before any work. Raises ValueError that says what is wrong."""
    job = _Job(
        options.out,
        options.seed,
        options.kind,
        options.size,
        page.SynthOptions(
            capture=options.capture,
            stamps_kept=options.stamps == "keep",
            dirt_kept=options.dirt == "keep",
            fonts=options.fonts,
            photos=options.photos,
            chars=options.chars,
        ),
    )
    for folder in job.folders:
        made = make_folder(options.out / folder)
        if not os.access(made, os.W_OK):
            raise ValueError(f"{made}: may not be written to; choose another --out")
        there = [job.path(folder, index) for index in range(options.pages)]
        there = [path.name for path in there if path.exists()]
        if there and not options.overwrite:
            raise ValueError(f"{made}: already holds {there[0]}; --overwrite replaces it")
    return job


def _render_all(job: _Job, pages: int, workers: int) -> list[str]:
    """Renders and writes all pages; what went wrong, page by page."""
    problems = []
    with _pool(workers) as pool:
        futures = [pool.submit(_write_page, job, index) for index in range(pages)]
        for index, future in enumerate(tqdm(futures, desc="pages", unit="page")):
            try:
                future.result()
            except (ValueError, OSError) as error:
                problems.append(f"page {index}: {reason(error)}")
            except (BrokenProcessPool, MemoryError):
                problems.append(
                    f"page {index}: not rendered, a process died; is memory short? "
                    "--workers 1 needs least"
                )
            except BaseException:
                # Leaving the pool would otherwise render all that is left first.
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return problems


def _pool(workers: int) -> Executor:
    if workers == 1:
        return ThreadPoolExecutor(1, initializer=page.use_one_core)
    # Not forked: a child forked while another thread holds a lock of OpenCV's would hang.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, initializer=page.use_one_core)


def _write_page(job: _Job, index: int) -> None:
    pair = page.render(job.seed, index, job.kind, job.size, job.options)
    mask = to_uint8(soft_mask(pair.image, pair.gt))
    for folder, image in zip(FOLDERS, (pair.image, pair.gt, mask, pair.ink), strict=True):
        write_image(job.path(folder, index), image)
    if pair.words is not None:
        height, width = pair.ink.shape
        write_bytes(job.path("chars", index), to_json(pair.words, width, height).encode())


if __name__ == "__main__":
    # Workers look functions up by their module, and `__main__` is another one there.
    from data.synth import __main__ as command

    sys.exit(command.main())
