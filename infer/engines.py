"""What runs a network on a batch of tiles."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F

from model.compiled import compiled


class PaddleEngine:
    """Paddle on its current device: the reference.

    Called with float32 N,3,H,W in [0, 1], H and W multiples of 32, it returns (image, mask):
    float32 N,3,H,W not clipped, and N,1,H,W in [0, 1]. Every layer is left in the mode it was in.
    `compile` runs the network as a static graph, which is built anew for every size of tile.
    """

    def __init__(self, net: paddle.nn.Layer, compile: bool = False):
        self.net = net
        self._forward = compiled(net) if compile else net

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        modes = [(layer, layer.training) for layer in self.net.sublayers(include_self=True)]
        self.net.eval()
        try:
            with paddle.no_grad():
                erased = self._forward(paddle.to_tensor(batch))
                mask = F.sigmoid(erased.mask_logits)
                return erased.image.numpy(), mask.numpy()
        finally:
            for layer, training in modes:
                layer.training = training
