"""PERT erases in several passes of one network, each a step further, and only where text is.

Wang, Xie, Wang, Qu, Zhang: What is the Real Need for Scene Text Removal? Exploring the Background
Integrity and Erasure Exhaustivity Properties, IEEE TIP 2023; arXiv:2106.13029 as PERT.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from model.blocks import (
    Conv,
    ConvAct,
    ConvNorm,
    Erased,
    Residual,
    UpConv,
    enlarge_to,
    upsample,
)
from model.coarse import MASK_BIAS

BINS = (1, 2, 3, 6)  # of the pyramid pooling, along each side
DROPPED = 0.1  # of its channels, in training


class PERT(nn.Layer):
    """Encoder, text localisation and reconstruction, run `iterations` times with the same weights:
    14.0 M parameters at width 32.

    Every pass sees the page and what the last one made of it. Takes float32 N,3,H,W RGB in [0, 1],
    H and W multiples of 32; returns `Erased`, whose coarse pictures are the last pass's at 1/4 and
    1/2 and those of all passes before it at full size. In each of them the page's own pixels stay
    where the mask is 0 (the paper's region-based modification). The mask has a channel for each
    colour, as in the public code; `mask_logits` is that of their mean.
    """

    output = Erased

    def __init__(self, width: int = 32, iterations: int = 3):
        super().__init__()
        c = width
        self.iterations = iterations
        self.down2 = nn.Sequential(Conv(6, c, 4, 2, 1), nn.ReLU())
        self.down4 = ConvAct(c, 2 * c, 4, 2, 1)
        self.middle4 = Residual(2 * c, 2 * c)
        self.down8 = Residual(2 * c, 4 * c, 2)
        self.down16, self.middle16 = Residual(4 * c, 8 * c, 2), Residual(8 * c, 8 * c)
        self.down32 = Residual(8 * c, 16 * c, 2)
        self.middle32 = nn.Sequential(Residual(16 * c, 16 * c), ConvAct(16 * c, 16 * c, 1))
        self.lateral16, self.lateral8 = _lateral(8 * c), _lateral(4 * c)
        self.lateral4, self.lateral2 = _lateral(2 * c), _lateral(c)
        self.up16, self.up8 = UpConv(16 * c, 8 * c), UpConv(16 * c, 4 * c)
        self.up4, self.up2 = UpConv(8 * c, 2 * c), UpConv(4 * c, c)
        self.up1 = UpConv(2 * c, 3)
        self.picture4, self.picture2 = Conv(2 * c, 3, 1), Conv(c, 3, 1)
        self.locate = Localiser([2 * c, 4 * c, 8 * c, 16 * c], 4 * c)

    def forward(self, x) -> Erased:
        pictures = [x]
        for _ in range(self.iterations):
            skip2 = self.down2(paddle.concat([x, pictures[-1]], 1))
            skip4 = self.down4(skip2)
            skip4_middle = self.middle4(skip4)
            skip8 = self.down8(skip4_middle)
            skip16 = self.down16(skip8)
            skip32 = self.down32(self.middle16(skip16))

            y = self.up16(self.middle32(skip32))
            y = self.up8(paddle.concat([self.lateral16(skip16), y], 1))
            quarter = self.up4(paddle.concat([self.lateral8(skip8), y], 1))
            half = self.up2(paddle.concat([self.lateral4(skip4_middle), quarter], 1))
            full = self.up1(paddle.concat([self.lateral2(skip2), half], 1))

            mask4 = self.locate([skip4, skip8, skip16, skip32])
            mask = enlarge_to(mask4, x)
            pictures.append(_within(mask, full, x))
        small = [_within(mask4, self.picture4(quarter), F.avg_pool2d(x, 4)),
                 _within(upsample(mask4), self.picture2(half), F.avg_pool2d(x, 2))]
        return Erased(pictures[-1], [*small, *pictures[1:-1]], mean_logits(mask))


class Localiser(nn.Layer):
    """SFNet's head: where text is, at the size of the finest features, (N, 3, h, w) in [0, 1].

    Li et al.: Semantic Flow for Fast and Accurate Scene Parsing, ECCV 2020, arXiv:2002.10120.
    Takes four features from fine to coarse, each half as large as the one before, of so many
    channels.
    """

    def __init__(self, inputs: list[int], channels: int):
        super().__init__()
        *fine, coarse = inputs
        self.bins = nn.LayerList(
            [ConvNorm(coarse, channels, 1, relu=False, bias=False) for _ in BINS])
        self.pool = ConvNorm(coarse + len(BINS) * channels, channels, 1, bias=False)
        self.enter = nn.LayerList([ConvNorm(count, channels, 1) for count in fine])
        self.align = nn.LayerList([Align(channels) for _ in fine])
        self.smooth = nn.LayerList([ConvNorm(channels, channels, bias=False) for _ in fine])
        self.head = nn.Sequential(ConvNorm(len(inputs) * channels, channels, bias=False),
                                  Conv(channels, 3, 1))
        self.head[1].bias.set_value(paddle.full([3], MASK_BIAS))

    def forward(self, features):
        *fine, coarse = features
        pooled = [enlarge_to(self.bins[i](F.adaptive_avg_pool2d(coarse, count)), coarse)
                  for i, count in enumerate(BINS)]
        y = self.pool(paddle.concat([*pooled, coarse], 1))
        if self.training:
            y = F.dropout2d(y, DROPPED)
        levels = [y]
        for i in (2, 1, 0):
            x = self.enter[i](fine[i])
            y = x + self.align[i](x, y)
            levels = [self.smooth[i](y), *levels]
        levels[1:] = [enlarge_to(level, levels[0]) for level in levels[1:]]
        return F.sigmoid(self.head(paddle.concat(levels, 1)))


class Align(nn.Layer):
    """Coarse features moved to where the fine ones of twice their size say that they belong."""

    def __init__(self, channels: int):
        super().__init__()
        self.fine = Conv(channels, channels // 2, 1, bias=False)
        self.coarse = Conv(channels, channels // 2, 1, bias=False)
        self.flow = Conv(2 * (channels // 2), 2, 3, 1, 1, bias=False)

    def forward(self, fine, coarse):
        flow = self.flow(paddle.concat([enlarge_to(self.coarse(coarse), fine), self.fine(fine)], 1))
        return warp(coarse, flow)


def warp(x: paddle.Tensor, flow: paddle.Tensor) -> paddle.Tensor:
    """`x` looked at as a picture of the flow's size, (N, 2, H, W), each pixel moved by half its
    flow, right and down; 0 beyond the edge."""
    n, _, height, width = flow.shape
    columns = paddle.linspace(-1, 1, width).reshape([1, 1, 1, width]).expand([n, 1, height, width])
    rows = paddle.linspace(-1, 1, height).reshape([1, 1, height, 1]).expand([n, 1, height, width])
    size = paddle.to_tensor([width, height], "float32").reshape([1, 2, 1, 1])
    grid = paddle.concat([columns, rows], 1) + flow / size
    return F.grid_sample(x, grid.transpose([0, 2, 3, 1]), align_corners=False)


def mean_logits(mask: paddle.Tensor) -> paddle.Tensor:
    """The logits of the channels' mean, (N, 1, H, W), of a mask in [0, 1]."""
    mean = mask.mean(1, keepdim=True).clip(1e-6, 1 - 1e-6)
    return (mean / (1 - mean)).log()


def _within(mask, picture, page):
    """The picture where the mask is 1, the page where it is 0."""
    return page + mask * (picture - page)


def _lateral(channels: int) -> nn.Sequential:
    return nn.Sequential(Conv(channels, 2 * channels, 3, 1, 1), Conv(2 * channels, channels, 1))
