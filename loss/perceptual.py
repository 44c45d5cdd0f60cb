"""How alike two pictures look to a network that was trained to tell things apart."""

from __future__ import annotations

import paddle

STAGES = ("pool1", "pool2", "pool3")

Features = dict[str, paddle.Tensor]


def content_loss(picture: Features, gt: Features) -> paddle.Tensor:
    """L1 between features, the mean of each of the three STAGES, added up. A scalar.

    Johnson, Alahi, Fei-Fei: Perceptual Losses, ECCV 2016, arXiv:1603.08155; L1 as EraseNet has it.
    """
    return sum((picture[stage] - gt[stage]).abs().mean() for stage in STAGES)


def style_loss(picture: Features, gt: Features) -> paddle.Tensor:
    """L1 between Gram matrices, the mean of each of the three STAGES, added up. A scalar.

    Gatys, Ecker, Bethge: Image Style Transfer Using Convolutional Neural Networks, CVPR 2016.
    """
    return sum((gram(picture[stage]) - gram(gt[stage])).abs().mean() for stage in STAGES)


def gram(features: paddle.Tensor) -> paddle.Tensor:
    """Which channels fire together: (N, C, H, W) to (N, C, C), divided by C·H·W."""
    n, c, h, w = features.shape
    flat = features.reshape([n, c, h * w])
    return flat @ flat.transpose([0, 2, 1]) / (c * h * w)
