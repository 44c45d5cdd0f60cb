"""Muon: convolutions learn by orthogonal steps, all else by Adam's.

Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024; steps of Adam's size:
Liu et al., Muon is Scalable for LLM Training, 2025.
"""

from __future__ import annotations

import paddle

MOMENTUM = 0.95
ROUNDS = 5  # of the iteration, after which the singular values lie between about 0.7 and 1.2
SIZE = 0.2  # root mean square of a step over the learning rate: Adam's


class Muon(paddle.optimizer.Adam):
    """Adam but for the kernels of convolutions, N,C,H,W, taken as N rows and C·H·W columns.

    Their gradient's momentum (Nesterov's) is replaced by the nearest matrix whose singular values
    are equal: no direction is learnt faster than another one. Kernels with fewer than four rows or
    columns, those that make pictures and masks, learn as in Adam.
    """

    def _append_optimize_op(self, block, param_and_grad):
        kernel, gradient = param_and_grad
        if kernel.ndim != 4 or min(kernel.shape[0], kernel.size // kernel.shape[0]) < 4:
            return super()._append_optimize_op(block, param_and_grad)
        momentum = self._get_accumulator_master(self._moment1_acc_str, kernel)
        gradient = gradient.astype(momentum.dtype)
        momentum.lerp_(gradient, 1 - MOMENTUM)
        matrix = gradient.lerp(momentum, paddle.to_tensor(MOMENTUM)).flatten(1)
        step = orthogonal(matrix) * (SIZE * max(matrix.shape) ** 0.5 * self.get_lr())
        kernel.subtract_(step.reshape(kernel.shape).astype(kernel.dtype))
        return None


def orthogonal(matrix: paddle.Tensor) -> paddle.Tensor:
    """U·Vᵀ of the singular value decomposition U·S·Vᵀ, nearly: by Newton-Schulz iteration."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-12)
    for _ in range(ROUNDS):
        square = wide @ wide.T
        wide = 3.4445 * wide + (2.0315 * square @ square - 4.7750 * square) @ wide
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T
