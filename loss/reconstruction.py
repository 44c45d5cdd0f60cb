"""Losses on the pictures."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F

from metric.fidelity import K1, K2, SIGMA, WINDOW


def masked_l1(
    image: paddle.Tensor, gt: paddle.Tensor, mask: paddle.Tensor
) -> tuple[paddle.Tensor, paddle.Tensor]:
    """L1 on ink and on page: means over all pixels of mask × |error| and (1 − mask) × |error|.

    `image`, `gt` (N, 3, H, W), `mask` (N, 1, H, W) in [0, 1]; two scalars that add up to the L1.
    """
    error = (image - gt).abs()
    ink = (mask * error).mean()
    return ink, error.mean() - ink


def multiscale_l1(
    coarse: list[paddle.Tensor], gt: paddle.Tensor, mask: paddle.Tensor,
    ink_weights: list[float], page_weights: list[float],
) -> tuple[paddle.Tensor, paddle.Tensor]:
    """`masked_l1` of each coarse picture against gt and mask averaged down to its size, weighted.

    `coarse` from the coarsest scale to full size, one weight each for ink and for page.
    """
    ink = page = 0.0
    for picture, ink_weight, page_weight in zip(coarse, ink_weights, page_weights, strict=True):
        step = gt.shape[2] // picture.shape[2]
        small_gt = gt if step == 1 else F.avg_pool2d(gt, step)
        small_mask = mask if step == 1 else F.avg_pool2d(mask, step)
        scale_ink, scale_page = masked_l1(picture, small_gt, small_mask)
        ink, page = ink + ink_weight * scale_ink, page + page_weight * scale_page
    return ink, page


def composite(image: paddle.Tensor, gt: paddle.Tensor, mask: paddle.Tensor) -> paddle.Tensor:
    """The ground truth with the picture's regions of ink: gt + mask × (image − gt)."""
    return gt + mask * (image - gt)


def total_variation(
    image: paddle.Tensor, gt: paddle.Tensor, mask: paddle.Tensor
) -> paddle.Tensor:
    """How rough the ink regions and their rims are, in the ground truth around them: a scalar.

    Differences of neighbours, weighted by the larger of their masks, added up over both directions
    and divided by the picture's size. Liu et al.: Image Inpainting for Irregular Holes, ECCV 2018.
    """
    picture, total = composite(image, gt, mask), 0.0
    for axis in (2, 3):
        length = picture.shape[axis]
        (one, other), (edge, rim) = (
            [paddle.slice(x, [axis], [i], [length - 1 + i]) for i in (0, 1)]
            for x in (picture, mask))
        total = total + (paddle.maximum(edge, rim) * (one - other).abs()).sum()
    return total / picture.size


def ssim_loss(image: paddle.Tensor, gt: paddle.Tensor) -> paddle.Tensor:
    """1 − structural similarity, mean over colours and pixels: a scalar, 0 for equal pictures.

    Both (N, C, H, W). Wang et al., IEEE TIP 2004, with the constants of `metric.fidelity`, but of
    each colour instead of the luma, and up to the edges, black beyond: as in PERT's public code.
    """
    taps = _gaussian(WINDOW // 2, SIGMA)
    maps = paddle.concat([image, gt, image * gt, image.square() + gt.square()], 1)
    mean, gt_mean, product, squares = _spread(maps, taps / taps.sum()).split(4, 1)
    mean_product, mean_squares = mean * gt_mean, mean.square() + gt_mean.square()
    c1, c2 = K1**2, K2**2
    luminance = (2 * mean_product + c1) / (mean_squares + c1)
    contrast = (2 * (product - mean_product) + c2) / (squares - mean_squares + c2)
    return 1 - (luminance * contrast).mean()


REACH, SPREAD, ROUNDS = 32, 40.0, 7  # of the Gaussian: 65 pixels wide, its deviation; how often


def confidence(hole: paddle.Tensor) -> paddle.Tensor:
    """How much the surroundings say of each pixel of a hole: highest at its rim, lower inwards,
    0 outside of it. (N, 1, H, W) of 0 and 1 to as many in [0, 1].

    Wang et al.: Image Inpainting via GMCNN, NeurIPS 2018: what is known, 1, is spread into the hole
    by a Gaussian, several times. What lies beyond the picture's edge does not count.
    """
    taps = _gaussian(REACH, SPREAD)
    whole, found = _spread(paddle.ones_like(hole), taps), paddle.zeros_like(hole)
    for _ in range(ROUNDS):
        found = _spread(1 - hole + found, taps) / whole * hole
    return found


def confidence_l1(
    image: paddle.Tensor, gt: paddle.Tensor, hole: paddle.Tensor
) -> paddle.Tensor:
    """L1 in holes, each pixel weighted by its confidence: mean over the holes' pixels. A scalar."""
    error = (confidence(hole) * (image - gt).abs()).sum()
    return error / (hole.sum() * image.shape[1]).clip(min=1)


def _gaussian(reach: int, deviation: float) -> paddle.Tensor:
    """The 2 × reach + 1 values of a Gaussian, in pixels, that is 1 in the middle."""
    steps = paddle.arange(-reach, reach + 1, dtype="float32")
    return (-(steps / deviation).square() / 2).exp()


def _spread(x: paddle.Tensor, taps: paddle.Tensor) -> paddle.Tensor:
    """Each channel of (N, C, H, W) convolved with `taps` along both axes, 0 beyond the edge."""
    n, c, h, w = x.shape
    reach = len(taps) // 2
    x = x.reshape([n * c, 1, h, w])
    x = F.conv2d(x, taps.reshape([1, 1, -1, 1]), padding=[reach, 0])
    return F.conv2d(x, taps.reshape([1, 1, 1, -1]), padding=[0, reach]).reshape([n, c, h, w])
