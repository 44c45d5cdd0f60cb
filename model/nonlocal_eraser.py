"""EraseNet's coarse stage with a Non-Local encoder-decoder as its refinement.

The second network of the winning entry of Baidu Netdisk's handwriting-erasure contest. The block is
Wang, Girshick, Gupta, He: Non-local Neural Networks, CVPR 2018, arXiv:1711.07971.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from model.blocks import Conv, Erased, max_pool, upsample
from model.coarse import CoarseStage

ATTENTIONS = ("keys", "winner")


class NonLocalEraser(nn.Layer):
    """Coarse stage and Non-Local refinement: 22.7 M parameters at width 32, 96 channels.

    Takes float32 N,3,H,W RGB in [0, 1], H and W multiples of 32; returns `Erased`.
    """

    output = Erased

    def __init__(self, width: int = 32, refine_channels: int = 96, form: str = "plain",
                 attention: str = "keys"):
        super().__init__()
        self.form = form
        self.coarse = CoarseStage(width, form)
        self.refine = NonLocalRefinement(refine_channels, width, attention)

    def forward(self, x) -> Erased:
        pictures, mask_logits, skips = self.coarse(x)
        y = self.refine(pictures[-1], *skips[1:])
        if self.form != "plain":
            y = y + pictures[-1]
        return Erased(y, pictures, mask_logits)


class NonLocalBlock(nn.Layer):
    """Embedded-Gaussian non-local block with a residual connection.

    `attention` 'keys' is the paper's: every position takes a mean over all positions, weights by
    softmax over the keys, so that it commutes with any shuffle of positions. 'winner' is the
    arithmetic that the contest's released weights were trained with: maps of C/2 channels read as C
    channels of H·W/2 positions, softmax over the queries; H·W must be even.
    """

    def __init__(self, channels: int, attention: str):
        super().__init__()
        self.channels = channels
        self.attention = attention
        self.query = Conv(channels, channels // 2, 1, bias=False)
        self.key = Conv(channels, channels // 2, 1, bias=False)
        self.value = Conv(channels, channels // 2, 1, bias=False)
        self.out = Conv(channels // 2, channels, 1, bias=False)

    def forward(self, x):
        n, c, h, w = x.shape
        assert c == self.channels, f"expected {self.channels} channels, got {c}"
        rows = c if self.attention == "winner" else c // 2
        query, key, value = (
            conv(x).reshape([n, rows, -1]).transpose([0, 2, 1])  # (N, HW, C/2); winner (N, HW/2, C)
            for conv in (self.query, self.key, self.value)
        )
        over = 1 if self.attention == "winner" else 2
        weights = F.softmax(query @ key.transpose([0, 2, 1]), axis=over)  # (N, HW, HW)
        y = (weights @ value).transpose([0, 2, 1]).reshape([n, c // 2, h, w])
        return x + self.out(y)


class NonLocalRefinement(nn.Layer):
    """Encoder-decoder to 1/32, non-local blocks at 1/16 and 1/32, skips from the coarse stage."""

    def __init__(self, channels: int, width: int, attention: str):
        super().__init__()
        c = channels
        self.encode2 = nn.Sequential(*_conv(3, c), *_conv(c, c))
        self.encode4 = nn.Sequential(*_conv(c, c))
        self.encode8 = nn.Sequential(*_conv(c, c))
        self.encode16 = nn.Sequential(*_conv(c, c))
        self.attend16 = nn.Sequential(*_conv(c, c), NonLocalBlock(c, attention), nn.LeakyReLU(0.1))
        self.attend32 = nn.Sequential(*_conv(c, c), NonLocalBlock(c, attention), nn.LeakyReLU(0.1))
        self.decode16 = nn.Sequential(
            *_conv(2 * c + 8 * width, 2 * c), NonLocalBlock(2 * c, attention), nn.LeakyReLU(0.1),
            *_conv(2 * c, 2 * c),
        )
        self.decode8 = nn.Sequential(*_conv(3 * c + 4 * width, 2 * c), *_conv(2 * c, 2 * c))
        self.decode4 = nn.Sequential(*_conv(3 * c + 2 * width, 2 * c), *_conv(2 * c, 2 * c))
        self.decode2 = nn.Sequential(*_conv(3 * c, 2 * c), *_conv(2 * c, 2 * c))
        self.head = nn.Sequential(*_conv(2 * c + 3, 64), *_conv(64, 32), Conv(32, 3, 3, 1, 1))

    def forward(self, picture, skip4, skip8, skip16):
        half = max_pool(self.encode2(picture))
        quarter = max_pool(self.encode4(half))
        eighth = max_pool(self.encode8(quarter))
        sixteenth = max_pool(self.encode16(eighth))
        y = upsample(self.attend32(max_pool(self.attend16(sixteenth))))
        y = upsample(self.decode16(paddle.concat([y, sixteenth, skip16], 1)))
        y = upsample(self.decode8(paddle.concat([y, eighth, skip8], 1)))
        y = upsample(self.decode4(paddle.concat([y, quarter, skip4], 1)))
        y = upsample(self.decode2(paddle.concat([y, half], 1)))
        return self.head(paddle.concat([y, picture], 1))


def _conv(inputs: int, outputs: int) -> list[nn.Layer]:
    return [Conv(inputs, outputs, 3, 1, 1), nn.LeakyReLU(0.1)]
