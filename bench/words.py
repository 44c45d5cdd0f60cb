"""How many words of generated pages CRAFT finds.

    python bench/words.py [--weights FILE...] [--pages N] [--engine NAME]

Pages come from a seed that training never learns from, though its first eight choose the best of
configs/craft.yaml. A word is found where an outline shares half of their union with it, one to one
(metric/detection.py); signs alone are no words. A character is covered where its middle lies in
something found. The first line is what find_words makes of the true label maps: more than that no
weights can find. By default the bundled weights are measured,
and the official ones where their package is installed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from data.cores import start_paddle

start_paddle()

import cv2
import numpy as np
from tqdm import tqdm

from data.char_labels import STEP, label_maps
from data.characters import Characters
from data.generated import SynthConfig, validation_pages
from infer.detector import ENLARGED, LITE, Detector, default_weights
from infer.scale import best_scale
from infer.words import Thresholds, find_words
from metric.detection import Counts, count_words, summed
from metric.table import align
from training.text import outlines

HEAD = ("recall", "precision", "printed", "written", "print covered", "writing covered", "false")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, nargs="+",
                        default=list(dict.fromkeys([LITE, default_weights()])), metavar="FILE")
    parser.add_argument("--pages", type=int, default=24, metavar="N")
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args()
    detectors = {path.stem: Detector(path, engine=options.engine) for path in options.weights}
    figures: dict[str, list] = {"labels": [], **{name: [] for name in detectors}}
    for page in tqdm(validation_pages(SynthConfig(), options.pages), unit="page"):
        image, words = page.read_words()
        figures["labels"].append(measure(from_labels(image, words), words))
        for name, detector in detectors.items():
            figures[name].append(measure([word.quad for word in detector(image)], words))
    lines = [["", *HEAD]]
    for name, pages in figures.items():
        counts, covered = zip(*pages, strict=True)
        whole, printed, written = (summed(count) for count in zip(*counts, strict=True))
        shares = np.sum(covered, axis=0)
        lines.append([name, *(f"{share:.1%}" for share in (
            whole.recall, whole.precision, printed.recall, written.recall,
            *shares[:, 0] / shares[:, 1]))])
    print("\n".join(align(lines)))


def from_labels(image: np.ndarray, words: list[Characters]) -> list[np.ndarray]:
    """The words that perfect scores would show, at the scale at which a page is searched."""
    scale = best_scale(image, ENLARGED)
    shape = tuple(round(scale * length) for length in image.shape[:2])
    scores = label_maps([word._replace(quads=scale * word.quads) for word in words], shape)
    scores = np.ascontiguousarray(scores.transpose(1, 2, 0))
    return [word.quad for word in find_words(scores, STEP / scale, Thresholds())]


def measure(found: list[np.ndarray], words: list[Characters]) -> tuple[list[Counts], np.ndarray]:
    """Counts of all, printed and written words; how many of how many printed and written characters
    are covered, and how many of all found have no character in them, 3,2.
    """
    known, ignored = outlines(words)
    counts, covered = [count_words(found, known, ignored)], []
    middles = {hand: np.concatenate([word.quads.mean(axis=1) for word in words
                                     if word.text and word.hand == hand] or [np.zeros((0, 2))])
               for hand in (False, True)}
    for hand, points in middles.items():
        kind = outlines([word for word in words if word.hand == hand])[0]
        counts.append(count_words(found, kind))
        covered.append((sum(any(inside(quad, point) for quad in found) for point in points),
                        len(points)))
    everything = np.concatenate([*middles.values(), *(box[None].mean(axis=1) for box in ignored)])
    empty = sum(not any(inside(quad, point) for point in everything) for quad in found)
    return counts, np.array([*covered, (empty, len(found))])


def inside(quad: np.ndarray, point: np.ndarray) -> bool:
    return cv2.pointPolygonTest(np.float32(quad), point.tolist(), False) >= 0


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"words.py: {error}")
