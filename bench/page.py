"""How long a page takes: eager Paddle the published way, then every engine and quality.

    python bench/page.py [--size 1654x2339] [--weights FILE...] [--engine NAME[:PRECISION]...]
                         [--quality NAME...] [--tiles 6] [--limit 60] [--seed S]

One page, one machine, one run. Each row is a process of its own, with the full-size pair in random
weights and with the lite pair. A run stops after --tiles tiles if that took --limit seconds, eager
Paddle's always, and is multiplied by the number of tiles: the table marks it with ~. How far rows
agree with eager Paddle, and with the ground truth, is said by the lite pair on a part of the page.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.cores import start_paddle, usable_cores

BEGIN = time.perf_counter()
start_paddle()

import numpy as np
import paddle

from data.image_io import read_image, write_image
from data.synth.page import SynthOptions, render
from infer.engines import PaddleEngine, load
from infer.eraser import Cancelled, Eraser
from infer.quality import PUBLISHED, QUALITIES
from metric import METRICS
from model import ModelConfig, build, weights
from model.blocks import UpConv
from model.coarse import FirstStage
from model.nonlocal_eraser import NonLocalBlock

PART = (600, 900)  # height and width of what agreement is measured on: six published tiles
EAGER = "eager"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", default="1654x2339", help="the page's, WxH (A4 at 200 dpi)")
    parser.add_argument("--weights", type=Path, nargs="+", default=PUBLISHED.weights,
                        help="the lite pair (the bundled one)")
    parser.add_argument("--engine", nargs="+", metavar="NAME[:PRECISION]",
                        default=["openvino:bf16", "openvino:f32", "onnxruntime:f32", "paddle:f32"])
    pair = ["published", "best", "balanced", "fast"]
    parser.add_argument("--quality", nargs="+", choices=pair, default=pair)
    parser.add_argument("--tiles", type=int, default=6, help="timed at least (6)")
    parser.add_argument("--limit", type=float, default=60,
                        help="seconds from which on no more tiles are timed (60)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--row", type=json.loads, help=argparse.SUPPRESS)  # of a process of its own
    options = parser.parse_args()
    if options.row:
        print(json.dumps(globals()[options.row.pop("run")](**options.row)))
        return 0

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        size = tuple(map(int, options.size.split("x")))
        pair = render(options.seed, 0, "exam", size, SynthOptions(capture="scan-colour"))
        for name, picture in (("page", pair.image), ("gt", pair.gt)):
            write_image(place / f"{name}.png", picture)
        full = []
        for arch in ("erasenet", "nonlocal"):
            paddle.seed(options.seed)
            net = build(ModelConfig(arch))
            full.append(place / f"{arch}.pdparams")
            weights.save(full[-1], weights.state_of(net), net.config)
        show(options, place, [str(path) for path in full],
             [str(path.resolve()) for path in options.weights])
    return 0


def show(options: argparse.Namespace, place: Path, full: list[str], lite: list[str]) -> None:
    engines = [name.partition(":")[::2] for name in options.engine]
    rates = {precision: run("rate", precision=precision)
             for precision in sorted({"f32", *(precision for _, precision in engines)} - {""})}
    print(f"page of {options.size} pixels, {usable_cores()} cores, Paddle {paddle.__version__}; "
          "its matrix products: "
          + ", ".join(f"{rate:.0f} GFLOP/s in {name}" for name, rate in rates.items()))
    print(f"eager Paddle: {options.tiles} tiles, multiplied; ratios are to its full-size pair\n")
    common = {"folder": str(place), "least": options.tiles, "limit": options.limit}
    print(f"{'engine':<18}{'quality':<11}{'pair':<6}{'start s':>8}{'page s':>9}{'ratio':>8}"
          f"{'GFLOP/s':>9}{'share':>7}{'GB':>6}{'mean':>7}{'max':>5}{'to eager':>10}"
          f"{'to truth':>10}")
    eager = None
    for engine, precision, quality in [
        (EAGER, "f32", "published"),
        *((engine, precision, quality) for engine, precision in engines
          for quality in options.quality),
    ]:
        for pair, networks in (("full", full), ("lite", lite)):
            row = run("erase", engine=engine, precision=precision or "auto", quality=quality,
                      networks=networks, agree=pair == "lite", **common)
            if "error" in row:
                print(f"{engine + ' ' + precision:<18}{quality:<11}{row['error']}")
                break
            eager = eager or row["seconds"]
            seconds = f"{'~' if row['part'] else ''}{row['seconds']:.1f}"
            rate = row["gflop"] / row["seconds"]
            agreement = "".join(
                f"{row[name]:>{width}.{digits}f}" for name, width, digits in (
                    ("mean", 7, 2), ("max", 5, 0), ("to_eager", 10, 2), ("to_truth", 10, 2))
            ) if pair == "lite" else ""
            print(f"{engine + ' ' + row['precision']:<18}{quality:<11}{pair:<6}{row['start']:>8.1f}"
                  f"{seconds:>9}{eager / row['seconds']:>8.1f}{rate:>9.0f}"
                  f"{rate / rates.get(row['precision'], np.nan):>7.0%}{row['memory']:>6.2f}"
                  f"{agreement}", flush=True)


def run(name: str, **arguments):
    """A function of this file in a process of its own."""
    command = [sys.executable, __file__, "--row", json.dumps({"run": name, **arguments})]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{name} {arguments} ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def rate(precision: str, side: int = 2048, seconds: float = 3) -> float:
    """GFLOP/s of the fastest product of two square matrices."""
    a = np.random.default_rng(0).standard_normal((side, side), np.float32)
    products = [lambda: a @ a, partial(paddle.matmul, *[paddle.to_tensor(a)] * 2)] \
        if precision == "f32" else []
    with suppress(ImportError):
        import openvino
        from openvino import opset13

        x = opset13.parameter([side, side], np.float32)
        model = openvino.Model([opset13.matmul(x, opset13.constant(a), False, False)], [x])
        compiled = openvino.Core().compile_model(
            model, "CPU", {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"})
        products.append(lambda: compiled(a, share_inputs=True, share_outputs=True))
    best = np.inf
    for product in products:  # a library may be slow on one maker's processors
        product()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            begin = time.perf_counter()
            product()
            best = min(best, time.perf_counter() - begin)
    return 2 * side ** 3 / best / 1e9


def erase(
    engine: str, precision: str, quality: str, networks: list[str], agree: bool, folder: str,
    least: int, limit: float,
) -> dict:
    """Time a page. The first process to `agree`, eager Paddle's, leaves its result for the others.
    """
    place = Path(folder)
    page = read_image(place / "page.png")
    bundle = QUALITIES[quality]
    networks, refine = networks[:len(bundle.nets)], bundle.refine
    if engine == EAGER:
        limit, functions = 0, [PaddleEngine(weights.load(path)) for path in networks]
    else:
        try:
            functions, choice = load(networks, engine, precision, refine=refine)
        except ValueError as error:  # not installed, or not on this processor
            return {"error": str(error)}
        precision = choice.precision
    gflop = {"done": 0.0}

    def counted(function, path):
        net = weights.load(path)
        work = work_of(net if refine else FirstStage(net))

        def call(batch):
            gflop["done"] += len(batch) * work(*batch.shape[2:]) / 1e9
            return function(batch)
        return call

    # Random weights see no ink, which would save every further view: not what trained ones do.
    eraser = Eraser([counted(*both) for both in zip(functions, networks, strict=True)],
                    quality=quality, flip_ink=None if agree else False)
    middle = [length // 2 for length in page.shape[:2]]
    eraser.run(page, only=[(middle[1], middle[0], middle[1] + 1, middle[0] + 1)])  # compiles
    start, gflop["done"] = time.perf_counter() - BEGIN, 0.0
    begin, tiles = time.perf_counter(), (1, 1)

    def progress(done: int, total: int) -> bool:
        nonlocal tiles
        tiles = done, total
        return done == total or done < least or time.perf_counter() - begin < limit

    with suppress(Cancelled):
        eraser(page, progress)
    share = tiles[0] / tiles[1]
    row = {"start": start, "seconds": (time.perf_counter() - begin) / share, "part": share < 1,
           "gflop": gflop["done"] / share, "precision": precision,
           "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** 20}
    return row | (agreement(eraser, page, place) if agree else {})


def agreement(eraser: Eraser, page: np.ndarray, place: Path) -> dict:
    top, left = ((length - part) // 2 for length, part in zip(page.shape, PART, strict=False))
    part = np.s_[max(0, top):top + PART[0], max(0, left):left + PART[1]]
    erased, reference = eraser(page[part]), place / "eager.png"
    if not reference.exists():
        write_image(reference, erased)
    eager, gt = read_image(reference), read_image(place / "gt.png")[part]
    difference = np.abs(erased.astype(int) - eager)
    return {"mean": float(difference.mean()), "max": int(difference.max()),
            "to_eager": min(100.0, METRICS["psnr"](erased, eager)),
            "to_truth": METRICS["psnr"](erased, gt)}


def work_of(net: paddle.nn.Layer):
    """The floating-point operations of a network on one picture, as a function of H and W."""
    side, counts = 64, {1: 0, 2: 0}  # of 64 x 64 pixels: what grows with pixels and their square

    def count(layer, inputs, output):
        if isinstance(layer, NonLocalBlock):
            positions = np.prod(inputs[0].shape[2:])
            counts[2] += 2 * 2 * positions ** 2 * (layer.channels // 2)
        else:
            # A transposed convolution's weights are applied at every input pixel.
            there = inputs[0] if isinstance(layer, UpConv) else output
            counts[1] += 2 * np.prod(layer.weight.shape) * np.prod(there.shape[2:])

    hooks = [layer.register_forward_post_hook(count) for layer in net.sublayers()
             if isinstance(layer, (paddle.nn.Conv2D, UpConv, NonLocalBlock))]
    with paddle.no_grad():
        net(paddle.zeros([1, 3, side, side]))
    for hook in hooks:
        hook.remove()
    return lambda height, width: sum(
        float(counted) * (height * width / side ** 2) ** power
        for power, counted in counts.items())


if __name__ == "__main__":
    sys.exit(main())
