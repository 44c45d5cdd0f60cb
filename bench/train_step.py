"""How fast training steps are on a CPU, eager and compiled, and whether they learn the same.

    python bench/train_step.py [--arch erasenet|nonlocal] [--width 16] [--crop 256] [--batch 1]
                               [--steps 100] [--seed 0]

Each mode runs in a process of its own from the same weights on the same crops, which are drawn
here, with the loss, the rates and the clipping of configs/ARCH_lite.yaml. Two runs of the same
numbers in another order drift apart slowly: a difference that grows from about 1e-6 is rounding, a
first step that differs is a bug.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from data.cores import start_paddle, usable_cores

MODES = ("eager", "compiled")
WARM_UP = 3  # steps that are not timed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--arch", choices=("erasenet", "nonlocal"), default="erasenet")
    parser.add_argument("--width", type=int, default=16, help="a multiple of 16 (16)")
    parser.add_argument("--crop", type=int, default=256, help="side of a crop in pixels (256)")
    parser.add_argument("--batch", type=int, default=1, help="crops a step (1)")
    parser.add_argument("--steps", type=int, default=100, help="of each mode (100)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mode", choices=MODES, help=argparse.SUPPRESS)  # in a process of its own
    options = parser.parse_args()
    if options.steps <= WARM_UP:
        parser.error(f"--steps must be more than {WARM_UP}: the first ones are not timed")
    if options.mode:
        print(json.dumps(train(options)))
        return 0

    print(f"{options.arch}, width {options.width}, crops of {options.crop} x {options.crop}, "
          f"{options.batch} a step, {options.steps} steps, {usable_cores()} cores\n")
    print(f"{'mode':10}{'first step':>12}{'a step':>11}{'crops a second':>17}")
    runs = {}
    for mode in MODES:
        command = [sys.executable, __file__, *sys.argv[1:], "--mode", mode]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            print(f"{mode}: ended with status {done.returncode}", file=sys.stderr)
            return 1
        runs[mode] = run = json.loads(done.stdout.splitlines()[-1])
        step = median(run["seconds"][WARM_UP:])
        print(f"{mode:10}{run['seconds'][0]:10.2f} s{step:9.3f} s{options.batch / step:17.2f}",
              flush=True)
    compare(*(runs[mode] for mode in MODES))
    return 0


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def compare(eager: dict, compiled: dict) -> None:
    ratio = median(eager["seconds"][WARM_UP:]) / median(compiled["seconds"][WARM_UP:])
    print(f"\ncompiled steps are {ratio:.2f} times as fast (Paddle {eager['paddle']})")
    pairs = list(zip(eager["losses"], compiled["losses"], strict=True))
    differences = [abs(one - other) / abs(one) for one, other in pairs]
    print(f"\n{'step':>6}{'eager':>10}{'compiled':>10}{'difference':>12}")
    last = len(pairs) - 1
    for i in sorted({0, 1, 2, last, *range(9, last, max(1, len(pairs) // 10))}):
        print(f"{i + 1:6}{pairs[i][0]:10.5f}{pairs[i][1]:10.5f}{differences[i]:12.1e}")
    worst = max(range(len(pairs)), key=differences.__getitem__)
    print(f"\nlargest relative difference of the two losses: {differences[worst]:.1e}, "
          f"at step {worst + 1}")


def train(options: argparse.Namespace) -> dict:
    """Losses and seconds of each step of one mode."""
    start_paddle()
    warnings.filterwarnings("ignore", module=r"paddle\.")
    import paddle

    from loss import EraseLoss
    from model import build
    from model.compiled import available, compiled
    from training.config import load_config
    from training.loop import learning_rate

    recipe = ROOT / "configs" / f"{options.arch}_lite.yaml"
    config = load_config(recipe, [f"model.width={options.width}"], options.steps)
    stage = config.train.stages[0]
    stage.steps = options.steps
    paddle.device.set_device("cpu")
    paddle.seed(options.seed)
    net = build(config.model)
    if options.mode == "compiled" and not available():
        sys.exit(f"Paddle {paddle.__version__} does not compile the networks; 3.x does")
    forward = compiled(net) if options.mode == "compiled" else net
    criterion = EraseLoss(config.loss)
    clip = paddle.nn.ClipGradByGlobalNorm(config.train.clip)
    optimizer = paddle.optimizer.Adam(parameters=net.parameters(), grad_clip=clip)
    losses, seconds = [], []
    for step in range(options.steps):
        crops = [draw([options.seed, step, i], options.crop) for i in range(options.batch)]
        image, gt, mask = (paddle.to_tensor(stacked) for stacked in stack(crops))
        begin = time.perf_counter()
        optimizer.set_lr(learning_rate(stage, step))
        loss = criterion.total(criterion(forward(image), gt, mask))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(float(loss))
        seconds.append(time.perf_counter() - begin)
    return {"losses": losses, "seconds": seconds, "paddle": paddle.__version__}


def draw(seed: list[int], size: int):
    """A crop of a printed page with pen strokes, and without them: uint8 S,S,3."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(seed)
    gt = np.full((size, size, 3), rng.integers(225, 256, 3), np.uint8)
    for y in range(int(rng.integers(10, 30)), size, int(rng.integers(18, 32))):
        words = "".join(rng.choice(list("acdeghilmnorstuw    "), size // 8))
        cv2.putText(gt, words, (int(rng.integers(0, 12)), y), cv2.FONT_HERSHEY_SIMPLEX,
                    float(rng.uniform(0.35, 0.6)), (40, 40, 40), 1, cv2.LINE_AA)
    image = gt.copy()
    for _ in range(rng.integers(2, 8)):
        points = rng.integers(0, size, 2) + rng.normal(0, size / 12, (8, 2)).cumsum(0)
        colour = [(30, 40, 170), (190, 30, 40), (50, 50, 60)][rng.integers(3)]
        cv2.polylines(image, [points.astype(np.int32)], False, colour,
                      int(rng.integers(1, 4)), cv2.LINE_AA)
    return image, gt


def stack(crops: list):
    """float32 N,3,S,S images and gts and N,1,S,S masks, in [0, 1]."""
    import numpy as np

    from data.soft_mask import soft_mask

    masks = np.stack([soft_mask(image, gt)[None] for image, gt in crops])
    images, gts = (np.stack(part).transpose(0, 3, 1, 2).astype(np.float32) / 255
                   for part in zip(*crops, strict=True))
    return np.ascontiguousarray(images), np.ascontiguousarray(gts), masks


if __name__ == "__main__":
    sys.exit(main())
