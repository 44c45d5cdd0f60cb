"""Checkpoints that describe themselves, and the import of published ones.

    python -m model.weights SRC OUT.pdparams [--form plain|residual|gated|paper|translucent]
        [--attention keys|winner] [--half] [--overwrite]

SRC is the official .pth of EraseNet, CRAFT, PERT or GMCNN, a .pdparams of the contest's winning
entry, or an .npz with the same names at any width, or with those of model/text_seg.py in PyTorch.
Reading never executes pickled code (model/pickles.py), of our own files either. `paddle.load` reads
our files too: the state dict lies under "model".
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import paddle

from data.config import from_dict
from model import ModelConfig, build
from model.blocks import FORMS
from model.nonlocal_eraser import ATTENTIONS
from model.pickles import read_arrays, write_arrays
from model.published import (
    FEATURES,
    discriminator_state,
    mobilenet_features,
    recognise,
    translate,
)
from model.text_seg import PUBLISHED_WIDTH

FORMAT = "text eraser 1"
STATISTICS = ("._mean", "._variance")  # ends of the names of batch norm's running statistics


def save(
    path: Path | str,
    state: dict[str, np.ndarray],
    config: ModelConfig,
    half: bool = False,
    **about,
) -> None:
    """Write a checkpoint atomically: the network's state, its config, and what `about` adds.

    `half` stores parameters as float16; batch norm statistics stay float32, which they overflow.
    """
    if half:
        state = {name: array if name.endswith(STATISTICS) else array.astype("float16")
                 for name, array in state.items()}
    write_arrays(path, {"format": FORMAT, "config": asdict(config), **about, "model": state})


def read(path: Path | str) -> dict:
    """A checkpoint's content as `save` was given it. ValueError where it is none of ours."""
    content = read_arrays(path)
    if content.get("format") != FORMAT:
        raise ValueError(
            f"{path}: not a checkpoint of this program; import a published one with "
            f"`python -m model.weights {path} OUT.pdparams`"
        )
    return content


def is_ours(path: Path | str) -> bool:
    """Whether a file is a checkpoint that `save` wrote. ValueError where it is none at all."""
    return read_arrays(path).get("format") == FORMAT


def load(path: Path | str) -> paddle.nn.Layer:
    """The network that a checkpoint describes, in eval mode.

    Raises ValueError, naming the file and what was expected, for anything else.
    """
    content = read(path)
    try:
        config = from_dict(ModelConfig, content["config"])
        net = restore(build(config), content["model"])
    except KeyError as error:
        raise ValueError(f"{path}: damaged: it lacks {error}") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    net.eval()  # returns nothing in Paddle 2.6
    return net


def state_of(net: paddle.nn.Layer) -> dict[str, np.ndarray]:
    """A network's parameters and statistics as arrays."""
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


def restore(net: paddle.nn.Layer, state: dict[str, np.ndarray]) -> paddle.nn.Layer:
    """Put a state dict into a network. ValueError unless names and shapes agree one to one."""
    own = net.state_dict()
    missing, extra = own.keys() - state.keys(), state.keys() - own.keys()
    if missing or extra:
        raise ValueError(f"state dict does not fit {asdict(net.config)}: {len(missing)} names "
                         f"missing {sorted(missing)[:3]}, {len(extra)} unknown {sorted(extra)[:3]}")
    for name, tensor in own.items():
        shape, expected = list(state[name].shape), list(tensor.shape)
        if shape != expected:
            raise ValueError(f"{name} has shape {shape}, expected {expected}")
        if not np.isfinite(state[name]).all():
            raise ValueError(f"{name} holds values that are not finite")
        tensor.set_value(state[name].astype("float32"))
    return net


def import_published(
    path: Path | str, form: str = "plain", attention: str | None = None
) -> paddle.nn.Layer:
    """A published checkpoint as one of our networks, in eval mode.

    Spectral norm is folded in and a 3-channel mask head averaged to one. `attention` defaults to
    'winner' for a .pdparams and 'keys' otherwise. Raises ValueError where the file is damaged, is
    none of the networks, or holds a name that nothing accounts for.
    """
    state = read_arrays(path)
    try:
        state = {str(name).removeprefix("module."): np.asarray(array)
                 for name, array in state.get("state_dict", state).items()}
        config = recognise(state, form)
        if config.arch == "nonlocal":
            winner = Path(path).suffix == ".pdparams"
            config = replace(config, attention=attention or ("winner" if winner else "keys"))
        net = restore(build(config), translate(state, config.arch))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    net.eval()
    return net


def restore_encoder(net: paddle.nn.Layer, path: Path | str) -> None:
    """Put the encoder of a published MobileNetV2, a .pth, .pdparams or .npz with torchvision's or
    Paddle's names, into a text segmenter.

    Whatever else the file holds, the classifier say, is left out. Raises ValueError naming the file
    where it is damaged, no MobileNetV2, or one of another width.
    """
    state, own = read_arrays(path), state_of(net)
    try:
        state = mobilenet_features(state.get("state_dict", state), len(net.encoder.features))
        missing = [name for name in own if name.startswith(FEATURES) and name not in state]
        if missing:
            raise ValueError(f"no MobileNetV2: it lacks {missing[0].removeprefix('encoder.')}")
        restore(net, own | state)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}; expected a MobileNetV2 with a width multiplier of "
                         f"{net.config.width / PUBLISHED_WIDTH:g}") from None


def restore_discriminator(net: paddle.nn.Layer, path: Path | str) -> None:
    """Put EraseNet's published discriminator, a .pth, .pdparams or .npz, into a PatchDiscriminator.

    Raises ValueError naming the file where it is damaged, or none of that width.
    """
    state = read_arrays(path)
    try:
        restore(net, discriminator_state(state.get("state_dict", state)))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}; expected EraseNet's discriminator") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Import a published checkpoint.")
    parser.add_argument("source", type=Path, help=".pth, .pdparams or .npz")
    parser.add_argument("out", type=Path, help="checkpoint to write, OUT.pdparams")
    parser.add_argument("--form", choices=FORMS, default="plain",
                        help="what the network's pictures are; the file does not say (plain)")
    parser.add_argument("--attention", choices=ATTENTIONS,
                        help="the non-local block's arithmetic (winner for .pdparams, else keys)")
    parser.add_argument("--half", action="store_true", help="store float16, half the size")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    options = parser.parse_args(arguments)
    try:
        if options.out.exists() and not options.overwrite:
            raise ValueError(f"{options.out}: exists; --overwrite replaces it")
        net = import_published(options.source, options.form, options.attention)
        save(options.out, state_of(net), net.config, options.half, source=options.source.name)
    except (ValueError, OSError) as error:
        print(f"model.weights: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: {asdict(net.config)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
