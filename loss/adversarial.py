"""What a discriminator minimises, and what it costs the network that it judges."""

from __future__ import annotations

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
