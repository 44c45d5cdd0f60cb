"""Checkpoints that describe themselves, and the import of published ones.

    python -m model.weights SRC OUT.pdparams [--form plain|residual|gated] [--attention keys|winner]

SRC is the official EraseNet's .pth, a .pdparams of the contest's winning entry, or an .npz with the
same names at any width. Reading never executes pickled code (model/pickles.py), of our own files
either. `paddle.load` reads our files too: the state dict lies under "model".
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


# Published name -> ours, by prefix. Names after the prefix are the same but for PARTS.
COARSE = {
    "conv1.conv2d": "stem.0", "conva.conv2d": "stem.1",
    "convb.conv2d": "down4.0", "res1": "down4.1",
    "res2": "down8.0", "res3": "down8.1",
    "res4": "down16.0", "res5": "down16.1", "res6": "middle",
    "res7": "down32.0", "res8": "down32.1", "conv2.conv2d": "down32.2",
    "lateral_connection1": "lateral16", "lateral_connection2": "lateral8",
    "lateral_connection3": "lateral4", "lateral_connection4": "lateral2",
    "deconv1.conv2d": "up16", "deconv2.conv2d": "up8", "deconv3.conv2d": "up4",
    "deconv4.conv2d": "up2", "deconv5.conv2d": "up1",
    "conv_o1": "picture4", "conv_o2": "picture2",
    "mask_deconv_a.conv2d": "mask_up8.0", "mask_conv_a.conv2d": "mask_up8.1",
    "mask_deconv_b.conv2d": "mask_up4.0", "mask_conv_b.conv2d": "mask_up4.1",
    "mask_deconv_c.conv2d": "mask_up2.0", "mask_conv_c.conv2d": "mask_up2.1",
    "mask_deconv_d.conv2d": "mask_up1.0", "mask_conv_d": "mask_up1.1",
}
DILATED = {
    "coarse_conva.conv2d": "down1", "coarse_convb.conv2d": "down2.0",
    "coarse_convc.conv2d": "down2.1", "coarse_convd.conv2d": "down4.0",
    "coarse_conve.conv2d": "down4.1", "coarse_convf.conv2d": "down4.2",
    **{f"astrous_net.{i}.conv2d": f"dilated.{i}" for i in range(4)},
    "coarse_convk.conv2d": "fuse.0", "coarse_convl.conv2d": "fuse.1",
    "c1": "skip2", "c2": "skip4",
    "coarse_deconva.conv2d": "up2.0", "coarse_convm.conv2d": "up2.1",
    "coarse_deconvb.conv2d": "up1",
    "coarse_convn.0.conv2d": "head.0", "coarse_convn.1.conv2d": "head.1",
}
NONLOCAL = {
    "refine.en_block1": "encode2", "refine.en_block2": "encode4",
    "refine.en_block3": "encode8", "refine.en_block4": "encode16",
    "refine.en_block5.0": "attend16.0", "refine.en_block5.2": "attend16.2",
    "refine.en_block5.5": "attend32.0", "refine.en_block5.7": "attend32.2",
    "refine.de_block1": "decode16", "refine.de_block2": "decode8",
    "refine.de_block3": "decode4", "refine.de_block4": "decode2", "refine.de_block5": "head",
}
PARTS = {
    "conv3": "shortcut", "batch_norm2d": "norm",
    "conv_theta": "query", "conv_phi": "key", "conv_g": "value", "conv_mask": "out",
    "running_mean": "_mean", "running_var": "_variance",
}
UNUSED = {"erasenet": (), "nonlocal": ("c1.", "c2.")}  # published, but no forward pass reads them


def import_published(
    path: Path | str, form: str = "plain", attention: str | None = None
) -> paddle.nn.Layer:
    """A published checkpoint as one of our networks, in eval mode.

    Spectral norm is folded in and a 3-channel mask head averaged to one. `attention` defaults to
    'winner' for a .pdparams and 'keys' otherwise. Raises ValueError where the file is damaged, is
    neither network, or holds a name that nothing accounts for.
    """
    state = read_arrays(path)
    state = state.get("state_dict", state)
    try:
        state = {str(name).removeprefix("module."): np.asarray(array)
                 for name, array in state.items()}
        config = recognise(state, form)
        if config.arch == "nonlocal":
            winner = Path(path).suffix == ".pdparams"
            config = replace(config, attention=attention or ("winner" if winner else "keys"))
        net = restore(build(config), translate(state, config.arch))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    net.eval()
    return net


def recognise(state: dict[str, np.ndarray], form: str) -> ModelConfig:
    """The network that published names and shapes show. ValueError for neither."""
    first = state.get("conv1.conv2d.weight", state.get("conv1.conv2d.weight_orig"))
    if first is None or first.ndim != 4:
        raise ValueError("no published eraser: expected conv1.conv2d.weight or .weight_orig among "
                         f"the names, found {sorted(state)[:3]}")
    if "refine.en_block1.0.weight" in state:
        channels = len(state["refine.en_block1.0.weight"])
        return ModelConfig("nonlocal", len(first), form, channels)
    return ModelConfig("erasenet", len(first), form)


def translate(state: dict[str, np.ndarray], arch: str) -> dict[str, np.ndarray]:
    """Published names and layouts to ours. ValueError for a name that nothing accounts for."""
    prefixes = {old: f"coarse.{new}" for old, new in COARSE.items()}
    refine = DILATED if arch == "erasenet" else NONLOCAL
    prefixes.update({old: f"refine.{new}" for old, new in refine.items()})
    ours = {}
    for name, array in fold_spectral_norm(state).items():
        if name.startswith(UNUSED[arch]) or name.endswith("num_batches_tracked"):
            continue
        old = next((p for p in prefixes if name.startswith(p + ".")), None)
        if old is None:
            raise ValueError(f"unknown name {name!r} in a published {arch}")
        rest = [PARTS.get(part, part) for part in name[len(old) + 1:].split(".")]
        if old == "mask_conv_d":
            array = array.mean(axis=0, keepdims=True)
        elif rest[-1] == "_variance":
            # Half precision ends at 65,504: a wider variance was stored as infinity.
            array = np.minimum(array.astype("float32"), np.finfo("float16").max)
        ours[".".join([prefixes[old], *rest])] = array
    return ours


def fold_spectral_norm(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Replace weight_orig, weight_u and weight_v by the weight that they stand for.

    Miyato et al.: Spectral Normalization for GANs, ICLR 2018: weight / (uᵀ W v), W with outputs as
    rows. Where v was not stored it is one power step from u.
    """
    folded = {}
    for name, array in state.items():
        if name.endswith((".weight_u", ".weight_v")):
            continue
        if name.endswith(".weight_orig"):
            name = name.removesuffix("_orig")
            u, v = state.get(f"{name}_u"), state.get(f"{name}_v")
            if u is None:
                raise ValueError(f"{name}_orig has no {name}_u beside it")
            rows = array.swapaxes(0, 1) if "deconv" in name else array  # (inputs, outputs, 3, 3)
            matrix = rows.reshape(len(rows), -1).astype("float64")
            if v is None:
                v = matrix.T @ u
                v = v / np.linalg.norm(v)
            array = (array / (u @ matrix @ v)).astype("float32")
        folded[name] = array
    return folded


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
