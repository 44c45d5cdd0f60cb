"""EraseNet's generator, without the discriminator.

Liu, Liu, Jin, Zhang, Luo, Wang: EraseNet: End-to-end Text Removal in the Wild, IEEE TIP 2020.
"""

from __future__ import annotations

import paddle
from paddle import nn

from model.blocks import Conv, ConvAct, Erased, UpConv
from model.coarse import CoarseStage


class EraseNet(nn.Layer):
    """Coarse stage and dilated refinement: 19.7 M parameters at width 32 in the plain form.

    Takes float32 N,3,H,W RGB in [0, 1], H and W multiples of 32; returns `Erased`. There is no
    spectral norm: it steadied the adversarial training, which is left out here; published weights
    are imported with theirs folded in. Beyond the paper, in all forms but 'plain' the refinement
    predicts a change to the coarse picture.
    """

    output = Erased

    def __init__(self, width: int = 32, form: str = "plain"):
        super().__init__()
        self.form = form
        self.coarse = CoarseStage(width, form)
        self.refine = DilatedRefinement(width)

    def forward(self, x) -> Erased:
        pictures, mask_logits, skips = self.coarse(x)
        y = self.refine(pictures[-1], skips[0], skips[1])
        if self.form != "plain":
            y = y + pictures[-1]
        return Erased(y, pictures, mask_logits)


class DilatedRefinement(nn.Layer):
    """Encoder to 1/4, convolutions dilated by 2, 4, 8, 16, decoder with skips from both stages."""

    def __init__(self, width: int):
        super().__init__()
        c = width
        self.down1 = ConvAct(3, c, 5, 1, 2)
        self.down2 = nn.Sequential(ConvAct(c, 2 * c, 4, 2, 1), ConvAct(2 * c, 2 * c, 3, 1, 1))
        self.down4 = nn.Sequential(ConvAct(2 * c, 4 * c, 4, 2, 1), ConvAct(4 * c, 4 * c, 3, 1, 1),
                                   ConvAct(4 * c, 4 * c, 3, 1, 1))
        self.dilated = nn.Sequential(*[ConvAct(4 * c, 4 * c, 3, 1, d, d) for d in (2, 4, 8, 16)])
        self.fuse = nn.Sequential(ConvAct(4 * c, 4 * c, 3, 1, 1), ConvAct(4 * c, 4 * c, 3, 1, 1))
        self.skip2, self.skip4 = Conv(c, 2 * c, 1), Conv(2 * c, 4 * c, 1)
        self.up2 = nn.Sequential(UpConv(12 * c, 2 * c), ConvAct(2 * c, 2 * c, 3, 1, 1))
        self.up1 = UpConv(6 * c, c)
        self.head = nn.Sequential(ConvAct(c, c // 2, 3, 1, 1), Conv(c // 2, 3, 3, 1, 1))

    def forward(self, picture, skip2, skip4):
        half = self.down2(self.down1(picture))
        quarter = self.down4(half)
        y = self.fuse(self.dilated(quarter))
        y = self.up2(paddle.concat([y, quarter, self.skip4(skip4)], 1))
        y = self.up1(paddle.concat([y, half, self.skip2(skip2)], 1))
        return self.head(y)
