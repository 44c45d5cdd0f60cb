"""Train one network on pairs, or CRAFT on pages with text, through all the stages of a recipe.

    python train.py --config configs/erasenet.yaml --data DATA [--out DIR] [--resume] [--steps N]
                    [--init FILE] [--strict] [--set key.sub=value ...]

Several GPUs: python -m paddle.distributed.launch train.py ...; processes on a CPU:
python -m paddle.distributed.launch --nproc_per_node 2 --backend gloo train.py ...
Exit status: 0 done, 1 stopped by a loss that was not finite, 2 wrong arguments or data or no memory
left, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path

from data.cores import start_paddle
from data.errors import exit_with

start_paddle()
warnings.filterwarnings("ignore", module=r"paddle\.")  # what it says of every batch norm

import paddle

from training.config import load_config
from training.loop import Trainer
from training.masks import MaskTrainer
from training.text import TextTrainer

TRAINERS = {"craft": TextTrainer, "text_seg": MaskTrainer}


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        first = [f"train.init={json.dumps(options.init)}"] if options.init else []
        config = load_config(options.config, [*options.set, *first], options.steps)
        if options.data == "synth":
            config.data.layout = "synth"
        elif options.data:
            config.data.root = options.data
            if config.data.layout == "synth":  # the recipe's, for want of a folder
                config.data.layout = "auto"
        if int(os.environ.get("PADDLE_TRAINERS_NUM", "1")) > 1:
            paddle.distributed.init_parallel_env()
        out = options.out or Path("runs") / options.config.stem
        trainer = TRAINERS.get(config.model.arch, Trainer)
        best = trainer(config, out, options.resume, options.strict).fit()
    except FloatingPointError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    except MemoryError as error:  # Paddle's, too, of a GPU
        print(f"train.py: no memory left; set train.batch or data.augment.crop lower\n{error}",
              file=sys.stderr)
        return 2
    print(best)
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", type=Path, required=True, help="recipe, a YAML of configs/")
    parser.add_argument("--data", help="pairs, for CRAFT pages with text (data.root); or the word "
                                       "synth")
    parser.add_argument("--out", type=Path, help="folder of the run (runs/CONFIG)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--steps", type=int, metavar="N",
                        help="shorten all stages in proportion to N steps in all")
    parser.add_argument("--init", metavar="FILE",
                        help="checkpoint to start from, or text_seg's MobileNetV2 (train.init)")
    parser.add_argument("--strict", action="store_true",
                        help="stop rather than leave out loss terms that lack a file")
    parser.add_argument("--set", action="append", default=[], metavar="key.sub=value",
                        help="override a key of the config; may be repeated")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    exit_with(main, "train.py: stopped; --resume goes on from the last checkpoint, if there is one")
