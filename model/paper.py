"""The colour of the bare paper around every pixel.

Bright cells of the picture that no ink was found near are averaged over larger and larger squares,
and what is missing in small ones is taken from those around: Gortler, Grzeszczuk, Szeliski, Cohen:
The Lumigraph, SIGGRAPH 1996, call it pull and push.
"""

from __future__ import annotations

import paddle
import paddle.nn.functional as F

from model.blocks import bilinear

CELL = 4  # pixels of a cell's side
LEVELS = 4  # sides of 4, 8, 16 and 32 pixels; above them the mean of all
NEAR = 2  # pixels beside a cell in which ink, too, keeps it from being paper
INK = 0.4  # from this on a mask is ink
AROUND = 9  # cells of the square, taken twice, whose brightest one says how bright paper is
# Parts of that from which a cell is hardly, and wholly, paper.
HARDLY, WHOLLY = 0.75, 0.95
SHARE = 0.05  # of what is around, beside a cell that is all paper
NOUGHT, LITTLE = 1e-3, 1e-4


@paddle.jit.not_to_static  # no branch depends on a tensor
def paper_colour(picture: paddle.Tensor, mask: paddle.Tensor) -> paddle.Tensor:
    """float32 N,3,H,W from the picture, N,3,H,W in [0, 1], and its ink, N,1,H,W in [0, 1].

    H and W are multiples of 32. No gradient goes through it.
    """
    picture, mask = without_gradient(picture), without_gradient(mask)
    known = F.relu(1.0 - brightest(mask, CELL + 2 * NEAR, CELL) / INK)
    colour = F.avg_pool2d(picture, CELL)
    light = lightness(colour) * known
    around = light
    for _ in range(2):
        around = brightest(around, AROUND)
    bright = light / (around + NOUGHT)
    weight = known * paddle.clip((bright - HARDLY) / (WHOLLY - HARDLY), 0.0, 1.0)
    cells = [(colour * weight, weight)]
    while len(cells) < LEVELS:
        cells.append(tuple(F.avg_pool2d(x, 2) for x in cells[-1]))
    total, parts = (F.adaptive_avg_pool2d(x, 1) + LITTLE for x in cells[-1])
    paper = total / parts
    for total, parts in reversed(cells):
        paper = (total + paper * SHARE) / (parts + SHARE)
        paper = bilinear(paper)
    return bilinear(paper)


def without_gradient(x: paddle.Tensor) -> paddle.Tensor:
    return x.detach().astype("float32")


def brightest(x: paddle.Tensor, side: int, stride: int = 1) -> paddle.Tensor:
    """Maximum over squares, one in the midst of every `stride` by `stride` pixels."""
    return F.max_pool2d(x, side, stride, (side - stride) // 2)


def lightness(colour: paddle.Tensor) -> paddle.Tensor:
    """The channels' mean. Not mean(), whose oneDNN kernel prints its own name."""
    return sum(colour.split(3, 1)) / 3
