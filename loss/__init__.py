"""What training minimises: named, unweighted terms; the weights live in the config."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field

import paddle

from loss.mask import cross_entropy, dice_loss
from loss.mrf import LAYERS, id_mrf_loss
from loss.perceptual import STAGES, content_loss, global_similarity_loss, style_loss
from loss.reconstruction import (
    composite,
    confidence_l1,
    masked_l1,
    multiscale_l1,
    ssim_loss,
    total_variation,
)
from model.blocks import Erased
from model.vgg import VGGFeatures, load_features

# Terms that compare features, and which features each compares.
FEATURE_TERMS = {"content": STAGES, "style": STAGES, "global_similarity": STAGES,
                 "id_mrf": tuple(LAYERS)}
TERMS = ("dice", "cross_entropy", "ink_l1", "page_l1", "coarse_ink_l1", "coarse_page_l1",
         "confidence_l1", "variation", "ssim", *FEATURE_TERMS, "adversarial")


@dataclass
class LossConfig:
    """Weights of the terms of `EraseLoss`, of which 0 leaves one out, and `MaskLoss`'s settings.

    ink_* is the mean over pixels of mask × error, page_* of (1 − mask) × error, as EraseNet's
    text-region and non-text-region losses; coarse_* are the same for the coarse pictures.
    content and style compare VGG's features of the picture, and of the ground truth with the
    picture's ink regions, with the ground truth's, global_similarity of the former alone, id_mrf of
    the latter; without `features` they are left out.
    adversarial is what a discriminator thinks of the picture: see training/adversary.py.
    """

    dice: float = 1.0
    cross_entropy: float = 0.0
    ink_l1: float = 10.0
    page_l1: float = 2.0
    coarse_ink_l1: float = 1.0
    coarse_page_l1: float = 1.0
    # One for each coarse picture, from the coarsest on; 1/4, 1/2, full of most erasers.
    coarse_scales: list[float] = field(default_factory=lambda: [0.8, 1.0, 2.0])
    coarse_page_scales: list[float] | None = None  # of coarse_page_l1, where they differ
    confidence_l1: float = 0.0  # in holes, less inside than at their rims
    variation: float = 0.0  # between neighbours of which one is ink at least
    ssim: float = 0.0  # PERT 1; one minus the similarity
    content: float = 0.0  # EraseNet 0.01
    style: float = 0.0  # EraseNet 120
    global_similarity: float = 0.0  # between a picture's own patches; PERT 0.5
    id_mrf: float = 0.0  # GMCNN 0.05
    adversarial: float = 0.0  # EraseNet 0.1, GMCNN 0.001
    features: str = ""  # file of VGG's weights: see model/vgg.py
    text: float = 2.0  # of text_seg, as all below: a pixel of text counts as this many of artwork
    gamma: float = 0.0  # of the focal loss; 0: cross-entropy

    def __post_init__(self):
        for name in (*TERMS, "text", "gamma"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"loss weight {name} must be 0 or more, got {value}")


def open_features(config: LossConfig, strict: bool = False) -> VGGFeatures | None:
    """The network behind the feature terms; None, with a warning, where no file is named for it.

    Raises ValueError for a file that cannot be read and, if `strict` or no other term is left,
    where the warning would be.
    """
    used = [term for term in FEATURE_TERMS if getattr(config, term)]
    if not used:
        return None
    if config.features:
        return load_features(config.features)
    problem = (f"loss terms {', '.join(used)} are left out: loss.features names no file of VGG's "
               "weights (VGG16 or VGG19 of Paddle's or PyTorch's model zoo, or CRAFT)")
    if strict or not any(getattr(config, term) for term in TERMS if term not in FEATURE_TERMS):
        raise ValueError(problem)
    warnings.warn(problem, stacklevel=2)
    return None


class EraseLoss:
    """What a network's pictures and mask cost.

    Called with an `Erased` and the batch's gt (N, 3, H, W in [0, 1]) and soft mask (N, 1, H, W in
    [0, 1]), it returns {name: scalar tensor} of the terms whose weight is above 0, but for
    adversarial; without `features` no FEATURE_TERMS are among them.
    """

    def __init__(self, config: LossConfig, features: VGGFeatures | None = None):
        self.config = config
        self._features = features

    def __call__(self, erased: Erased, gt: paddle.Tensor, mask: paddle.Tensor) -> dict:
        config, terms = self.config, {}
        if config.dice:
            terms["dice"] = dice_loss(erased.mask_logits, mask)
        if config.cross_entropy:
            terms["cross_entropy"] = cross_entropy(erased.mask_logits, mask)
        terms["ink_l1"], terms["page_l1"] = masked_l1(erased.image, gt, mask)
        if config.coarse_ink_l1 or config.coarse_page_l1:
            terms["coarse_ink_l1"], terms["coarse_page_l1"] = multiscale_l1(
                erased.coarse, gt, mask, config.coarse_scales,
                config.coarse_page_scales or config.coarse_scales)
        if config.confidence_l1:
            terms["confidence_l1"] = confidence_l1(erased.image, gt, mask)
        if config.variation:
            terms["variation"] = total_variation(erased.image, gt, mask)
        if config.ssim:
            terms["ssim"] = ssim_loss(erased.image, gt)
        if self._features is not None:
            terms |= self._compare(erased.image, gt, mask)
        return {name: term for name, term in terms.items() if getattr(config, name)}

    def _compare(self, image: paddle.Tensor, gt: paddle.Tensor, mask: paddle.Tensor) -> dict:
        """The feature terms."""
        used = [term for term in FEATURE_TERMS if getattr(self.config, term)]
        names = tuple({name: 0 for term in used for name in FEATURE_TERMS[term]})
        if not used:
            return {}
        with paddle.no_grad():
            wanted = self._features(gt, names)
        found, terms = self._features(composite(image, gt, mask), names), {}
        if used != ["id_mrf"]:
            whole = self._features(image, STAGES)
            for term, loss in (("content", content_loss), ("style", style_loss)):
                if term in used:
                    terms[term] = loss(whole, wanted) + loss(found, wanted)
            if "global_similarity" in used:
                terms["global_similarity"] = global_similarity_loss(whole, wanted)
        if "id_mrf" in used:
            terms["id_mrf"] = id_mrf_loss(found, wanted)
        return terms

    def total(self, terms: dict) -> paddle.Tensor:
        """The weighted sum of named terms, a scalar."""
        return sum(getattr(self.config, name) * term for name, term in terms.items())
