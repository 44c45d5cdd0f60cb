"""What every eraser learns in the same minutes on one core, and what it costs.

    python bench/erasers.py OUT [--minutes 10] [--width 16] [--features FILE] [--only NAME...]

Renders pages with handwriting and pictures with watermarks into OUT, once, trains every eraser of
ERASERS on crops of 128 pixels from both, by the project's own trainer with the losses of its
recipe, and prints tables of PSNR and MS-SSIM on pictures that none was trained on. All keep the
picture's own pixels where no ink was seen. What fills holes is measured twice: with the mask that
the bundled EraseNet finds, and with the true one. What a tile of 1024 pixels takes is given in
seconds of one core and in memory. OUT/NAME.jpg shows the picture, what became of it, and the ground
truth. What OUT already has is not trained again; --only trains those alone, so that several cores
can share the work. --features names VGG's weights (see model/vgg.py) for losses that compare its
features; without, they are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.cores import start_paddle

start_paddle(1)

import numpy as np

from data.files import write_bytes
from data.image_io import write_image
from data.pairs import find_pairs
from data.soft_mask import soft_mask
from data.synth.__main__ import main as render
from infer.engines import load
from infer.eraser import Eraser
from infer.quality import QUALITIES
from infer.two_step import FILLS
from metric import METRICS
from model import Inpainted
from training.config import load_config
from training.loop import Trainer

ERASERS = ("erasenet", "erasenet_gan", "nonlocal", "pert", "gmcnn", "inpaint_partial",
           "inpaint_gated", "inpaint_attention")  # recipes in configs/
SETS = {"pages": "exam", "scenes": "watermark"}  # kinds of generated pages
TRAINED_ON, MEASURED_ON, SIZE = 48, 4, "640x480"
COLUMNS = ("PSNR", "MS-SSIM")
SIDE = 1024  # of the tile whose time and memory is measured
PROBE = 8  # steps of a stage before it is known how long one takes; the first ones compile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=10, help="of training each (10)")
    parser.add_argument("--width", type=int, default=16, help="of every network (16)")
    parser.add_argument("--features", default="", metavar="FILE")
    parser.add_argument("--only", nargs="+", choices=ERASERS, metavar="NAME")
    parser.add_argument("--train", choices=ERASERS, help=argparse.SUPPRESS)
    parser.add_argument("--cost", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        return train(options.train, options)
    if options.cost:
        return print(json.dumps(cost(options.cost, options.out)))
    for number, (name, kind) in enumerate(SETS.items()):
        for part, count in (("train", TRAINED_ON), ("test", MEASURED_ON)):
            folder = options.out / f"{name}_{part}"
            if not folder.is_dir() and render([
                    "--out", str(folder), "--pages", str(count), "--kind", kind, "--size", SIZE,
                    "--workers", "1", "--seed", str(10 * number + (part == "test"))]):
                sys.exit("erasers.py: pages cannot be rendered")
    lines = ["\t".join(f"{name}_train/{part}/{path.name}" for part in ("images", "gts", "mask"))
             for name in SETS
             for path in sorted((options.out / f"{name}_train" / "images").iterdir())]
    write_bytes(options.out / "train.txt", "\n".join(lines).encode())
    for name in options.only or ERASERS:
        if not (options.out / name / "trained.json").exists():
            again(options, "--train", name)
    if not options.only:
        report(options)


def again(options: argparse.Namespace, *arguments: str) -> str:
    """This script in a process of its own, for its memory; what it prints."""
    return subprocess.run(
        [sys.executable, __file__, str(options.out), "--minutes", str(options.minutes), "--width",
         str(options.width), "--features", options.features, *arguments],
        stdout=subprocess.PIPE, text=True, check=True).stdout


class Timed(Trainer):
    """Keeps how long its steps took; times are this process's own."""

    def _take_step(self, *arguments):
        begin = time.process_time()
        values = super()._take_step(*arguments)
        self.times.setdefault(self.stage, []).append(time.process_time() - begin)
        return values


