"""PERT erases in several passes of one network, each a step further, and only where text is.

Wang, Xie, Fang, Qu, Zhang: PERT: A Progressively Region-based Network for Scene Text Removal, IEEE
TIP 2023, arXiv:2106.13029.
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
    bilinear,
    upsample,
)
from model.coarse import MASK_BIAS


class PERT(nn.Layer):
    """Encoder, text localisation and reconstruction, run `iterations` times with the same weights:
    13.6 M parameters at width 32.

    Every pass sees the page and what the last one made of it. Takes float32 N,3,H,W RGB in [0, 1],
    H and W multiples of 32; returns `Erased`, whose coarse pictures are the last pass's at 1/4 and
    1/2 and those of all passes before it at full size. In each of them the page's own pixels stay
    where the mask is 0 (the paper's region-based modification). The mask comes from a plain feature
    pyramid; the public code has one with pyramid pooling and flow alignment, 14.0 M in all.
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
        self.mask_in = nn.LayerList([ConvNorm(n * c, 4 * c, 1) for n in (2, 4, 8, 16)])
        self.mask_smooth = nn.LayerList([ConvNorm(4 * c, 4 * c) for _ in range(3)])
        self.mask_head = nn.Sequential(ConvNorm(16 * c, 4 * c), Conv(4 * c, 1, 1))
        self.mask_head[1].bias.set_value(paddle.full([1], MASK_BIAS))

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

            logits4 = self._locate(skip4, skip8, skip16, skip32)
            logits2 = bilinear(logits4)
            mask_logits = bilinear(logits2)
            pictures.append(_within(mask_logits, full, x))
        small = [_within(logits4, self.picture4(quarter), F.avg_pool2d(x, 4)),
                 _within(logits2, self.picture2(half), F.avg_pool2d(x, 2))]
        return Erased(pictures[-1], [*small, *pictures[1:-1]], mask_logits)

    def _locate(self, skip4, skip8, skip16, skip32):
        """Logits of the text's mask at 1/4."""
        p32 = self.mask_in[3](skip32)
        p16 = self.mask_in[2](skip16) + upsample(p32)
        p8 = self.mask_in[1](skip8) + upsample(p16)
        p4 = self.mask_in[0](skip4) + upsample(p8)
        return self.mask_head(paddle.concat([
            self.mask_smooth[0](p4), upsample(self.mask_smooth[1](p8)),
            upsample(upsample(self.mask_smooth[2](p16))),
            upsample(upsample(upsample(p32)))], 1))


def _within(mask_logits, picture, page):
    """The picture where the mask is 1, the page where it is 0."""
    return page + F.sigmoid(mask_logits) * (picture - page)


def _lateral(channels: int) -> nn.Sequential:
    return nn.Sequential(Conv(channels, 2 * channels, 3, 1, 1), Conv(2 * channels, channels, 1))
