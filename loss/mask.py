"""Losses on the mask branch."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F


def dice_loss(mask_logits: paddle.Tensor, mask: paddle.Tensor) -> paddle.Tensor:
    """1 − dice coefficient between sigmoid(mask_logits) and a soft mask, mean over the batch.

    Both (N, 1, H, W); `mask` in [0, 1]. A scalar in [0, 1]: 0 for a perfect mask, also where the
    mask is empty. Squared denominator: Milletari, Navab, Ahmadi: V-Net, 3DV 2016, arXiv:1606.04797,
    as EraseNet uses it; smoothed by 1 pixel so that pages without ink have a gradient too.
    """
    prob = F.sigmoid(mask_logits).flatten(1)  # (N, HW)
    mask = mask.flatten(1)
    overlap = (prob * mask).sum(1)
    size = (prob * prob).sum(1) + (mask * mask).sum(1)
    return (1 - (2 * overlap + 1) / (size + 1)).mean()


def cross_entropy(mask_logits: paddle.Tensor, mask: paddle.Tensor) -> paddle.Tensor:
    """Binary cross-entropy against a soft mask, mean over pixels, ink counted three times.

    Both (N, 1, H, W); `mask` in [0, 1]. Unlike dice it is as strict on print taken for ink in a
    crop with little ink, where dice hardly changes.
    """
    error = F.binary_cross_entropy_with_logits(mask_logits, mask, reduction="none")
    return ((1 + 2 * mask) * error).mean()
