"""Whether EraseNet, its discriminator, GMCNN and PERT give what the published code gives.

    python bench/published.py --gmcnn DIR --pert DIR --erasenet DIR [--python PYTHON]
                              [--fixture FILE.npz]

DIR are checkouts of github.com/shepnerd/inpainting_gmcnn, wangyuxin87/PERT and lcy0604/EraseNet,
PYTHON an interpreter with PyTorch (no GPU is needed). Every network gets random weights under its
published names; printed is the largest difference between its results and ours, on a scale of 0 to
1. Exit status 1 where one is above 1e-4. --fixture also writes what the networks' tests compare
with: names, shapes and results of the networks that test_weights.py does not write down itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

LIMIT = 1e-4
# Of test pictures; GMCNN's reflected margins of 48 pixels at 1/4 have to fit in there.
SIZES = {"erasenet": (64, 96), "discriminator": (320, 256), "gmcnn": (224, 256), "pert": (64, 96)}
KEPT = {"discriminator": 1, "gmcnn": 8, "pert": 2}  # every so many pixels of results in a fixture
# Run by PYTHON in a checkout: what there is none of on most machines is not needed here.
THEIRS = """
import json, sys, types
import numpy as np, torch

class Anything(types.ModuleType):
    def __getattr__(self, name):
        return (lambda x: x) if name == "float_function" else Anything(name)

for name in ("apex", "torchvision", "torchvision.models", "tensorboardX", "easydict", "skimage",
             "cv2", "matplotlib", "matplotlib.pyplot", "PIL", "scipy", "scipy.stats"):
    sys.modules[name] = Anything(name)
kind, folder = sys.argv[1:]
if kind == "gmcnn":
    sys.path.insert(0, "pytorch")
    from model.net import GMCNN
    net = GMCNN(4, 3)
elif kind == "pert":
    from networks_sfnet import Pert
    net = Pert(use_GPU=False)
elif kind == "erasenet":
    from models.sa_gan import STRnet2
    net = STRnet2(3)
else:
    from models.discriminator import Discriminator_STE
    net = Discriminator_STE(3)
net.eval()
if not (batch := np.load(f"{folder}/batch.npz")).files:
    shapes = {name: list(t.shape) for name, t in net.state_dict().items() if t.ndim}
    print(json.dumps(shapes))
    sys.exit()
drawn = np.load(f"{folder}/state.npz")
net.load_state_dict({name: torch.from_numpy(drawn[name]) if t.ndim else t
                     for name, t in net.state_dict().items()})
picture, mask = (torch.from_numpy(batch[name]) for name in ("picture", "mask"))
with torch.no_grad():
    if kind == "gmcnn":
        results = [net(torch.cat([(picture * 2 - 1) * (1 - mask), mask], 1)) / 2 + 0.5]
    elif kind == "pert":
        out, _, mask, _, _ = net(picture)
        results = [out, mask.mean(1, keepdim=True)]
    elif kind == "erasenet":
        *_, out, logits = net(picture)
        results = [out, torch.sigmoid(logits.mean(1, keepdim=True))]
    else:
        results = [net(picture, 1 - mask)]  # there text is 0
np.savez(f"{folder}/results.npz", *[result.numpy() for result in results])
"""


def draw(shapes: dict[str, list[int]]) -> dict[str, np.ndarray]:
    """Random weights under published names, of a size that keeps results in range."""
    rng, state = np.random.default_rng(0), {}
    for name, shape in sorted(shapes.items()):
        value = rng.uniform(-1, 1, shape)
        if len(shape) == 4:
            value *= (3 / np.prod(shape[1:])) ** 0.5
        elif name.endswith(("norm2d.weight", "running_var", ".1.weight")):
            value = 1 + value / 2
        else:
            value *= 0.2
        state[name] = value.astype(np.float32)
    for name in [name for name in state if name.endswith("_u")]:  # of spectral norm
        weight = state[name.replace("_u", "_orig")]
        rows = np.moveaxis(weight, int("deconv" in name), 0).reshape(len(state[name]), -1)
        right = state[name] @ rows
        right /= np.linalg.norm(right)
        left = rows @ right
        state[name] = left / np.linalg.norm(left)
        if name.replace("_u", "_v") in state:
            state[name.replace("_u", "_v")] = right
    return state


def make_batch(kind: str) -> dict[str, np.ndarray]:
    """A picture in [0, 1] and a mask of 0 and 1, one of each."""
    height, width = SIZES[kind]
    rng = np.random.default_rng(1)
    mask = np.zeros((1, 1, height, width), np.float32)
    mask[..., height // 3:height // 2, width // 4:width // 2] = 1
    return {"picture": rng.random((1, 3, height, width), np.float32), "mask": mask}


def ours(kind: str, state: dict[str, np.ndarray]) -> list[np.ndarray]:
    """What this program makes of `make_batch`, with weights under published names."""
    import paddle
    import paddle.nn.functional as F

    from model import weights
    from model.discriminator import PatchDiscriminator

    batch = {name: paddle.to_tensor(array) for name, array in make_batch(kind).items()}
    with tempfile.TemporaryDirectory() as folder, paddle.no_grad():
        path = Path(folder) / "published.npz"
        np.savez(path, **state)
        if kind == "discriminator":
            net = PatchDiscriminator()
            weights.restore_discriminator(net, path)
            net.eval()
            return [F.sigmoid(net(batch["picture"], batch["mask"])).numpy()]
        net = weights.import_published(path)
        if kind == "gmcnn":
            image = net(paddle.concat([batch["picture"], batch["mask"]], 1)).image
            return [image.clip(0, 1).numpy()]
        return [result.numpy() for result in net(batch["picture"]).results()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("gmcnn", "pert", "erasenet"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with PyTorch")
    parser.add_argument("--fixture", type=Path, metavar="FILE.npz")
    options = parser.parse_args()
    status, fixture = 0, {}
    for kind in SIZES:
        checkout = getattr(options, "erasenet" if kind == "discriminator" else kind)
        with tempfile.TemporaryDirectory() as folder:
            def run(batch: dict, folder=folder, kind=kind, checkout=checkout) -> str:
                np.savez(Path(folder) / "batch.npz", **batch)
                return subprocess.run([options.python, "-c", THEIRS, kind, folder], cwd=checkout,
                                      stdout=subprocess.PIPE, text=True, check=True).stdout

            shapes = json.loads(run({}).splitlines()[-1])
            state = draw(shapes)
            np.savez(Path(folder) / "state.npz", **state)
            run(make_batch(kind))
            with np.load(Path(folder) / "results.npz") as results:
                theirs = [results[name] for name in results.files]
        off = max(float(np.abs(one.ravel() - other.ravel()).max())
                  for one, other in zip(ours(kind, state), theirs, strict=True))
        ranges = ", ".join(f"{result.min():.3f} to {result.max():.3f}" for result in theirs)
        print(f"{kind}: results of {ranges}, off by {off:.1e} at most")
        status |= not off <= LIMIT
        if kind not in KEPT:
            continue
        fixture[f"{kind}/shapes"] = np.array(json.dumps(shapes))
        for number, result in enumerate(theirs):
            step = KEPT[kind]
            fixture[f"{kind}/{number}"] = result[..., ::step, ::step] if step > 1 else result
    if options.fixture:
        np.savez_compressed(options.fixture, **fixture)
    return status


if __name__ == "__main__":
    sys.exit(main())
