"""Networks that fill holes: one U-Net, with what its layers do about the hole as an argument."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from model.blocks import Conv, Inpainted, upsample

# Features (N, C, H, W), and how much of them is known, (N, 1, H, W) in [0, 1]: None in layers that
# make their own idea of it.
Part = tuple[paddle.Tensor, paddle.Tensor | None]


class InpaintNet(nn.Layer):
    """Encoder to 1/32 and decoder with skips, of layers that heed the hole: at width 64 11.6 M
    parameters with partial convolutions, 23.3 M with gated ones, 11.7 M with mask attention.

    Takes float32 N,4,H,W, H and W multiples of 32: RGB in [0, 1] and the hole, 1 where the picture
    is unknown. What the picture holds there is never looked at. Returns `Inpainted`.

    `layer` is one of LAYERS. Kernels, channels, batch norm and activations are those of the partial
    convolution's network (see PartialConv); that one goes on to 1/256 with three more layers on
    either side, 32.9 M in all, and sides would have to be multiples of 256.
    """

    output = Inpainted

    def __init__(self, width: int, layer: str):
        super().__init__()
        c, kind = width, LAYERS[layer]
        self._gated = kind is GatedConv
        seen = 4 if self._gated else 3
        self.encode = nn.LayerList([
            kind([seen], c, 7, 2, norm=False), kind([c], 2 * c, 5, 2),
            kind([2 * c], 4 * c, 5, 2), kind([4 * c], 8 * c, 3, 2), kind([8 * c], 8 * c, 3, 2),
        ])
        self.decode = nn.LayerList([
            kind([8 * c, 8 * c], 8 * c, 3, slope=0.2), kind([8 * c, 4 * c], 4 * c, 3, slope=0.2),
            kind([4 * c, 2 * c], 2 * c, 3, slope=0.2), kind([2 * c, c], c, 3, slope=0.2),
            kind([c, seen], 3, 3, norm=False, slope=1.0),
        ])

    def forward(self, x) -> Inpainted:
        picture, known, hole = split_hole(x)
        first = picture * known
        parts = [(paddle.concat([first, hole], 1), None) if self._gated else (first, known)]
        for layer in self.encode:
            parts.append(layer(parts[-1:]))
        part = parts.pop()
        for layer in self.decode:
            grown = tuple(None if tensor is None else upsample(tensor) for tensor in part)
            part = layer([grown, parts.pop()])
        return Inpainted.around(part[0], hole)


class _Heeding(nn.Layer):
    """What the layers share: a convolution of the `inputs`' channels together, which keeps the size
    or divides it by `stride`, batch norm, and leaky ReLU of `slope`."""

    def __init__(self, inputs: list[int], outputs: int, kernel: int, stride: int = 1,
                 norm: bool = True, slope: float = 0.0):
        super().__init__()
        self._inputs, self._kernel, self._stride = inputs, kernel, stride
        self.norm = nn.BatchNorm2D(outputs) if norm else None
        self._slope = slope

    def _conv(self, outputs: int, inputs: int | None = None, bias: bool = True) -> Conv:
        return Conv(inputs or sum(self._inputs), outputs, self._kernel, self._stride,
                    self._kernel // 2, bias=bias)

    def _finish(self, y):
        y = y if self.norm is None else self.norm(y)
        return F.leaky_relu(y, self._slope)

    def _known(self, parts: list[Part]) -> paddle.Tensor:
        """Which share of all inputs is known under the kernel at each of its positions.

        One channel for all: the inputs' masks, weighted by their channels, go through one box
        filter a layer.
        """
        shares = [count / sum(self._inputs) for count in self._inputs]
        known = parts[0][1] * shares[0]
        if len(parts) > 1:
            known = known + parts[1][1] * shares[1]
        return box_mean(known, self._kernel, self._stride)


class PartialConv(_Heeding):
    """Sums over what is known, as if the rest were like it: Liu, Reda, Shih, Wang, Tao, Catanzaro:
    Image Inpainting for Irregular Holes Using Partial Convolutions, ECCV 2018, arXiv:1804.07723.

    A position is known from there on when anything under the kernel was. Beyond the picture's edge
    is no hole, but as in a plain convolution: without holes this is one.
    """

    def __init__(self, inputs, outputs, kernel, stride=1, norm=True, slope=0.0):
        super().__init__(inputs, outputs, kernel, stride, norm, slope)
        self.conv = self._conv(outputs, bias=False)
        self.bias = self.create_parameter([1, outputs, 1, 1], is_bias=True)

    def forward(self, parts: list[Part]) -> Part:
        share = self._known(parts)
        known, factor = renormaliser(share)
        y = self.conv(paddle.concat([features * mask for features, mask in parts], 1))
        return self._finish(y * factor + known * self.bias), known


class MaskAttentionConv(_Heeding):
    """Raises features where a hole is near: the tanh of a convolution of the hole, 0 where the
    kernel covers none, says by how much.

    The hole itself shrinks by the kernel's mean at each layer. Features are multiplied by 1 + tanh:
    by the tanh alone, what is far from holes would be lost.
    """

    def __init__(self, inputs, outputs, kernel, stride=1, norm=True, slope=0.0):
        super().__init__(inputs, outputs, kernel, stride, norm, slope)
        self.conv = self._conv(outputs)
        self.attend = self._conv(outputs, len(inputs), bias=False)

    def forward(self, parts: list[Part]) -> Part:
        y = self.conv(paddle.concat([features for features, _ in parts], 1))
        holes = paddle.concat([1.0 - known for _, known in parts], 1)
        return self._finish(y + y * F.tanh(self.attend(holes))), self._known(parts)


class GatedConv(_Heeding):
    """Learns where to listen: features times a sigmoid of as many channels. Yu, Lin, Yang, Shen,
    Lu, Huang: Free-Form Image Inpainting with Gated Convolution, ICCV 2019, arXiv:1806.03589.

    The hole is a channel of the network's input, and nothing else is told about it.
    """

    def __init__(self, inputs, outputs, kernel, stride=1, norm=True, slope=0.0):
        super().__init__(inputs, outputs, kernel, stride, norm, slope)
        self.conv = self._conv(outputs)
        self.gate = self._conv(outputs)

    def forward(self, parts: list[Part]) -> Part:
        x = paddle.concat([features for features, _ in parts], 1)
        return self._finish(self.conv(x)) * F.sigmoid(self.gate(x)), None


LAYERS = {"partial": PartialConv, "gated": GatedConv, "attention": MaskAttentionConv}


def split_hole(x: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor, paddle.Tensor]:
    """N,4,H,W into the picture, N,3,H,W, what of it is known and what is hole, N,1,H,W of 0, 1."""
    hole = (x[:, 3:] >= 0.5).astype(x.dtype)
    return x[:, :3], 1.0 - hole, hole


def box_mean(x: paddle.Tensor, kernel: int, stride: int) -> paddle.Tensor:
    """Mean of what the kernel covers of the picture at each of a convolution's positions."""
    return F.avg_pool2d(x, kernel, stride, kernel // 2)


def renormaliser(share: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
    """Where any share is known, as 0 and 1, and there its inverse, 0 elsewhere."""
    known = (share > SMALLEST).astype(share.dtype)
    return known, known / share.clip(min=SMALLEST)


SMALLEST = 1e-6  # below any share: that of 1 channel in 1,000 at one position of 49 is 2e-5
