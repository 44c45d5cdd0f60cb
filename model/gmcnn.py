"""GMCNN fills holes by three columns of convolutions that see differently far.

Wang, Tao, Qi, Shen, Jia: Image Inpainting via Generative Multi-column Convolutional Neural
Networks, NeurIPS 2018, arXiv:1810.08771.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from model.blocks import Conv, Inpainted, enlarge_to, reflect, upsample
from model.inpaint import split_hole


class GMCNN(nn.Layer):
    """Columns of 7×7, 5×5 and 3×3 convolutions to 1/4, dilated there by 2 to 16, and a decoder for
    all: 12.6 M parameters at width 32.

    Takes float32 N,4,H,W, H and W multiples of 32: RGB in [0, 1] and the hole, 1 where the picture
    is unknown and never looked at. Returns `Inpainted`. Convolutions see the picture's reflection
    beyond its edge.
    """

    output = Inpainted

    def __init__(self, width: int = 32):
        super().__init__()
        c = width
        self.wide, self.middle, self.fine = (_encoder(c, kernel) for kernel in (7, 5, 3))
        self.middle_half = nn.Sequential(ConvElu(4 * c, 2 * c, 5), ConvElu(2 * c, 2 * c, 5))
        self.fine_half = nn.Sequential(ConvElu(4 * c, 2 * c, 3), ConvElu(2 * c, 2 * c, 3))
        self.fine_full = nn.Sequential(ConvElu(2 * c, c, 3), ConvElu(c, c, 3))
        self.decode = nn.Sequential(ConvElu(7 * c, c // 2, 3), ReflectConv(c // 2, 3, 3))

    def forward(self, x) -> Inpainted:
        picture, known, hole = split_hole(x)
        x = paddle.concat([(picture * 2.0 - 1.0) * known, hole], 1)  # colours in [-1, 1]
        image = self.decode(paddle.concat([
            enlarge_to(self.wide(x), x),
            enlarge_to(self.middle_half(upsample(self.middle(x))), x),
            self.fine_full(upsample(self.fine_half(upsample(self.fine(x))))),
        ], 1))
        return Inpainted.around(image * 0.5 + 0.5, hole)


class ReflectConv(Conv):
    """Convolution that keeps the size, or halves it with `stride` 2."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1):
        super().__init__(inputs, outputs, kernel, stride, dilation=dilation)
        self._margin = dilation * (kernel // 2)

    def forward(self, x):
        return super().forward(reflect(x, self._margin))


class ConvElu(ReflectConv):
    """The same, and ELU."""

    def forward(self, x):
        return F.elu(super().forward(x))


def _encoder(c: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        ConvElu(4, c, kernel), ConvElu(c, 2 * c, kernel, 2), ConvElu(2 * c, 2 * c, kernel),
        ConvElu(2 * c, 4 * c, kernel, 2), ConvElu(4 * c, 4 * c, kernel),
        ConvElu(4 * c, 4 * c, kernel),
        *[ConvElu(4 * c, 4 * c, kernel, dilation=d) for d in (2, 4, 8, 16)],
        ConvElu(4 * c, 4 * c, kernel), ConvElu(4 * c, 4 * c, kernel))
