"""What runs a network on a batch of tiles."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F


class PaddleEngine:
    """Eager Paddle on its current device: the reference.

    Called with float32 N,3,H,W in [0, 1], H and W multiples of 32, it returns (image, mask):
    float32 N,3,H,W not clipped, and N,1,H,W in [0, 1]. Every layer is left in the mode it was in.
    """

    def __init__(self, net: paddle.nn.Layer):
        self.net = net

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        modes = [(layer, layer.training) for layer in self.net.sublayers(include_self=True)]
        self.net.eval()
        try:
            with paddle.no_grad():
                erased = self.net(paddle.to_tensor(batch))
                mask = F.sigmoid(erased.mask_logits)
                return erased.image.numpy(), mask.numpy()
        finally:
            for layer, training in modes:
                layer.training = training
