"""Time and peak memory against the size of a page, and against the number of pages.

    python bench/scale.py [--weights FILE...] [--quality fast] [--megapixels 1 2 5 ...]
                          [--pages 1 2 5 ...] [--plot FILE.png]

Each figure is a process of its own: an Eraser on a page made of repeated parts, whose memory counts
without the page's own two arrays, and test.py on a folder. Seconds are the processors': other
programs do not count. A line is laid through them: time grows linearly where no point is far from
it. --plot needs matplotlib (bench/requirements.txt).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
from tqdm import tqdm

from data.cores import start_paddle, usable_cores
from data.image_io import read_image, write_image
from data.synth.page import SynthOptions, render

SIDES = 1.4  # a page's height by its width
SMALL = (640, 800)  # width and height of the pages of a folder


class Figure(NamedTuple):
    """What one run took."""

    count: float  # megapixels or pages
    seconds: float
    memory: float  # GB at the peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, nargs="+", help="checkpoints (the bundled ones)")
    parser.add_argument("--quality", default="fast")
    parser.add_argument("--megapixels", type=float, nargs="*",
                        default=[1, 2, 5, 10, 20, 50, 100, 200])
    parser.add_argument("--pages", type=int, nargs="*", default=[1, 2, 5, 10, 20, 50, 100, 200])
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    parser.add_argument("--page", type=Path, help=argparse.SUPPRESS)  # of a process of its own
    options = parser.parse_args()
    if options.page:
        print(erase(options))
        return
    common = ["--quality", options.quality]
    if options.weights:
        common += ["--weights", *map(str, options.weights)]
    print(f"quality {options.quality}, {usable_cores()} cores")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sizes = [one_page(megapixels, place, common)
                 for megapixels in tqdm(options.megapixels, unit="page")]
        show("megapixels", "GB beyond the page", sizes)
        counts = [one_folder(pages, place, common) for pages in tqdm(options.pages, unit="folder")]
        show("pages", "GB", counts)
    if options.plot:
        plot(options.plot, sizes, counts)


def one_page(megapixels: float, place: Path, common: list[str]) -> Figure:
    part = place / "part.png"
    if not part.exists():
        write_image(part, draw(0, (1654, 2339)))
    printed, _, memory = run([__file__, "--megapixels", str(megapixels), "--page", str(part),
                              *common])
    seconds, own = map(float, printed.split())
    return Figure(megapixels, seconds, memory - own)


def erase(options: argparse.Namespace) -> str:
    """Erase a page: the seconds, and the GB of the page's two arrays."""
    start_paddle()
    from infer import Eraser

    [megapixels] = options.megapixels
    part = read_image(options.page)
    width = round((megapixels * 1e6 / SIDES) ** 0.5)
    page = np.empty((round(megapixels * 1e6 / width), width, 3), np.uint8)
    for top in range(0, page.shape[0], part.shape[0]):
        for left in range(0, width, part.shape[1]):
            there = page[top:top + part.shape[0], left:left + part.shape[1]]
            there[:] = part[:there.shape[0], :there.shape[1]]
    eraser = Eraser(options.weights, quality=options.quality)
    begin = time.process_time()
    eraser(page)
    return f"{time.process_time() - begin} {2 * page.nbytes / 1e9}"


def one_folder(pages: int, place: Path, common: list[str]) -> Figure:
    folder = place / "pages"
    folder.mkdir(exist_ok=True)
    first = draw(1, SMALL) if pages else None
    for i in range(len(list(folder.iterdir())), pages):
        write_image(folder / f"{i:03d}.png", np.roll(first, 16 * i, axis=0))
    output = place / f"results {pages}"
    _, seconds, memory = run([str(ROOT / "test.py"), str(folder), "--output", str(output), *common])
    return Figure(pages, seconds, memory)


def draw(index: int, size: tuple[int, int]) -> np.ndarray:
    return render(0, index, "exam", size, SynthOptions(capture="scan-colour")).image


def run(command: list[str]) -> tuple[str, float, float]:
    """What a Python process printed, its processor seconds and its peak memory in GB."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE,
                                   stderr=complaints, text=True)
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)  # of this process alone
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            sys.exit(complaints.read())
    return printed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e9


def line(figures: list[Figure]) -> tuple[float, float]:
    """Slope and value at 0 of the line with the least relative errors of time."""
    count, seconds, _ = np.array(figures).T
    terms = np.stack([count, np.ones_like(count)], axis=1) / seconds[:, None]
    slope, start = np.linalg.lstsq(terms, np.ones_like(count), rcond=None)[0]
    return slope, start


def show(what: str, memory: str, figures: list[Figure]) -> None:
    print(f"\n{what:>12}{'seconds':>10}{'line':>10}{memory:>20}")
    slope, start = line(figures) if len(figures) > 1 else (np.nan, np.nan)
    for count, seconds, peak in figures:
        print(f"{count:>12g}{seconds:>10.2f}{start + slope * count:>10.2f}{peak:>20.2f}",
              flush=True)
    if len(figures) > 1:
        print(f"{slope:.3f} processor seconds for each of {what}, {start:.2f} to start")


def plot(path: Path, sizes: list[Figure], counts: list[Figure]) -> None:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(8, 5), sharex="col", layout="constrained")
    for column, (figures, what) in enumerate(((sizes, "megapixels of a page"), (counts, "pages"))):
        if not figures:
            continue
        count, seconds, memory = np.array(figures).T
        slope, start = line(figures)
        axes[0, column].plot(count, seconds, "o")
        axes[0, column].plot(count, start + slope * count)
        axes[1, column].plot(count, memory, "o-")
        axes[1, column].set(xlabel=what, ylim=(0, 1.2 * memory.max()))
        axes[0, column].set(ylim=(0, None))
    axes[0, 0].set_ylabel("processor seconds")
    axes[1, 0].set_ylabel("GB beyond the page")
    axes[1, 1].set_ylabel("GB")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
