"""Published checkpoints' names and layouts, and what they are called here."""

from __future__ import annotations

import numpy as np

from model import ModelConfig

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
    "conv_o1": "picture4", "conv_o2": "picture2", "bare": "bare", "gain": "gain",
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
TEXT_SEG = ("encoder", "pooling", "low", "decoder", "head")  # in PyTorch it has our own names
UNUSED = {"nonlocal": ("c1.", "c2.")}  # published, but no forward pass reads them
VGG = {  # our unit: stage of the published encoder, its convolution's index; its norm's is the next
    "encode1.0": (1, 0), "encode1.1": (1, 3), "encode2.0": (1, 7), "encode2.1": (1, 10),
    "encode4.0": (2, 14), "encode4.1": (2, 17), "last4": (3, 20),
    "encode8.0": (3, 24), "encode8.1": (3, 27), "last8": (4, 30),
    "encode16.0": (4, 34), "encode16.1": (4, 37),
}
CRAFT = {
    **{f"basenet.slice{stage}.{i}": f"{unit}.conv" for unit, (stage, i) in VGG.items()},
    **{f"basenet.slice{stage}.{i + 1}": f"{unit}.norm" for unit, (stage, i) in VGG.items()},
    "basenet.slice5.1": "dilated.0", "basenet.slice5.2": "dilated.1",
    **{f"upconv{i}.conv.{3 * j + k}": f"decode{32 >> i}.{j}.{part}"
       for i in (1, 2, 3, 4) for j in (0, 1) for k, part in enumerate(("conv", "norm"))},
    **{f"conv_cls.{i}": f"head.{i}" for i in (0, 2, 4, 6, 8)},
}
GMCNN = {
    **{f"{column}.{i}": f"{part}.{i}"
       for column, part in (("EB1", "wide"), ("EB2", "middle"), ("EB3", "fine"))
       for i in range(12)},
    **{f"EB2.{13 + i}": f"middle_half.{i}" for i in (0, 1)},
    **{f"EB3.{13 + i}": f"fine_half.{i}" for i in (0, 1)},
    **{f"EB3.{16 + i}": f"fine_full.{i}" for i in (0, 1)},
    **{f"decoding_layers.{i}": f"decode.{i}" for i in (0, 1)},
}
PERT = {
    "conv0": "down2", "convb.conv2d": "down4", "res1": "middle4", "res2": "down8",
    "res3": "down16", "res4": "middle16", "res5": "down32", "res6": "middle32.0",
    "conv2.conv2d": "middle32.1",
    **{name: place for name, place in COARSE.items()
       if name.startswith(("deconv", "lateral", "conv_o"))},
    **{f"sf_net.ppm.stages.{i}.{1 + k}": f"locate.bins.{i}.{part}"
       for i in range(4) for k, part in enumerate(("conv", "norm"))},
    **{f"sf_net.{name}.{k}": f"locate.{unit}.{part}"
       for name, unit in (("ppm.bottleneck", "pool"), ("conv_last.0", "head.0"),
                          *((f"fpn_in.{i}", f"enter.{i}") for i in range(3)),
                          *((f"fpn_out.{i}.0", f"smooth.{i}") for i in range(3)))
       for k, part in enumerate(("conv", "norm"))},
    **{f"sf_net.fpn_out_align.{i}.{name}": f"locate.align.{i}.{part}" for i in range(3)
       for name, part in (("down_l", "fine"), ("down_h", "coarse"), ("flow_make", "flow"))},
    "sf_net.conv_last.1": "locate.head.1",
}
DISCRIMINATOR = {
    **{f"{branch}.{i}.conv2d": f"{part}.{i}.conv" for i in range(6)
       for branch, part in (("globalDis", "whole"), ("localDis", "ink"))},
    "fusion.0": "fuse",
}
FEATURES = "encoder.features."  # a text segmenter's MobileNetV2
BATCHES = "num_batches_tracked"  # PyTorch's batch norm counts them
PREFIXES = {"craft": CRAFT, "gmcnn": GMCNN, "pert": PERT,
            "text_seg": {name: name for name in TEXT_SEG}}
for _arch, _refine in (("erasenet", DILATED), ("nonlocal", NONLOCAL)):
    PREFIXES[_arch] = {**{old: f"coarse.{new}" for old, new in COARSE.items()},
                       **{old: f"refine.{new}" for old, new in _refine.items()}}


HEADS = {"bare.weight": "paper", "gain.weight": "translucent"}  # these forms alone have them

# The first layer of networks that have a name of their own for it.
FIRST = {"craft": "basenet.slice1.0.weight", "gmcnn": "EB1.0.weight", "pert": "conv0.0.weight",
         "text_seg": f"{FEATURES}0.0.weight"}


def recognise(state: dict[str, np.ndarray], form: str) -> ModelConfig:
    """The network that published names and shapes show. ValueError for none."""
    for arch, name in FIRST.items():
        if name in state:
            if form != "plain":
                raise ValueError(f"form {form!r} is for erasenet and nonlocal, not {arch}")
            return ModelConfig(arch, len(state[name]))
    first = state.get("conv1.conv2d.weight", state.get("conv1.conv2d.weight_orig"))
    if first is None or first.ndim != 4:
        raise ValueError("no published network: expected conv1.conv2d.weight or .weight_orig, or "
                         f"{', '.join(FIRST.values())} among the names, found "
                         f"{sorted(state)[:3]}")
    for name, told in HEADS.items():
        if name in state:
            form = told
    if "refine.en_block1.0.weight" in state:
        channels = len(state["refine.en_block1.0.weight"])
        return ModelConfig("nonlocal", len(first), form, channels)
    return ModelConfig("erasenet", len(first), form)


def translate(state: dict[str, np.ndarray], arch: str) -> dict[str, np.ndarray]:
    """Published names and layouts to ours. ValueError for a name that nothing accounts for."""
    prefixes, ours = PREFIXES[arch], {}
    for name, array in fold_spectral_norm(state).items():
        if name.startswith(UNUSED.get(arch, ())) or name.endswith(BATCHES):
            continue
        old = next((p for p in prefixes if name.startswith(p + ".")), None)
        if old is None:
            raise ValueError(f"unknown name {name!r} in a published {arch}")
        rest = [PARTS.get(part, part) for part in name[len(old) + 1:].split(".")]
        if old == "mask_conv_d":
            array = array.mean(axis=0, keepdims=True)
        elif rest[-1] == "_variance":
            # Half precision ends at 65,504: a wider variance was stored as infinity there.
            array = array.astype("float32")
            array[np.isposinf(array)] = np.finfo("float16").max
        ours[".".join([prefixes[old], *rest])] = array
    return ours


def mobilenet_features(state: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """The first `count` features of a published MobileNetV2, with the names in a text segmenter.

    What comes before 'features.' in a name does not matter.
    """
    ours = {}
    for name, array in state.items():
        _, found, rest = f".{name}".partition(".features.")
        number, *parts = rest.split(".")
        if found and parts and number.isdecimal() and int(number) < count and parts[-1] != BATCHES:
            ours[FEATURES + ".".join([number, *(PARTS.get(p, p) for p in parts)])] = array
    return ours


def discriminator_state(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """EraseNet's published discriminator, spectral norm and all, with our names."""
    ours = {}
    for name, array in state.items():
        branch, _, part = str(name).removeprefix("module.").rpartition(".")
        if branch not in DISCRIMINATOR:
            raise ValueError(f"unknown name {name!r} in a published discriminator")
        ours[f"{DISCRIMINATOR[branch]}.{part}"] = np.asarray(array)
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
