"""The first stage that both erasers share: encoder, coarse decoder, mask branch.

Liu, Liu, Jin, Zhang, Luo, Wang: EraseNet: End-to-end Text Removal in the Wild, IEEE TIP 2020.
"""

from __future__ import annotations

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn

from model.blocks import Conv, ConvAct, Erased, Residual, UpConv, lateral
from model.paper import paper_colour

# A mask that begins as 'nothing to erase' leaves the page alone until ink is told from print.
# Begun at 1/2, the gated form lost the first four thousand crops.
MASK_BIAS = -2.5
BARE_BIAS = -2.0  # 'paper' begins nearly as 'gated'
MOST_GAIN = 5.0  # of 'translucent'; more would show a JPEG's noise rather than the picture
GAIN_BIAS = -1.386  # which makes it 1: it begins with the picture as it is


class CoarseOutput(NamedTuple):
    pictures: list[paddle.Tensor]  # (N, 3, H/4, W/4), (N, 3, H/2, W/2), (N, 3, H, W)
    mask_logits: paddle.Tensor  # (N, 1, H, W)
    skips: list[paddle.Tensor]  # encoder features at 1/2, 1/4, 1/8, 1/16: c, 2c, 4c, 8c channels


class CoarseStage(nn.Layer):
    """Strided residual encoder to 1/32, U-shaped decoder with lateral connections, mask branch.

    `form` says what the pictures are: 'plain' each from scratch, as published; 'residual' a change
    to the input; 'gated' the full-size one replaces the input where the mask is ink:
    coarse = input + mask × (prediction − input); 'paper' as gated, the prediction faded into the
    colour of the paper around (see `paper_colour`) as far as nothing is printed under the ink;
    'translucent' as gated, the prediction being gain × input + decoded: an opacity of a is undone
    by a gain of 1 / (1 − a), which keeps what is seen through a watermark sharp.
    """

    def __init__(self, width: int, form: str):
        super().__init__()
        c = width
        self.form = form
        self.stem = nn.Sequential(ConvAct(3, c, 4, 2, 1), ConvAct(c, c, 3, 1, 1))
        self.down4 = nn.Sequential(ConvAct(c, 2 * c, 4, 2, 1), Residual(2 * c, 2 * c))
        self.down8 = nn.Sequential(Residual(2 * c, 2 * c), Residual(2 * c, 4 * c, 2))
        self.down16 = nn.Sequential(Residual(4 * c, 4 * c), Residual(4 * c, 8 * c, 2))
        self.middle = Residual(8 * c, 8 * c)
        self.down32 = nn.Sequential(Residual(8 * c, 16 * c, 2), Residual(16 * c, 16 * c),
                                    ConvAct(16 * c, 16 * c, 1))
        self.lateral16, self.lateral8 = lateral(8 * c), lateral(4 * c)
        self.lateral4, self.lateral2 = lateral(2 * c), lateral(c)
        self.up16, self.up8 = UpConv(16 * c, 8 * c), UpConv(16 * c, 4 * c)
        self.up4, self.up2 = UpConv(8 * c, 2 * c), UpConv(4 * c, c)
        self.up1 = UpConv(2 * c, 3, relu=form != "translucent")
        if form == "paper":
            self.bare = UpConv(2 * c, 1, relu=False)
            self.bare.bias.set_value(paddle.full([1], BARE_BIAS))
        if form == "translucent":
            self.gain = UpConv(2 * c, 1, relu=False)
            self.gain.bias.set_value(paddle.full([1], GAIN_BIAS))
        self.picture4, self.picture2 = Conv(2 * c, 3, 1), Conv(c, 3, 1)
        self.mask_up8 = nn.Sequential(UpConv(16 * c, 8 * c), ConvAct(8 * c, 4 * c, 3, 1, 1))
        self.mask_up4 = nn.Sequential(UpConv(8 * c, 4 * c), ConvAct(4 * c, 2 * c, 3, 1, 1))
        self.mask_up2 = nn.Sequential(UpConv(4 * c, 2 * c), ConvAct(2 * c, c, 3, 1, 1))
        self.mask_up1 = nn.Sequential(UpConv(2 * c, c), Conv(c, 1, 1))
        self.mask_up1[1].bias.set_value(paddle.full([1], MASK_BIAS))

    def forward(self, x) -> CoarseOutput:
        skip2 = self.stem(x)
        skip4 = self.down4(skip2)
        skip8 = self.down8(skip4)
        skip16 = self.down16(skip8)
        middle = self.middle(skip16)

        y = self.up16(self.down32(middle))
        y = self.up8(paddle.concat([self.lateral16(skip16), y], 1))
        y = self.up4(paddle.concat([self.lateral8(skip8), y], 1))
        quarter = self.picture4(y)
        y = self.up2(paddle.concat([self.lateral4(skip4), y], 1))
        half = self.picture2(y)
        y = paddle.concat([self.lateral2(skip2), y], 1)
        full = self.up1(y)

        m = self.mask_up8(paddle.concat([middle, skip16], 1))
        m = self.mask_up4(paddle.concat([m, skip8], 1))
        m = self.mask_up2(paddle.concat([m, skip4], 1))
        mask_logits = self.mask_up1(paddle.concat([m, skip2], 1))

        if self.form != "plain":
            quarter = quarter + F.avg_pool2d(x, 4)
            half = half + F.avg_pool2d(x, 2)
        if self.form == "residual":
            full = x + full
        elif self.form != "plain":
            mask = F.sigmoid(mask_logits)
            if self.form == "paper":
                bare = F.sigmoid(self.bare(y))
                # Not full + bare × (paper − full): compiled, its gradient was a third off.
                full = bare * paper_colour(x, mask) + (1.0 - bare) * full
            if self.form == "translucent":
                full = F.sigmoid(self.gain(y)) * MOST_GAIN * x + full
            full = x + mask * (full - x)
        return CoarseOutput([quarter, half, full], mask_logits, [skip2, skip4, skip8, skip16])


class FirstStage(nn.Layer):
    """An eraser without its refinement: what its coarse stage makes of a page is the result."""

    output = Erased

    def __init__(self, eraser: nn.Layer):
        super().__init__()
        self.coarse, self.config = eraser.coarse, eraser.config

    def forward(self, x) -> Erased:
        pictures, mask_logits, _ = self.coarse(x)
        return Erased(pictures[-1], pictures, mask_logits)
