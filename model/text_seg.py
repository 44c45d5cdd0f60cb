"""A text segmenter: which pixels of artwork, a comic say, are lettering.

MobileNetV2: Sandler et al., CVPR 2018, arXiv:1801.04381. scSE: Roy, Navab, Wachinger, MICCAI 2018,
arXiv:1803.02579. RFB: Liu, Huang, Wang, ECCV 2018, arXiv:1711.07767. Dilation and decoder as in
DeepLabV3+: Chen et al., ECCV 2018, arXiv:1802.02611.
"""

from __future__ import annotations

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn

from model.blocks import ConvNorm, Normalise, bilinear

# MobileNetV2's stages: expansion, channels at width 32, blocks, stride, dilation. A stride that was
# taken out leaves its first block with the stage's dilation before it and doubles what follows.
STAGES = ((1, 16, 1, 1, 1), (6, 24, 2, 2, 1), (6, 32, 3, 2, 1), (6, 64, 4, 1, 2), (6, 96, 3, 1, 2),
          (6, 160, 3, 1, 4), (6, 320, 1, 1, 4))
PUBLISHED_WIDTH = 32  # a width multiplier of 1
QUARTER = 1  # the stage whose features the decoder looks at
REDUCTION = 16  # of scSE's channels, to 4 at least
KERNELS = (3, 5, 7)  # of the RFB's branches; each is dilated by its kernel's size
MASK_BIAS = -2.0  # of the logits: most of a page is no text


class Segmented(NamedTuple):
    """A text segmenter's output."""

    mask_logits: paddle.Tensor  # (N, 1, H, W); the loss or the very end applies the sigmoid

    KIND = "a text segmenter"
    RESULTS = {"mask": ["n", 1, "height", "width"]}
    MEANING = {"mask": "1 is text, 0 is artwork"}

    def tensors(self) -> list[paddle.Tensor]:
        return [self.mask_logits]

    @classmethod
    def of(cls, tensors: list[paddle.Tensor]) -> Segmented:
        return cls(*tensors)

    def results(self) -> list[paddle.Tensor]:
        return [F.sigmoid(self.mask_logits)]


class TextSeg(nn.Layer):
    """10.0 M parameters at width 64, a multiplier of 2; 2.6 M at 32 and 0.7 M at 16.

    Takes float32 N,3,H,W RGB in [0, 1], H and W multiples of 32; returns `Segmented`. The encoder
    ends at 1/8, its last two strides replaced by dilation; the decoder works at 1/4. Squeeze and
    excitation looks at all of a tile, so that results depend on what else it shows.
    """

    output = Segmented

    def __init__(self, width: int = 64):
        super().__init__()
        self.normalise = Normalise()
        self.encoder = Encoder(width)
        channels = divisible(128 * width / PUBLISHED_WIDTH)  # 256 at width 64, as in DeepLabV3+
        low = divisible(24 * width / PUBLISHED_WIDTH)  # 48
        quarter, deep = (stage_channels(width)[i] for i in (QUARTER, -1))
        self.pooling = RFB(deep, channels)
        self.low = ConvNorm(quarter, low, 1)
        self.decoder = nn.Sequential(
            ConvNorm(channels + low, channels, 3), ConvNorm(channels, channels, 3), ScSE(channels))
        self.head = nn.Conv2D(
            channels, 1, 1, bias_attr=nn.initializer.Constant(MASK_BIAS))

    def forward(self, x) -> Segmented:
        quarter, deep = self.encoder(self.normalise(x))
        y = bilinear(self.pooling(deep))
        y = self.decoder(paddle.concat([y, self.low(quarter)], 1))
        return Segmented(bilinear(bilinear(self.head(y))))


