"""Layers that the networks share, and what the erasers return."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

FORMS = ("plain", "residual", "gated", "paper", "translucent")


class Erased(NamedTuple):
    """An eraser's output; pictures are float32 RGB around [0, 1], not clipped.

    What handles any network's output uses `tensors`, its inverse `of`, and `results`: what is left
    of it outside of training, whose names and shapes are RESULTS.
    """

    image: paddle.Tensor  # (N, 3, H, W)
    coarse: list[paddle.Tensor]  # (N, 3, H/4, W/4), (N, 3, H/2, W/2), (N, 3, H, W)
    mask_logits: paddle.Tensor  # (N, 1, H, W); the loss or the very end applies the sigmoid

    KIND = "an eraser"
    RESULTS = {"image": ["n", 3, "height", "width"], "mask": ["n", 1, "height", "width"]}
    MEANING = {"mask": "1 is ink to erase, 0 is page"}

    def tensors(self) -> list[paddle.Tensor]:
        return [self.image, *self.coarse, self.mask_logits]

    @classmethod
    def of(cls, tensors: list[paddle.Tensor]) -> Erased:
        image, *coarse, mask_logits = tensors
        return cls(image, coarse, mask_logits)

    def results(self) -> list[paddle.Tensor]:
        """Image, and mask in [0, 1]."""
        return [self.image, F.sigmoid(self.mask_logits)]


class Inpainted(Erased):
    """An inpainting network's output: a whole picture, in and around the hole, which is the mask.

    Its networks take N,4,H,W: RGB in [0, 1] and the hole, 1 where the picture is unknown.
    """

    KIND = "an inpainting network"
    MEANING = {"mask": "the hole"}

    @classmethod
    def around(cls, image: paddle.Tensor, hole: paddle.Tensor) -> Inpainted:
        """Of a picture and the hole, N,1,H,W of 0 and 1; sigmoids of ±20 are 0 and 1, too."""
        return cls(image, [], (hole - 0.5) * 40.0)


def takes(output: type) -> int:
    """How many channels networks with this kind of output take."""
    return 4 if issubclass(output, Inpainted) else 3


def in_float32(output: NamedTuple) -> NamedTuple:
    """A network's output in float32, whatever the network ran in: losses sum over many pixels."""
    return output.of([tensor.astype("float32") for tensor in output.tensors()])


