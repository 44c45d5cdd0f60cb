"""Discriminators: networks that tell what a generator made from what was photographed."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.utils import spectral_norm

from model.blocks import Conv


class PatchDiscriminator(nn.Layer):
    """EraseNet's local-global SN-Patch-GAN: 7.6 M parameters at width 64.

    Liu, Liu, Jin, Zhang, Luo, Wang: EraseNet, IEEE TIP 2020. One branch sees the picture, the other
    its ink regions alone; six spectrally normalised convolutions of stride 2 each, whose features
    a last convolution fuses. Takes a picture, float32 N,3,H,W, H and W at least MIN_SIDE, and a
    mask N,1,H,W in [0, 1]; returns scores N,1,h,w, above 0 for what looks real. The public code
    ends with a sigmoid, which would leave the hinge without a margin; here are raw scores.
    """

    MIN_SIDE = 256  # 4 at 1/64: what the last convolution covers

    def __init__(self, width: int = 64):
        super().__init__()
        self.whole, self.ink = _branch(width), _branch(width)
        self.fuse = Conv(8 * width, 1, 4)

    def forward(self, picture: paddle.Tensor, mask: paddle.Tensor) -> paddle.Tensor:
        return self.fuse(paddle.concat([self.whole(picture), self.ink(picture * mask)], 1))


class Critics(nn.Layer):
    """GMCNN's global and local critics, on pictures of one side: 5.5 M parameters at 64 and 256.

    Wang et al.: Image Inpainting via GMCNN, NeurIPS 2018. Four 5×5 convolutions of stride 2 and a
    linear layer each. Takes a picture, float32 N,3,S,S, and a mask N,1,S,S in [0, 1]; returns
    scores N,2 of any size. The local one sees the mask's regions alone; the paper's, a square
    around a square hole.
    """

    def __init__(self, width: int, side: int):
        super().__init__()
        self.whole, self.hole = _critic(width), _critic(width)
        size = 4 * width * (side // 16) ** 2
        self.whole_score, self.hole_score = nn.Linear(size, 1), nn.Linear(size, 1)

    def forward(self, picture: paddle.Tensor, mask: paddle.Tensor) -> paddle.Tensor:
        n = picture.shape[0]  # flatten has no second derivative, which the penalty needs
        return paddle.concat([
            self.whole_score(self.whole(picture).reshape([n, -1])),
            self.hole_score(self.hole(picture * mask).reshape([n, -1]))], 1)


def _critic(width: int) -> nn.Sequential:
    channels = [3, width, 2 * width, 4 * width, 4 * width]
    layers = [(Conv(inputs, outputs, 5, 2, 2), nn.ELU())
              for inputs, outputs in zip(channels, channels[1:], strict=False)]
    return nn.Sequential(*[part for layer in layers for part in layer])


class _Down(nn.Layer):
    """Spectrally normalised 4×4 convolution of stride 2, and leaky ReLU of slope 0.2."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = spectral_norm(Conv(inputs, outputs, 4, 2, 1))

    def forward(self, x):
        return F.leaky_relu(self.conv(x), 0.2)


def _branch(width: int) -> nn.Sequential:
    channels = [3, width, 2 * width, 4 * width, 4 * width, 4 * width, 4 * width]
    return nn.Sequential(*[_Down(*pair) for pair in zip(channels, channels[1:], strict=False)])
