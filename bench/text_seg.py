"""How well a text segmenter tells lettering from artwork: average precision on generated comics.

    python bench/text_seg.py [--weights FILE] [--pages N] [--size WxH] [--engine NAME]
    python bench/text_seg.py --losses [--steps N]

Pages come from a seed that training never uses, every second one in faces that the bundled weights
never saw. The first form prints the average precision over all their pixels, over those of screens'
copies, scans and photographs, and of unseen faces; beside it that of darkness as a score. The
second one trains configs/text_seg_lite.yaml anew for N steps of small crops, the same ones, with
each loss of the design's own table, focal gammas and weights of text: an hour and a half of a core.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from data.cores import start_paddle

start_paddle()

import numpy as np

from data.generated import VAL_SEED
from data.soft_mask import soft_mask
from data.synth.__main__ import size
from data.synth.fonts import Faces
from data.synth.page import SynthOptions, compose
from infer.segmenter import BUNDLED, Segmenter
from metric.segmentation import average_precision
from model import weights
from training.config import load_config
from training.masks import MaskTrainer

DILATE = 7
HELD_OUT = ("kiwi-maru", "luckiest-guy", "arphic-song")  # Japanese, Latin, Chinese
LOSSES = ((0, 2), (0.5, 2), (1, 2), (2, 2), (0, 1), (1, 1), (2, 1), (0, 5))  # gamma, text
# Muon and one cosine: within a few hundred steps the recipe's SGD has hardly begun.
BRIEFLY = ["train.optimizer=muon", "train.batch=4", "data.augment.crop=128",
           "train.stages=[{steps: 300, lr: 1.0e-3, final_lr: 2.0e-5, warmup: 10}]"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, default=BUNDLED, metavar="FILE")
    parser.add_argument("--pages", type=int, default=24, metavar="N")
    parser.add_argument("--size", type=size, default=(640, 900), metavar="WxH")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--losses", action="store_true", help="the table of losses instead")
    parser.add_argument("--steps", type=int, default=300, metavar="N")
    options = parser.parse_args()
    try:
        if options.losses:
            compare_losses(options.steps)
        else:
            measure(options)
    except (ValueError, OSError) as error:
        parser.error(str(error))


def measure(options: argparse.Namespace) -> None:
    segmenter = Segmenter(options.weights, engine=options.engine)
    print(f"{options.weights}, {segmenter.engine}, {options.pages} pages")
    found: dict[str, list] = {"all": []}
    faces = HELD_OUT, tuple(Faces.load().others(HELD_OUT))
    for number in range(options.pages):
        unseen = number % 2 == 1
        capture = compose(VAL_SEED, number, "comic", options.size,
                          SynthOptions(without_faces=faces[unseen]))
        pair = capture.page()
        label = soft_mask(pair.image, pair.gt, dilate=DILATE) > 0.5
        dark = 1 - pair.image.mean(axis=2) / 255
        result = segmenter(pair.image).ravel(), dark.ravel(), label.ravel()
        kinds = ["all", capture.name.split("-")[0]] + ["unseen"] * unseen
        for kind in kinds:
            found.setdefault(kind, []).append(result)
    print(f"{'pages':10} count      AP  darkness")
    for kind, results in found.items():
        masks, dark, labels = map(np.concatenate, zip(*results, strict=True))
        print(f"{kind:10} {len(results):5}  {average_precision(masks, labels):.4f}"
              f"    {average_precision(dark, labels):.4f}")


def compare_losses(steps: int) -> None:
    print(f"{'gamma':>5}  background:text      AP after {steps} steps")
    for gamma, text in LOSSES:
        config = load_config(ROOT / "configs" / "text_seg_lite.yaml", [
            *BRIEFLY, f"loss.gamma={gamma}", f"loss.text={text}"], steps)
        with tempfile.TemporaryDirectory() as folder:
            best = weights.read(MaskTrainer(config, Path(folder) / "run").fit())
        print(f"{gamma:5}  1:{text:<14} {best['metric']['ap']:12.4f}", flush=True)


if __name__ == "__main__":
    main()
