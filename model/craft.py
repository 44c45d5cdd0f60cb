"""CRAFT finds text: where characters are, and where neighbours belong to one word.

Baek, Lee, Han, Yun, Lee: Character Region Awareness for Text Detection, CVPR 2019,
arXiv:1904.01941. The encoder is VGG-16 with batch norm: Simonyan, Zisserman, ICLR 2015,
arXiv:1409.1556.
"""

from __future__ import annotations

from typing import NamedTuple

import paddle
from paddle import nn

from model.blocks import ConvNorm, Normalise, bilinear, max_pool, max_pool3


class Detected(NamedTuple):
    """A text detector's output: float32 scores around [0, 1], not clipped, at half size.

    The first channel is the region score, high in the middle of a character; the second the
    affinity score, high between two characters of a word.
    """

    scores: paddle.Tensor  # (N, 2, H/2, W/2)

    KIND = "a text detector"
    RESULTS = {"scores": ["n", 2, "half_height", "half_width"]}
    MEANING = {"scores": "region and affinity at half size"}

    def tensors(self) -> list[paddle.Tensor]:
        return [self.scores]

    @classmethod
    def of(cls, tensors: list[paddle.Tensor]) -> Detected:
        return cls(*tensors)

    def results(self) -> list[paddle.Tensor]:
        return [self.scores]


class CRAFT(nn.Layer):
    """20.8 M parameters at width 64, 5.2 M at 32.

    Takes float32 N,3,H,W RGB in [0, 1], H and W multiples of 32; returns `Detected`. As in the
    published weights, but not in the paper's text, the fifth stage ends with a 3×3 convolution
    dilated by 6 and a 1×1 convolution in place of VGG's fully connected layers. Weights are drawn
    as Paddle does, N(0, 2 / fan in): narrower ones let the head forget what it sees.
    """

    output = Detected

    def __init__(self, width: int = 64):
        super().__init__()
        c = width
        self.encode1 = nn.Sequential(ConvNorm(3, c), ConvNorm(c, c))
        self.encode2 = nn.Sequential(ConvNorm(c, 2 * c), ConvNorm(2 * c, 2 * c))
        self.encode4 = nn.Sequential(ConvNorm(2 * c, 4 * c), ConvNorm(4 * c, 4 * c))
        self.last4 = ConvNorm(4 * c, 4 * c)
        self.encode8 = nn.Sequential(ConvNorm(4 * c, 8 * c), ConvNorm(8 * c, 8 * c))
        self.last8 = ConvNorm(8 * c, 8 * c)
        self.encode16 = nn.Sequential(ConvNorm(8 * c, 8 * c), ConvNorm(8 * c, 8 * c, relu=False))
        self.dilated = nn.Sequential(nn.Conv2D(8 * c, 16 * c, 3, 1, 6, 6),
                                     nn.Conv2D(16 * c, 16 * c, 1))
        self.decode16 = _decoder(24 * c, 8 * c)
        self.decode8 = _decoder(12 * c, 4 * c)
        self.decode4 = _decoder(6 * c, 2 * c)
        self.decode2 = _decoder(3 * c, c)
        half, quarter = c // 2, c // 4
        self.head = nn.Sequential(
            nn.Conv2D(half, half, 3, 1, 1), nn.ReLU(), nn.Conv2D(half, half, 3, 1, 1), nn.ReLU(),
            nn.Conv2D(half, quarter, 3, 1, 1), nn.ReLU(), nn.Conv2D(quarter, quarter, 1), nn.ReLU(),
            nn.Conv2D(quarter, 2, 1))
        self.normalise = Normalise()

    def forward(self, x) -> Detected:
        x = self.encode1(self.normalise(x))
        skip2 = self.encode2(max_pool(x))
        skip4 = self.encode4(max_pool(skip2))
        skip8 = self.encode8(max_pool(self.last4(skip4)))
        skip16 = self.encode16(max_pool(self.last8(skip8)))
        y = self.dilated(max_pool3(skip16))
        y = bilinear(self.decode16(paddle.concat([y, skip16], 1)))
        y = bilinear(self.decode8(paddle.concat([y, skip8], 1)))
        y = bilinear(self.decode4(paddle.concat([y, skip4], 1)))
        y = self.decode2(paddle.concat([y, skip2], 1))
        return Detected(self.head(y))


def _decoder(inputs: int, middle: int) -> nn.Sequential:
    return nn.Sequential(ConvNorm(inputs, middle, 1), ConvNorm(middle, middle // 2))