class Encoder(nn.Layer):
    """MobileNetV2 without its last 1×1 convolution, scSE after each stage.

    `features` are numbered, and their parts named, as in PyTorch's and Paddle's own MobileNetV2.
    Every scSE begins as no change, so that a loaded encoder is at first what it was.
    """

    def __init__(self, width: int):
        super().__init__()
        inputs = divisible(width)
        self.features, self.excite = nn.LayerList([_unit(3, inputs, 3, 2)]), nn.LayerList()
        self._path = [self.features[0]]  # all layers, as they are run
        before = 1  # dilation
        for (expansion, _, blocks, stride, dilation), outputs in zip(
                STAGES, stage_channels(width), strict=True):
            for i in range(blocks):
                self.features.append(InvertedResidual(
                    inputs, outputs, stride if i == 0 else 1, before if i == 0 else dilation,
                    expansion))
                inputs = outputs
                self._path.append(self.features[-1])
            before = dilation
            self.excite.append(ScSE(outputs))
            self._path.append(self.excite[-1])
            if len(self.excite) == QUARTER + 1:
                self._quarter = len(self._path) - 1

    def forward(self, x) -> tuple[paddle.Tensor, paddle.Tensor]:
        """Features at 1/4 and at 1/8."""
        found = []
        for layer in self._path:
            x = layer(x)
            found.append(x)
        return found[self._quarter], found[-1]


def divisible(channels: float) -> int:
    """The nearest multiple of 8, 8 at least, and not below nine tenths, as MobileNets round."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def stage_channels(width: int) -> list[int]:
    return [divisible(channels * width / PUBLISHED_WIDTH) for _, channels, *_ in STAGES]


def _unit(inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1,
          groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU6."""
    padding = kernel // 2 * dilation
    conv = nn.Conv2D(inputs, outputs, kernel, stride, padding, dilation, groups, bias_attr=False)
    return nn.Sequential(conv, nn.BatchNorm2D(outputs), nn.ReLU6())


class InvertedResidual(nn.Layer):
    """Widened by a 1×1 convolution, convolved channel by channel, narrowed without activation."""

    def __init__(self, inputs: int, outputs: int, stride: int, dilation: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            *([_unit(inputs, wide, 1)] if expansion > 1 else []),
            _unit(wide, wide, 3, stride, dilation, groups=wide),
            nn.Conv2D(wide, outputs, 1, bias_attr=False), nn.BatchNorm2D(outputs))

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class ScSE(nn.Layer):
    """Concurrent spatial and channel squeeze and excitation: both recalibrations, added up."""

    def __init__(self, channels: int):
        super().__init__()
        narrow = max(4, channels // REDUCTION)
        none = nn.initializer.Constant(0.0)  # two halves make a whole
        self.squeeze = nn.Conv2D(channels, narrow, 1)
        self.excite = nn.Conv2D(narrow, channels, 1, weight_attr=none)
        self.spatial = nn.Conv2D(channels, 1, 1, weight_attr=none)

    def forward(self, x):
        channel = self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, 1))))
        return x * F.sigmoid(channel) + x * F.sigmoid(self.spatial(x))


class RFB(nn.Layer):
    """Receptive Field Block: branches of larger and larger kernels, each dilated as far.

    A k×k convolution is a k×1 after a 1×k one, and the dilated one goes channel by channel.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        half = outputs // 2
        self.branches = nn.LayerList([nn.Sequential(
            ConvNorm(inputs, outputs, 1), ConvNorm(outputs, outputs, 3, groups=outputs))])
        for kernel in KERNELS:
            self.branches.append(nn.Sequential(
                ConvNorm(inputs, half, 1), ConvNorm(half, half, (1, kernel)),
                ConvNorm(half, outputs, (kernel, 1)),
                ConvNorm(outputs, outputs, 3, kernel, groups=outputs)))
        self.fuse = nn.Conv2D((1 + len(KERNELS)) * outputs, outputs, 1)
        self.shortcut = nn.Conv2D(inputs, outputs, 1)

    def forward(self, x):
        pooled = paddle.concat([branch(x) for branch in self.branches], 1)
        return F.relu(self.fuse(pooled) + self.shortcut(x))
