"""Write the soft mask of every pair of a data set.

    python compute_mask.py DATA [--threshold 20] [--dilate N] [--channel mean|max] [--preview]

DATA is a folder of pairs in a layout that data/pairs.py describes, or a list file. Masks land in
DATA/mask/STEM.png, or where the list says (255 = ink; inverted in SCUT's layout, whose masks have
text black). What is up to date is skipped. Exit status: 0 all done, 1 some pairs failed (named),
2 wrong arguments.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import deque
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from data.cores import usable_cores
from data.errors import exit_with
from data.files import make_folder
from data.image_io import encode_image, open_image, read_image, upright_size, write_image
from data.manifest import Manifest, make_key
from data.pairs import LAYOUTS, Pair, find_pairs, mask_settings
from data.soft_mask import CHANNELS, soft_mask, to_uint8

THUMB = 320  # pixels on a preview tile's longer side


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        pairs, problems = find_pairs(options.data, options.layout)
        folders = {pair.mask.parent for pair in pairs}
        manifests = {folder: Manifest(make_folder(folder)) for folder in folders}
    except (ValueError, OSError) as error:
        print(f"compute_mask.py: {error}", file=sys.stderr)
        return 2
    settings = mask_settings(options)
    current = kept = 0
    todo = []
    for pair in pairs:
        try:
            key = make_key([pair.image, pair.gt], settings)
            state = manifests[pair.mask.parent].state(pair.mask.name, key)
        except OSError as error:
            problems.append(f"{error.filename or pair.image}: {error.strerror}")
            continue
        if state == "current":
            current += 1
        elif state == "foreign" and not options.overwrite:
            kept += 1
            problems += misfits(pair)
        else:
            todo.append((pair, key))
    failures = write_masks(todo, manifests, settings, options.workers)
    done = len(todo) - len(failures)
    problems += failures
    if options.preview:
        try:
            print(f"preview: {preview(pairs, options.data)}")
        except (ValueError, OSError) as error:
            problems.append(str(error))
    for problem in problems:
        print(f"compute_mask.py: {problem}", file=sys.stderr)
    others = f", {kept} by another program kept (--overwrite replaces them)" if kept else ""
    print(f"{done} masks written, {current} up to date{others}, {len(problems)} problems")
    return 1 if problems else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder of pairs, or a list file")
    parser.add_argument("--layout", default="auto", choices=("auto", *LAYOUTS))
    parser.add_argument("--threshold", type=float, default=20.0,
                        help="grey levels of difference that count as wholly ink (20)")
    parser.add_argument("--dilate", type=int, default=0, metavar="N",
                        help="widen masks by the maximum over N×N pixels (off)")
    parser.add_argument("--channel", choices=CHANNELS, default="mean",
                        help="mean of the colour channels, or the largest, which sees coloured ink")
    parser.add_argument("--preview", action="store_true",
                        help="write a contact sheet of masks over their pages")
    parser.add_argument("--overwrite", action="store_true",
                        help="replace masks that another program made")
    parser.add_argument("--workers", type=int, default=usable_cores(),
                        help="processes (one a core)")
    options = parser.parse_args(arguments)
    if not 0 < options.threshold < float("inf"):
        parser.error("--threshold must be above 0")
    if options.dilate < 0:
        parser.error("--dilate must be 0 or more")
    if options.workers < 1:
        parser.error("--workers must be 1 or more")
    return options


def write_masks(
    todo: list[tuple[Pair, str]], manifests: dict[Path, Manifest], settings: dict, workers: int
) -> list[str]:
    """Write the masks of pairs, each with its manifest key; a sentence for each that failed."""
    problems = []
    with open_pool(min(workers, len(todo))) as pool, tqdm(
        total=len(todo), desc="masks", unit="page", disable=not todo
    ) as bar:
        jobs = deque((pair, key, pool.submit(encode_mask, pair, settings)) for pair, key in todo)
        while jobs:
            pair, key, job = jobs.popleft()  # let go of each mask once it is written
            try:
                manifests[pair.mask.parent].write(pair.mask.name, key, job.result())
            except ValueError as error:
                problems.append(str(error))
            except OSError as error:
                problems.append(f"{error.filename}: {error.strerror}")
            except (BrokenProcessPool, MemoryError):
                problems.append(f"{pair.mask}: not written, a process died; is memory short? "
                                "--workers 1 needs least")
            bar.update()
    return problems


def misfits(pair: Pair) -> list[str]:
    """What is wrong with another program's mask, in a sentence if anything."""
    try:
        with open_image(pair.image) as image:
            width, height = upright_size(image)
        pair.read_mask((height, width))
    except ValueError as error:
        return [str(error)]
    return []


def open_pool(workers: int) -> Executor:
    if workers <= 1:
        return ThreadPoolExecutor(1)
    # Not forked: OpenCV's threads do not survive that, should this process have used any.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))


def encode_mask(pair: Pair, settings: dict) -> bytes:
    """One pair's mask as its file's bytes. Raises ValueError naming the file that is at fault."""
    cv2.setNumThreads(1)  # the pool already fills the cores
    mask = soft_mask(*pair.read(), **settings)
    try:
        return encode_image(pair.stored(to_uint8(mask)), pair.mask.suffix)
    except ValueError as error:
        raise ValueError(f"{pair.mask}: {error}") from None


def preview(pairs: list[Pair], data: Path, columns: int = 6, limit: int = 48) -> Path:
    """A contact sheet of up to `limit` pages, their masks laid over in red."""
    tiles = []
    for pair in pairs[:limit]:
        try:
            image = read_image(pair.image)
            mask = pair.read_mask(image.shape[:2])
        except ValueError:
            continue  # already named above
        if mask is None:
            continue
        scale = THUMB / max(image.shape[:2])
        size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)[..., None] / 255
        image = image * (1 - 0.8 * alpha) + np.array([255, 0, 0]) * 0.8 * alpha
        tile = np.full((THUMB, THUMB, 3), 128, np.uint8)
        tile[: size[1], : size[0]] = image.round()
        tiles.append(tile)
    if not tiles:
        raise ValueError("no mask to preview")
    tiles += [np.full_like(tiles[0], 128)] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i:i + columns]) for i in range(0, len(tiles), columns)]
    folder = data if data.is_dir() else data.parent
    path = folder / "mask_preview.jpg"
    write_image(path, np.vstack(rows))
    return path


if __name__ == "__main__":
    exit_with(main, "compute_mask.py: stopped; a second run goes on from here")
