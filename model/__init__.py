"""Networks that erase, find text or fill holes, one file each; parts: `blocks.py`, `coarse.py`."""

from __future__ import annotations

import zlib  # noqa: F401  before Paddle 2.6, whose own zlib breaks Python's
from dataclasses import asdict, dataclass

import paddle

from model.blocks import FORMS, Erased, Inpainted
from model.craft import CRAFT, Detected
from model.erasenet import EraseNet
from model.gmcnn import GMCNN
from model.inpaint import LAYERS, InpaintNet
from model.nonlocal_eraser import ATTENTIONS, NonLocalEraser
from model.pert import PERT
from model.text_seg import Segmented, TextSeg

__all__ = ["Detected", "Erased", "Inpainted", "ModelConfig", "Segmented", "build",
           "coarse_pictures", "described"]


@dataclass(frozen=True)
class ModelConfig:
    """A network's description: what a checkpoint carries and a config file sets."""

    # An eraser, 'erasenet', 'nonlocal' or 'pert'; a filler of holes, 'inpaint' or 'gmcnn'; a finder
    # of text, 'craft' or 'text_seg'.
    arch: str = "erasenet"
    width: int = 32  # channels of the first layer: 32 as published (64: craft, text_seg, inpaint)
    form: str = "plain"  # 'plain', 'residual', 'gated', 'paper', 'translucent': see model/coarse.py
    refine_channels: int = 96  # of the Non-Local refinement; no other network has use for it
    attention: str = "keys"  # 'keys', or 'winner' for its released weights: see nonlocal_eraser.py
    layer: str = "partial"  # of `inpaint`: 'partial', 'gated' or 'attention', see inpaint.py
    iterations: int = 3  # of `pert`: passes over a page

    def __post_init__(self):
        for name, known in (("arch", ARCHITECTURES), ("form", FORMS), ("attention", ATTENTIONS),
                            ("layer", LAYERS)):
            value = getattr(self, name)
            if value not in known:
                raise ValueError(f"unknown {name} {value!r}; known: {', '.join(known)}")
        if self.iterations < 1:
            raise ValueError(f"iterations must be 1 or more, got {self.iterations}")
        for name in ("width", "refine_channels"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} must be 2 or more, got {getattr(self, name)}")
        if self.arch == "craft" and self.width % 4:
            raise ValueError(f"craft's width must be a multiple of 4, got {self.width}")


# The network of each architecture, and what of a config it takes.
ARCHITECTURES = {
    "erasenet": (EraseNet, "width", "form"),
    "nonlocal": (NonLocalEraser, "width", "refine_channels", "form", "attention"),
    "craft": (CRAFT, "width"),
    "text_seg": (TextSeg, "width"),
    "inpaint": (InpaintNet, "width", "layer"),
    "gmcnn": (GMCNN, "width"),
    "pert": (PERT, "width", "iterations"),
}
INPAINTING = ("inpaint", "gmcnn")  # architectures that fill a given hole
FINDING = ("craft", "text_seg")  # architectures that find text, and make no picture


def described(config: ModelConfig) -> dict:
    """The config without what its architecture has no use for."""
    _, *used = ARCHITECTURES[config.arch]
    return {key: value for key, value in asdict(config).items() if key in ("arch", *used)}


def coarse_pictures(config: ModelConfig) -> int:
    """How many pictures beside the last the network that `config` describes makes."""
    return {"erasenet": 3, "nonlocal": 3, "pert": 1 + config.iterations}.get(config.arch, 0)


def build(config: ModelConfig) -> paddle.nn.Layer:
    """The network that `config` describes, randomly initialised, in training mode.

    It maps float32 N,3,H,W RGB in [0, 1], or N,4,H,W with the hole that it fills, H and W multiples
    of 32, to its `output`: `Erased`, `Inpainted`, `Detected` or `Segmented`; its `config` attribute
    is the argument.
    """
    network, *used = ARCHITECTURES[config.arch]
    net = network(**{name: getattr(config, name) for name in used})
    net.config = config
    return net
