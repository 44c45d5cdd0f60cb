"""What training minimises: named, unweighted terms; the weights live in the config."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import paddle

from loss.mask import cross_entropy, dice_loss
from loss.reconstruction import masked_l1, multiscale_l1
from model.blocks import Erased

TERMS = ("dice", "cross_entropy", "ink_l1", "page_l1", "coarse_ink_l1", "coarse_page_l1")


@dataclass
class LossConfig:
    """Weights of the terms of `EraseLoss`, of which 0 leaves one out, and `MaskLoss`'s settings.

    ink_* is the mean over pixels of mask × error, page_* of (1 − mask) × error, as EraseNet's
    text-region and non-text-region losses; coarse_* are the same at 1/4, 1/2 and full size.
    """

    dice: float = 1.0
    cross_entropy: float = 0.0
    ink_l1: float = 10.0
    page_l1: float = 2.0
    coarse_ink_l1: float = 1.0
    coarse_page_l1: float = 1.0
    coarse_scales: list[float] = field(default_factory=lambda: [0.8, 1.0, 2.0])  # 1/4, 1/2, full
    text: float = 2.0  # of text_seg, as all below: a pixel of text counts as this many of artwork
    gamma: float = 0.0  # of the focal loss; 0: cross-entropy

    def __post_init__(self):
        for name in (*TERMS, "text", "gamma"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"loss weight {name} must be 0 or more, got {value}")
        if len(self.coarse_scales) != 3:
            raise ValueError(f"coarse_scales needs three weights, got {self.coarse_scales}")


class EraseLoss:
    """Dice and cross-entropy on the mask, and L1 on the pictures.

    Called with an `Erased` and the batch's gt (N, 3, H, W in [0, 1]) and soft mask (N, 1, H, W in
    [0, 1]), it returns {name: scalar tensor} of the terms whose weight is above 0.
    """

    def __init__(self, config: LossConfig):
        self.config = config

    def __call__(self, erased: Erased, gt: paddle.Tensor, mask: paddle.Tensor) -> dict:
        config, terms = self.config, {}
        if config.dice:
            terms["dice"] = dice_loss(erased.mask_logits, mask)
        if config.cross_entropy:
            terms["cross_entropy"] = cross_entropy(erased.mask_logits, mask)
        terms["ink_l1"], terms["page_l1"] = masked_l1(erased.image, gt, mask)
        if config.coarse_ink_l1 or config.coarse_page_l1:
            terms["coarse_ink_l1"], terms["coarse_page_l1"] = multiscale_l1(
                erased.coarse, gt, mask, config.coarse_scales)
        return {name: term for name, term in terms.items() if getattr(config, name)}

    def total(self, terms: dict) -> paddle.Tensor:
        """The weighted sum of named terms, a scalar."""
        return sum(getattr(self.config, name) * term for name, term in terms.items())
