"""What a discriminator minimises, and what it costs the network that it judges."""

from __future__ import annotations

from collections.abc import Callable

import paddle
import paddle.nn.functional as F


def hinge_loss(real: paddle.Tensor, fake: paddle.Tensor) -> paddle.Tensor:
    """The discriminator's: real scores should be above 1, fake ones below −1. A scalar.

    Lim, Ye: Geometric GAN, 2017, arXiv:1705.02894; for every patch, as in SN-PatchGAN: Yu et al.:
    Free-Form Image Inpainting with Gated Convolution, ICCV 2019, arXiv:1806.03589.
    """
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def deception_loss(fake: paddle.Tensor) -> paddle.Tensor:
    """The judged network's: its pictures' scores should be high. A scalar of any sign."""
    return -fake.mean()


def wasserstein_loss(real: paddle.Tensor, fake: paddle.Tensor) -> paddle.Tensor:
    """The critics': how much higher the fakes' scores are, of either sign. A scalar.

    Arjovsky, Chintala, Bottou: Wasserstein GAN, ICML 2017, arXiv:1701.07875.
    """
    return fake.mean() - real.mean()


def gradient_penalty(
    critics: Callable, real: paddle.Tensor, fake: paddle.Tensor, mask: paddle.Tensor,
    shares: paddle.Tensor,
) -> paddle.Tensor:
    """How far from 1 the slope of each critic's scores is, squared, between real and fake pictures.

    `critics` maps pictures and masks to scores (N, critics); `shares`, (N, 1, 1, 1) in [0, 1], are
    those of the real ones. Gulrajani et al.: Improved Training of Wasserstein GANs, NeurIPS 2017,
    arXiv:1704.00028.
    """
    between = (fake + shares * (real - fake)).detach()
    between.stop_gradient = False
    scores, penalty = critics(between, mask), 0.0
    for score in scores.split(scores.shape[1], 1):
        (slope,) = paddle.grad(score.sum(), between, create_graph=True)
        length = (slope.square().sum([1, 2, 3]) + 1e-12).sqrt()
        penalty = penalty + (length - 1).square().mean()
    return penalty
