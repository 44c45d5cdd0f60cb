"""VGG's first ten convolutions or so, as a judge of how alike two pictures look.

Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015,
arXiv:1409.1556. Weights come from a file of the user's, of which any of these will do: VGG16 or
VGG19 of Paddle's or PyTorch's model zoo, with or without batch norm, and CRAFT, published or
imported, whose encoder is one.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from model.blocks import Normalise, max_pool
from model.pickles import read_arrays

EPSILON = 1e-5  # batch norm's, in both zoos
PARTS = {"running_mean": "_mean", "running_var": "_variance"}  # PyTorch's names: Paddle's


class VGGFeatures(nn.Layer):
    """The stages up to conv4_2; its weights are never trained.

    Takes float32 N,3,H,W RGB in [0, 1] and returns {name: features} of the `names` asked for:
    pool1, pool2, pool3 at 1/2, 1/4, 1/8, and convS_N behind its ReLU.
    """

    def __init__(self, stages: list[list[tuple[np.ndarray, np.ndarray]]]):
        super().__init__()
        self._stages = [[tuple(map(paddle.to_tensor, layer)) for layer in stage]
                        for stage in stages]
        self._normalise = Normalise()

    def forward(self, x, names: tuple[str, ...]) -> dict[str, paddle.Tensor]:
        x, found = self._normalise(x), {}
        for number, stage in enumerate(self._stages, 1):
            for layer, (weight, bias) in enumerate(stage, 1):
                x = F.relu(F.conv2d(x, weight, bias, padding=1))
                found[f"conv{number}_{layer}"] = x
                if found.keys() >= set(names):
                    return {name: found[name] for name in names}
            x = found[f"pool{number}"] = max_pool(x)
        return {name: found[name] for name in names}


def load_features(path: Path | str) -> VGGFeatures:
    """Read a file of weights; pickled code in it is not executed. ValueError where it is no VGG."""
    state = read_arrays(path)
    try:
        for inner in ("state_dict", "model"):  # a training run's, a checkpoint of ours
            state = state.get(inner, state)
        return VGGFeatures(_stages(_layers(state)))
    except (AttributeError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: no VGG16 or VGG19: {error}") from None


def _layers(state: dict) -> list[tuple[np.ndarray, np.ndarray]]:
    """The 3×3 convolutions (weight, bias) in the file's order, which is that of the network, with
    the batch norm behind each folded in; CRAFT has 1×1 convolutions with norms of their own."""
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in state.items():
        prefix, _, part = name.rpartition(".")
        parts.setdefault(prefix, {})[PARTS.get(part, part)] = np.asarray(array)
    layers, folds = [], False
    for part in parts.values():
        weight = part.get("weight")
        if weight is not None and weight.ndim == 4:
            folds = weight.shape[2:] == (3, 3)
            if folds:
                layers.append((weight.astype("float32"), part["bias"].astype("float32")))
        elif "_mean" in part and folds:
            weight, bias = layers[-1]
            scale = part["weight"] / np.sqrt(part["_variance"].astype("float32") + EPSILON)
            layers[-1] = (weight * scale[:, None, None, None].astype("float32"),
                          ((bias - part["_mean"]) * scale + part["bias"]).astype("float32"))
    return layers


def _stages(layers: list[tuple[np.ndarray, np.ndarray]]) -> list[list]:
    """Layers in the first four stages; each begins where the channels double."""
    stages: list[list] = []
    for layer in layers:
        outputs, inputs = layer[0].shape[:2]
        before = stages[-1][-1][0].shape[0] if stages else 3
        if len(stages) == 4 and len(stages[-1]) == 2:
            break
        if inputs != before:
            raise ValueError(f"a convolution takes {inputs} channels after one that gives {before}")
        if outputs != before:
            stages.append([])
        stages[-1].append(layer)
    counts = [len(stage) for stage in stages]
    grows = all(after[0][0].shape[0] == 2 * one[0][0].shape[0] for one, after in pairwise(stages))
    if counts not in ([2, 2, 3, 2], [2, 2, 4, 2]) or not grows:
        raise ValueError(f"its stages have {counts} convolutions of 3×3, expected 2, 2, 3 or 4, 2")
    return stages
