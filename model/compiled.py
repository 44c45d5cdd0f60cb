"""Networks as static graphs through oneDNN: two to four times as fast on a CPU as eager Paddle.

Found by bisection in Paddle 3.3.1: outputs must pass through `paddle.assign`, the loss stays
outside, and the networks avoid operations whose gradients crash (see model/blocks.py). Batch norm
never updates its running statistics there, so that is done here. oneDNN takes part only if
FLAGS_use_mkldnn was in the environment before Paddle was imported.
"""

from __future__ import annotations

from collections.abc import Callable

import paddle

from model import ModelConfig


class _Flat(paddle.nn.Layer):
    """The output's tensors, and in training the batch's mean and variance of each of `norms`."""

    def __init__(self, net: paddle.nn.Layer, norms: list[paddle.nn.Layer]):
        super().__init__()
        self.net = net
        self.norms = norms

    def forward(self, x):
        found = []

        def measure(layer, inputs):
            y = inputs[0].detach().astype("float32")
            count = y.size / y.shape[1]  # sums: through oneDNN, a mean prints a line on stdout
            mean = y.sum([0, 2, 3], keepdim=True) / count
            found.extend([mean.flatten(), (y - mean).square().sum([0, 2, 3]) / count])

        hooks = [layer.register_forward_pre_hook(measure) for layer in self.norms if layer.training]
        tensors = self.net(x).tensors()
        for hook in hooks:
            hook.remove()
        return [paddle.assign(tensor) for tensor in [*tensors, *found]]


def available() -> bool:
    """Whether this Paddle compiles the networks: 2.6's static graph crashes on them."""
    return int(paddle.__version__.split(".")[0]) >= 3


def trainable(config: ModelConfig) -> bool:
    """Whether oneDNN trains a compiled network: others, and other numbers of channels, abort."""
    refine = config.refine_channels if config.arch == "nonlocal" else 0
    aborts = config.arch in ("gmcnn", "pert") or (
        config.arch == "inpaint" and config.layer == "partial")
    return not aborts and config.width % 16 == 0 and refine % 16 == 0


def worthwhile() -> bool:
    """Whether compiling gains anything here: on a CPU with oneDNN asked for, see `start_paddle`."""
    flag = "FLAGS_use_mkldnn"
    return available() and paddle.device.get_device() == "cpu" and paddle.get_flags(flag)[flag]


def compiled(net: paddle.nn.Layer) -> Callable[[paddle.Tensor], tuple]:
    """The network as a function that runs its static graph; it trains the same parameters.

    The first call for a size of input fixes the mode, training or evaluation, of later ones.
    """
    norms = [layer for layer in net.sublayers() if isinstance(layer, paddle.nn.BatchNorm2D)]
    run = paddle.jit.to_static(_Flat(net, norms), full_graph=True)

    def forward(x: paddle.Tensor) -> tuple:
        training = [layer for layer in norms if layer.training]
        before = [(layer._mean.clone(), layer._variance.clone()) for layer in training]
        try:
            outputs = run(x)
        except OSError:  # no room for the temporary file that Paddle writes to read its source
            return net(x)
        count = len(outputs) - 2 * len(training)
        _update(training, before, outputs[count:])
        return net.output.of(outputs[:count])

    return forward


@paddle.no_grad()
def _update(norms: list, before: list, found: list) -> None:
    """Set running statistics as a batch leaves them: batch norm through oneDNN forgets to."""
    for i, (layer, (mean, variance)) in enumerate(zip(norms, before, strict=True)):
        keep = layer._momentum
        layer._mean.set_value(keep * mean + (1 - keep) * found[2 * i])
        layer._variance.set_value(keep * variance + (1 - keep) * found[2 * i + 1])
