"""Several processes as one: batch norm over the whole batch, gradients averaged."""

from __future__ import annotations

import time

import paddle
from paddle import nn
from paddle.autograd import PyLayer
from paddle.distributed import all_reduce


class _Mean(PyLayer):
    """Mean over processes; its gradient is the mean of theirs."""

    @staticmethod
    def forward(ctx, x):
        y = x.clone()
        all_reduce(y)
        return y / paddle.distributed.get_world_size()

    @staticmethod
    def backward(ctx, gradient):
        y = gradient.clone()
        all_reduce(y)
        return y / paddle.distributed.get_world_size()


class _WholeBatchNorm(nn.BatchNorm2D):
    """Batch norm whose statistics are those of all processes' batches together.

    paddle.nn.SyncBatchNorm runs on GPUs alone; this one also on CPUs, through gloo.
    """

    def forward(self, x):
        if not self.training:
            return super().forward(x)

        def shaped(v):
            return v.reshape([1, -1, 1, 1])

        x = x.astype("float32")  # in mixed precision too: squares overflow float16
        mean = _Mean.apply(x.mean([0, 2, 3]))
        x = x - shaped(mean)
        variance = _Mean.apply((x * x).mean([0, 2, 3]))
        with paddle.no_grad():
            keep = self._momentum
            self._mean.set_value(keep * self._mean + (1 - keep) * mean)
            self._variance.set_value(keep * self._variance + (1 - keep) * variance)
        x = x * shaped(paddle.rsqrt(variance + self._epsilon))
        return x * shaped(self.weight) + shaped(self.bias)


def share_batch_norm(net: nn.Layer) -> None:
    """Make every batch norm of a network take its statistics over all processes."""
    for layer in net.sublayers():
        if type(layer) is nn.BatchNorm2D:
            layer.__class__ = _WholeBatchNorm


def wait_for_first(what: str) -> None:
    """Wait until the first process comes here, too, however long it takes; `what` is said once.

    Gloo gives up an all_reduce or a barrier within a minute, which validation may well take.
    """
    store = paddle.base.core.create_or_get_global_tcp_store()
    if paddle.distributed.get_rank() == 0:
        store.add(what, 1)
    while not store.add(what, 0):
        time.sleep(0.1)


def average_gradients(parameters: list) -> None:
    """Replace gradients by their mean over processes, in one message."""
    used = [p for p in parameters if p.grad is not None]
    flat = paddle.concat([p.grad.flatten() for p in used])
    all_reduce(flat)
    flat = flat / paddle.distributed.get_world_size()
    parts = paddle.split(flat, [p.size for p in used])
    for parameter, part in zip(used, parts, strict=True):
        parameter.grad.set_value(part.reshape(parameter.shape))
