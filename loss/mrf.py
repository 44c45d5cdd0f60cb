"""ID-MRF: every patch of the ground truth should be somewhere in the picture.

Wang, Tao, Qi, Shen, Jia: Image Inpainting via Generative Multi-column Convolutional Neural
Networks, NeurIPS 2018, arXiv:1810.08771.
"""

from __future__ import annotations

import paddle

from loss.perceptual import Features

LAYERS = {"conv3_2": 1.0, "conv4_2": 2.0}  # the second counts as style and as content
SHARPNESS = 0.5  # h of the paper
EPSILON = 1e-5


def id_mrf_loss(picture: Features, gt: Features) -> paddle.Tensor:
    """The loss of each of LAYERS, weighted and added up. A scalar above 0."""
    return sum(weight * layer_loss(picture[name], gt[name]) for name, weight in LAYERS.items())


def layer_loss(picture: paddle.Tensor, gt: paddle.Tensor) -> paddle.Tensor:
    """−log of how surely each position of `gt`, (N, C, H, W), is the one that some position of
    `picture` is likest to; mean over the batch.

    Relative similarity as in the public code: a position of the picture shares a likeness of 1
    among all positions of gt, sharply in favour of the nearest. Where many are nearest to the same
    one, the others go without. Features are seen from gt's mean (the public code takes off each
    position's mean over channels, and so minds where a patch lies). Memory grows as (H·W)².
    """
    mean = gt.mean([2, 3], keepdim=True)
    picture, gt = _directions(picture - mean), _directions(gt - mean)
    distance = (1 - picture @ gt.transpose([0, 2, 1])) / 2  # (N, HW of picture, HW of gt)
    relative = distance / (distance.min(2, keepdim=True) + EPSILON)
    likeness = ((1 - relative) / SHARPNESS).exp()
    likeness = likeness / likeness.sum(2, keepdim=True)
    return -likeness.max(1).mean(1).log().mean()


def _directions(features: paddle.Tensor) -> paddle.Tensor:
    """(N, C, H, W) to (N, HW, C) of length 1."""
    n, c, h, w = features.shape
    flat = features.reshape([n, c, h * w]).transpose([0, 2, 1])
    return flat / (flat.square().sum(2, keepdim=True) + 1e-12).sqrt()
