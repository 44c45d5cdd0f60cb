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


def cross_entropy(
    mask_logits: paddle.Tensor, mask: paddle.Tensor, ink: float = 3.0, gamma: float = 0.0
) -> paddle.Tensor:
    """Binary cross-entropy against a soft mask, mean over pixels, ink counted `ink` times.

    Both (N, 1, H, W); `mask` in [0, 1]. Unlike dice it is as strict on print taken for ink in a
    crop with little ink, where dice hardly changes. A `gamma` above 0 makes it the focal loss (Lin
    et al., ICCV 2017, arXiv:1708.02002): a pixel that is p right counts (1 - p)^gamma.
    """
    error = F.binary_cross_entropy_with_logits(mask_logits, mask, reduction="none")
    if gamma:
        prob = F.sigmoid(mask_logits)
        # Away from 0, where a root's gradient is infinite.
        wrong = (mask + prob - 2 * mask * prob).clip(min=1e-6)
        error = wrong**gamma * error
    return ((1 + (ink - 1) * mask) * error).mean()


class MaskLoss:
    """What the mask of a network that gives nothing else costs: weighted cross-entropy, or focal.

    Called with an output that has mask_logits and a soft mask, both (N, 1, H, W), it returns
    {name: scalar tensor}.
    """

    def __init__(self, text: float, gamma: float):
        self._text, self._gamma = text, gamma

    def __call__(self, output, mask: paddle.Tensor) -> dict:
        return {"focal" if self._gamma else "cross_entropy":
                cross_entropy(output.mask_logits, mask, self._text, self._gamma)}

    def total(self, terms: dict) -> paddle.Tensor:
        return sum(terms.values())
