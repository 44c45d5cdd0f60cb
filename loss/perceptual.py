"""How alike two pictures look to a network that was trained to tell things apart."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F

STAGES = ("pool1", "pool2", "pool3")
PATCHES = (2, 4, 8)  # of each of the STAGES, along each side; PERT's public code

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


def global_similarity_loss(picture: Features, gt: Features) -> paddle.Tensor:
    """Squared error of how alike a picture's patches are, the mean of each of the three STAGES,
    added up. A scalar.

    PERT's, as its public code has it: the pair-wise distillation of Liu et al.: Structured
    Knowledge Distillation for Semantic Segmentation, CVPR 2019, arXiv:1903.04197.
    """
    return sum((cosines(picture[stage], side) - cosines(gt[stage], side)).square().mean()
               for stage, side in zip(STAGES, PATCHES, strict=True))


def cosines(features: paddle.Tensor, side: int) -> paddle.Tensor:
    """How alike any two of side × side patches are: (N, C, H, W) to (N, side², side²).

    A patch is the largest value of each of its channels. Lengths are constants to the gradient, as
    in the public code.
    """
    patches = F.adaptive_max_pool2d(features, side).flatten(2)  # (N, C, side²)
    patches = patches / (patches.square().sum(1, keepdim=True).sqrt().detach() + 1e-8)
    return patches.transpose([0, 2, 1]) @ patches


def gram(features: paddle.Tensor) -> paddle.Tensor:
    """Which channels fire together: (N, C, H, W) to (N, C, C), divided by C·H·W."""
    n, c, h, w = features.shape
    flat = features.reshape([n, c, h * w])
    return flat @ flat.transpose([0, 2, 1]) / (c * h * w)
