"""What a detector still finds and a reader still reads on erased pages.

    python bench/leftover.py [--quality NAME...] [--pages N] [--folder DIR] [--weights FILE]

Erases every sixth of the pages that bench/pages.yaml lists (or the pairs of --folder) and prints
the means of metric/leftover.py, the untouched page and the ground truth as the two ends. Words to
erase and to keep are the generator's own, those of pairs what CRAFT finds. Reading needs RapidOCR:
pip install rapidocr onnxruntime.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from quality import PAGES, generated, pairs  # first, since it starts Paddle and finds the rest

from infer.detector import Detector
from infer.eraser import Eraser
from infer.quality import DEFAULT, QUALITIES
from metric import LEFTOVER_METRICS
from metric.columns import COLUMNS
from metric.leftover import Leftover, Reader, Words
from metric.table import align
from training.text import outlines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quality", choices=QUALITIES, nargs="+", default=[DEFAULT])
    parser.add_argument("--pages", type=int,
                        help="every so many pages only (6; all those of --folder)")
    parser.add_argument("--folder", type=Path, help="measure these pairs instead")
    parser.add_argument("--weights", type=Path, help="what finds the words (as infer.detect)")
    options = parser.parse_args()
    detector = Detector(options.weights)
    leftover = Leftover(lambda image: [word.quad for word in detector(image)], Reader())
    erasers = {name: Eraser(quality=name) for name in options.quality}
    ways = ["untouched", *erasers, "ground truth"]
    figures = defaultdict(list)  # way: a row of figures a page
    for image, gt, words in pages(options):
        results = [image, *(erase(image) for erase in erasers.values()), gt]
        for way, row in zip(ways, leftover.measure(results, gt, image, words), strict=True):
            figures[way].append([row[name] for name in LEFTOVER_METRICS])
    lines = [["", *(COLUMNS[name].heading for name in LEFTOVER_METRICS)]]
    for way, rows in figures.items():
        lines.append([way, *(f"{np.nanmean(column):.1%}" if not np.isnan(column).all() else "-"
                             for column in np.transpose(rows))])
    print("\n".join(align(lines)))
    print(f"means over {len(rows)} pages")


def pages(options: argparse.Namespace) -> Iterator[tuple[np.ndarray, np.ndarray, Words | None]]:
    """Yields image, gt and the words where they are known."""
    if options.folder:
        for pair in pairs(options.folder, options.pages or 0):
            yield *pair.read(), None
        return
    for _, _, pair in generated(PAGES, 6 if options.pages is None else options.pages, chars=True):
        (gone, signs), (stay, others) = (
            outlines([word for word in pair.words if word.hand == hand]) for hand in (True, False))
        yield pair.image, pair.gt, Words(gone, stay, [*signs, *others])


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f"leftover.py: {error}")
