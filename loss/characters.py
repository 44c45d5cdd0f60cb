"""What CRAFT's score maps cost."""

from __future__ import annotations

import paddle

POSITIVE = 0.1  # label from which on a pixel belongs to a character, or to the gap between two
NEGATIVES = 3  # hard pixels of background for each of these
FEWEST = 500  # of them, where there is no text at all


class CharacterLoss:
    """Squared errors of region and affinity scores, of the background's only the largest.

    Baek et al., CVPR 2019, section 3.2; online hard negatives 1:3 as in section 4.2. Called with a
    `Detected` and labels, float32 N,3,H,W with region and affinity in [0, 1] and how far these are
    to be trusted, it returns {name: scalar tensor}.
    """

    def __call__(self, detected, labels: paddle.Tensor) -> dict:
        error = (detected.scores - labels[:, :2]).square() * labels[:, 2:]
        return {name: hard_mean(error[:, i], labels[:, i])
                for i, name in enumerate(("region", "affinity"))}

    def total(self, terms: dict) -> paddle.Tensor:
        return sum(terms.values())


def hard_mean(error: paddle.Tensor, label: paddle.Tensor) -> paddle.Tensor:
    """Mean error where labels are high, plus that of the worst background pixels, a scalar."""
    positive = (label > POSITIVE).astype("float32")
    count = int(positive.sum())
    hard = max(1, min(error.size - count, max(NEGATIVES * count, FEWEST)))
    worst, _ = paddle.topk((error * (1 - positive)).flatten(), hard)
    return (error * positive).sum() / max(count, 1) + worst.mean()
