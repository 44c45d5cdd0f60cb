"""Whether CRAFT gives the scores that EasyOCR's implementation in PyTorch gives.

    python bench/craft.py WEIGHTS IMAGE... [--python PYTHON] [--fixture FILE.npz]

WEIGHTS is the official craft_mlt_25k.pth, PYTHON an interpreter with easyocr. Prints the largest
difference of each image's region and affinity scores; exit status 1 where one is above 1e-3.
--fixture also writes what tests/model/test_craft.py compares with: for a page, those scores of the
official weights, and random weights of width 4 with theirs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

LIMIT = 1e-3
WIDTH = 4  # of the fixture's random network; 64 as published
# Run by PYTHON: reads batches from an .npz, writes what easyocr's network makes of them.
THEIRS = """
import sys
import numpy as np, torch
from easyocr.craft import CRAFT
from easyocr.detection import copyStateDict
from easyocr.imgproc import normalizeMeanVariance

def scores(net, page):
    x = torch.from_numpy(normalizeMeanVariance(page).transpose(2, 0, 1)[None])
    with torch.no_grad():
        return net.eval()(x)[0][0].numpy().transpose(2, 0, 1)

def shrink(layer, factor):
    for name, child in layer.named_children():
        if isinstance(child, torch.nn.Conv2d):
            inputs, outputs = (n if n < 8 else n // factor
                               for n in (child.in_channels, child.out_channels))
            setattr(layer, name, torch.nn.Conv2d(inputs, outputs, child.kernel_size, 1,
                                                 child.padding, child.dilation))
        elif isinstance(child, torch.nn.BatchNorm2d):
            setattr(layer, name, torch.nn.BatchNorm2d(child.num_features // factor))
        shrink(child, factor)
    return layer

def draw(net):
    drawn = {}
    for name, tensor in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        value = torch.rand(tensor.shape) * 2 - 1
        if tensor.ndim == 4:
            value *= (6 / tensor[0].numel()) ** 0.5
        elif name.replace("weight", "running_var") in norms:
            value = 1 + value / 2
        else:
            value *= 0.2
        drawn[name] = value.half()
    return drawn

weights, pages, out, width = sys.argv[1:]
net = CRAFT()
net.load_state_dict(copyStateDict(torch.load(weights, "cpu", weights_only=True)))
pages = np.load(pages)
made = {name: scores(net, pages[name]) for name in pages.files}
tiny = shrink(CRAFT(), 64 // int(width))
norms = [n for n in tiny.state_dict() if n.endswith("running_var")]
made["tiny"] = np.zeros((2, 1, 1))
torch.manual_seed(0)
while made["tiny"].std(axis=(1, 2)).min() < 0.2:  # most so narrow ones are dead behind a ReLU
    state = draw(tiny)
    tiny.load_state_dict({name: value.float() for name, value in state.items()}, strict=False)
    made["tiny"] = scores(tiny, pages[pages.files[0]])
made |= {"state/" + name: value.numpy() for name, value in state.items()}
np.savez(out, **made)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights", type=Path, help="the official craft_mlt_25k.pth")
    parser.add_argument("images", type=Path, nargs="+")
    parser.add_argument("--python", default=sys.executable, help="one that has easyocr (this one)")
    parser.add_argument("--fixture", type=Path, help="write the tests' .npz, of the first image")
    options = parser.parse_args()

    from data.cores import start_paddle

    start_paddle()
    import numpy as np

    from data.image_io import read_image
    from infer.engines import PaddleEngine
    from model.weights import import_published

    pages = {}
    for path in options.images:
        image = read_image(path)
        height, width = (length // 32 * 32 for length in image.shape[:2])
        pages[path.name] = image[:height, :width]
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "pages.npz", Path(folder) / "scores.npz"
        np.savez(given, **pages)
        subprocess.run([options.python, "-W", "ignore", "-c", THEIRS, options.weights, given, made,
                        str(WIDTH)], check=True)
        theirs = dict(np.load(made))
    net = PaddleEngine(import_published(options.weights))
    worst = 0.0
    print(f"{'image':40}{'size':>12}{'highest':>9}{'region':>10}{'affinity':>10}")
    for name, page in pages.items():
        ours = net(page.transpose(2, 0, 1)[None].astype(np.float32) / 255)[0][0]
        region, affinity = np.abs(ours - theirs[name]).max(axis=(1, 2))
        worst = max(worst, region, affinity)
        print(f"{name:40}{page.shape[1]:>6} x {page.shape[0]:<4}{ours.max():9.3f}{region:10.1e}"
              f"{affinity:10.1e}")
    if options.fixture:
        [first, *_] = pages
        state = {name: array for name, array in theirs.items() if name.startswith("state/")}
        np.savez_compressed(options.fixture, page=pages[first], official=theirs[first],
                            tiny=theirs["tiny"], **state)
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