def train(name: str, options: argparse.Namespace) -> None:
    """Train one eraser for the minutes; its recipe's stages share them as they share its steps."""
    crop = 256 if name == "erasenet_gan" else 128  # its discriminator needs that
    changes = [f"data.root={options.out / 'train.txt'}", "data.workers=0", "data.val_fraction=0",
               f"data.augment.crop={crop}", "data.val_pages=1", "data.cache_mb=600",
               f"model.width={options.width}", "model.refine_channels=48",
               f"adversary.width={options.width}", f"train.batch={4 * 128**2 // crop**2}",
               "train.ema=0.95", "train.val_every=1000000", "train.save_every=1000000",
               f"loss.features={json.dumps(options.features)}"]

    def trainer(folder: Path) -> Timed:
        config = load_config(ROOT / "configs" / f"{name}.yaml", changes)
        for stage in config.train.stages:
            stage.lr, stage.final_lr, stage.warmup = 1e-3, 2e-5, 20
        made = Timed(config, folder)
        made.times = {}
        return made

    probe = trainer(options.out / name / "probe")
    shares = np.array([stage.steps for stage in probe.config.train.stages], float)
    for stage in probe.config.train.stages:
        stage.steps = PROBE
    probe.fit()
    seconds = np.array([np.median(times[PROBE // 2:]) for times in probe.times.values()])
    run = trainer(options.out / name)
    for stage, share, each in zip(run.config.train.stages, shares / shares.sum(), seconds,
                                  strict=True):
        stage.steps = max(1, round(60 * options.minutes * share / each))
    run.fit()
    spent = sum(map(sum, run.times.values()))
    write_bytes(options.out / name / "trained.json", json.dumps({
        "steps": sum(map(len, run.times.values())), "minutes": spent / 60,
        "crop": crop, "compiled": run.compiles,
        "parameters": sum(p.size for p in run.net.parameters())}).encode())


def report(options: argparse.Namespace) -> None:
    """Measure all that is trained, and what needs no training, and print the tables."""
    nets = {}
    for name in ERASERS:
        path = options.out / name / "best.pdparams"
        fills = load_config(ROOT / "configs" / f"{name}.yaml").data.holes is not None
        nets[name] = path if fills else None
    how = {"quality": "published", "tta": "none", "composite": True, "threads": 1,
           "precision": "f32"}
    ways = {"untouched": (None, False)}
    for name, path in nets.items():
        if path is None:
            ways[name] = (Eraser([options.out / name / "best.pdparams"], **how), False)
    for name, fill in {**{fill: fill for fill in FILLS}, **nets}.items():
        if fill is not None:
            eraser = Eraser(QUALITIES["fast"].weights, fill=fill, **how)
            ways[f"found, {name}"] = (eraser, False)
            ways[f"told, {name}"] = (eraser, True)
    figures, strips = {way: [] for way in ways}, {}
    for kind in SETS:
        for number, pair in enumerate(find_pairs(options.out / f"{kind}_test")[0]):
            image, gt = pair.read()
            truth = soft_mask(image, gt) > 0
            for way, (eraser, told) in ways.items():
                erased = image if eraser is None else eraser.run(
                    image, holes=truth if told else None).image
                figures[way].append((kind, METRICS["psnr"](erased, gt),
                                     METRICS["ms_ssim"](erased, gt)))
                if number < 2:
                    strips.setdefault(way, []).append(np.hstack([image, erased, gt]))
    for way, rows in strips.items():
        write_image(options.out / f"{way.replace(', ', '_')}.jpg", np.vstack(rows))
    print(f"| eraser | {' | '.join(f'{kind}, {column}' for kind in SETS for column in COLUMNS)} |")
    print("| --- " * (1 + len(SETS) * len(COLUMNS)) + "|")
    for way, rows in figures.items():
        means = [np.mean([min(row[1 + i], 100.0) for row in rows if row[0] == kind])
                 for kind in SETS for i in range(len(COLUMNS))]
        print(f"| {way} | " + " | ".join(
            f"{mean:.4f}" if i % 2 else f"{mean:.2f}" for i, mean in enumerate(means)) + " |")
    print("\n| eraser | parameters | crop | steps | compiled | s a megapixel | MB a megapixel |")
    print("| --- " * 7 + "|")
    for name in (*ERASERS, *FILLS):
        path = options.out / name / "trained.json"
        made = json.loads(path.read_text()) if path.exists() else None
        cells = ["", "", "", ""] if made is None else [
            f"{made['parameters'] / 1e6:.1f} M", str(made["crop"]), str(made["steps"]),
            "yes" if made["compiled"] else "no"]
        seconds, megabytes = json.loads(again(options, "--cost", name).splitlines()[-1])
        print(f"| {name} | {' | '.join(cells)} | {seconds:.2f} | {megabytes:.0f} |")


def cost(name: str, out: Path) -> tuple[float, float]:
    """Seconds of one core and megabytes that a tile of SIDE pixels takes on Eraser's engine."""
    rng = np.random.default_rng(0)
    hole = np.zeros((1, 1, SIDE, SIDE), np.float32)
    hole[..., ::16, :] = 1
    batch = np.concatenate([rng.random((1, 3, SIDE, SIDE), np.float32), hole], axis=1)
    if name in FILLS:
        run = FILLS[name]
    else:
        config = load_config(ROOT / "configs" / f"{name}.yaml")
        path, kind = out / name / "best.pdparams", {}
        if config.data.holes is not None:
            kind = {"outputs": (Inpainted,)}
        else:
            batch = batch[:, :3]
        (run,), _ = load([path], precision="f32", threads=1, **kind)
        run(np.ascontiguousarray(batch[..., :64, :64]))
    batch, megapixels = np.ascontiguousarray(batch), SIDE**2 / 1e6
    Path("/proc/self/clear_refs").write_text("5")  # forget the largest memory so far
    before, begin = peak(), time.process_time()
    run(batch)
    return (time.process_time() - begin) / megapixels, (peak() - before) / megapixels


def peak() -> float:
    """This process's largest memory in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"erasers.py: {error}")