class Conv(nn.Conv2D):
    """Convolution with weights drawn as uniform(±1/sqrt(fan in)), bias too.

    Paddle's own default is √6 times as wide, which makes a deep network without normalisation
    start with outputs far from any picture.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0,
                 dilation: int = 1, bias: bool = True):
        init = _uniform(inputs * kernel * kernel)
        super().__init__(inputs, outputs, kernel, stride, padding, dilation,
                         weight_attr=init, bias_attr=init if bias else False)


def _uniform(fan_in: int) -> paddle.ParamAttr:
    bound = 1 / math.sqrt(fan_in)
    return paddle.ParamAttr(initializer=nn.initializer.Uniform(-bound, bound))


class ConvAct(Conv):
    """Convolution and leaky ReLU of slope 0.2."""

    def forward(self, x):
        return F.leaky_relu(super().forward(x), 0.2)


class UpConv(nn.Layer):
    """Transposed 3×3 convolution of stride 2: doubles the size; leaky ReLU unless told not to.

    The ReLU's slope is 0.2. Computed as a 2×2 convolution to four times the channels and a pixel
    shuffle: the same numbers, but oneDNN can also train it. The weight keeps the transposed layout,
    (inputs, outputs, 3, 3).
    """

    def __init__(self, inputs: int, outputs: int, relu: bool = True):
        super().__init__()
        self.relu = relu
        init = _uniform(outputs * 9)
        self.weight = self.create_parameter([inputs, outputs, 3, 3], attr=init)
        self.bias = self.create_parameter([outputs], attr=init, is_bias=True)
        self._taps = paddle.to_tensor(_transposed_taps())

    def forward(self, x):
        inputs, outputs = self.weight.shape[:2]
        nought = paddle.zeros([inputs * outputs, 1])
        taps = paddle.concat([self.weight.reshape([inputs * outputs, 9]), nought], 1)
        # A gather, no product with a 0/1 matrix: oneDNN's matmul crashes when one side is constant.
        kernel = paddle.index_select(taps, self._taps, 1)  # (inputs*outputs, phases and neighbours)
        kernel = kernel.reshape([inputs, outputs * 4, 2, 2]).transpose([1, 0, 2, 3])
        # Each of the four phases of an output pixel sees the pixel and its right and lower
        # neighbours only: pad there by one.
        y = F.conv2d(x, kernel, padding=[0, 1, 0, 1])  # (N, 4*outputs, H, W)
        y = F.pixel_shuffle(y, 2) + self.bias.reshape([1, outputs, 1, 1])  # (N, outputs, 2H, 2W)
        return F.leaky_relu(y, 0.2) if self.relu else y


def _transposed_taps() -> np.ndarray:
    """int64 (16,): for (row phase, column phase, row neighbour, column neighbour) which of the 3×3
    taps the 2×2 form uses; 9 where none.

    Output row 2m sees input row m through tap 1; row 2m+1 sees m through tap 2 and m+1 through 0.
    """
    axis = {(0, 0): 1, (1, 0): 2, (1, 1): 0}  # (phase, neighbour): tap
    return np.array([
        3 * axis[p, n] + axis[q, m] if (p, n) in axis and (q, m) in axis else 9
        for p in (0, 1) for q in (0, 1) for n in (0, 1) for m in (0, 1)
    ])


class ConvNorm(nn.Layer):
    """Convolution that keeps the size, batch norm and, unless told not, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int | tuple[int, int] = 3,
                 dilation: int = 1, groups: int = 1, relu: bool = True, bias: bool = True):
        super().__init__()
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = [side // 2 * dilation for side in sides]
        self.conv = nn.Conv2D(inputs, outputs, sides, 1, padding, dilation, groups,
                              bias_attr=None if bias else False)
        self.norm = nn.BatchNorm2D(outputs)
        self.relu = relu

    def forward(self, x):
        x = self.norm(self.conv(x))
        return F.relu(x) if self.relu else x


class Residual(nn.Layer):
    """EraseNet's residual block: two 3×3 convolutions, batch norm after the sum.

    With `stride` 2 it halves the size, and the shortcut is a strided 1×1 convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.conv1 = Conv(inputs, inputs, 3, stride, 1)
        self.conv2 = Conv(inputs, outputs, 3, 1, 1)
        self.shortcut = Conv(inputs, outputs, 1, stride) if stride > 1 else None
        self.norm = nn.BatchNorm2D(outputs)

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        if self.shortcut is not None:
            x = self.shortcut(x)
        return F.relu(self.norm(y + x))


class Normalise(nn.Layer):
    """RGB in [0, 1] as encoders trained on ImageNet take it: its mean taken off, deviation 1."""

    def __init__(self):
        super().__init__()
        self._mean = paddle.to_tensor((0.485, 0.456, 0.406)).reshape([1, 3, 1, 1])
        self._scale = 1 / paddle.to_tensor((0.229, 0.224, 0.225)).reshape([1, 3, 1, 1])

    def forward(self, x):
        return (x - self._mean) * self._scale


def lateral(channels: int) -> nn.Sequential:
    """EraseNet's lateral connection: four convolutions without activation."""
    return nn.Sequential(
        Conv(channels, channels, 1),
        Conv(channels, 2 * channels, 3, 1, 1),
        Conv(2 * channels, 2 * channels, 3, 1, 1),
        Conv(2 * channels, channels, 1),
    )


def upsample(x: paddle.Tensor) -> paddle.Tensor:
    """Nearest-neighbour enlargement to twice the size. F.interpolate does not run under oneDNN."""
    return F.pixel_shuffle(paddle.repeat_interleave(x, 4, axis=1), 2)


def max_pool(x: paddle.Tensor) -> paddle.Tensor:
    """Maximum over 2×2 pixels. Not F.max_pool2d: its gradient aborts under oneDNN."""
    n, c, h, w = x.shape
    return F.pixel_unshuffle(x, 2).reshape([n, c, 4, h // 2, w // 2]).amax(axis=2)


def max_pool3(x: paddle.Tensor) -> paddle.Tensor:
    """Maximum over the 3×3 pixels around each, as far as they are there; the size stays."""
    for axis in (2, 3):
        before, after = _neighbours(x, axis)
        x = paddle.maximum(x, paddle.maximum(before, after))
    return x


def bilinear(x: paddle.Tensor) -> paddle.Tensor:
    """Bilinear enlargement to twice the size; a pixel's corners stay where they are.

    Not F.interpolate, which does not run under oneDNN: an output pixel is 3/4 of the nearest input
    and 1/4 of the next, along each axis.
    """
    rows = [0.75 * x + 0.25 * other for other in _neighbours(x, 2)]
    phases = [0.75 * row + 0.25 * other for row in rows for other in _neighbours(row, 3)]
    return F.pixel_shuffle(paddle.stack(phases, 2).flatten(1, 2), 2)


def enlarge_to(x: paddle.Tensor, other: paddle.Tensor) -> paddle.Tensor:
    """Bilinear enlargement to the other's height and width; corners stay in the corners.

    Not F.interpolate, which does not run under oneDNN.
    """
    for axis, sides in ((2, [1, 1, -1, 1]), (3, [1, 1, 1, -1])):
        last = x.shape[axis] - 1
        places = np.linspace(0, last, other.shape[axis])
        before = np.floor(places).astype(np.int64)
        share = paddle.to_tensor((places - before).astype(np.float32)).reshape(sides)
        one, next_ = (paddle.index_select(x, paddle.to_tensor(side), axis)
                      for side in (before, np.minimum(before + 1, last)))
        x = one + share * (next_ - one)
    return x


def reflect(x: paddle.Tensor, margin: int) -> paddle.Tensor:
    """`x` and its reflection around it, `margin` wide, also where that is wider than `x`."""
    for axis in (2, 3):
        last, beyond = x.shape[axis] - 1, np.arange(1, margin + 1)
        sides = [paddle.index_select(x, paddle.to_tensor(np.abs(places % (2 * last) - last)), axis)
                 for places in (last - beyond[::-1], 2 * last + beyond)]
        x = paddle.concat([sides[0], x, sides[1]], axis)
    return x


def _neighbours(x: paddle.Tensor, axis: int) -> tuple[paddle.Tensor, paddle.Tensor]:
    """Every pixel's neighbour before and after it along an axis; at the edge the pixel itself."""
    length = x.shape[axis]
    first, last = (paddle.slice(x, [axis], [i], [i + 1]) for i in (0, length - 1))
    return (paddle.concat([first, paddle.slice(x, [axis], [0], [length - 1])], axis),
            paddle.concat([paddle.slice(x, [axis], [1], [length]), last], axis))
