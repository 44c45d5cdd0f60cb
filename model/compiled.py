"""Networks as static graphs through oneDNN: two to four times as fast on a CPU as eager Paddle.

Found by bisection in Paddle 3.3.1: outputs must pass through `paddle.assign`, the loss stays
outside, and the networks avoid operations whose gradients crash (see model/blocks.py). oneDNN takes
part only if FLAGS_use_mkldnn was in the environment before Paddle was imported.
"""

from __future__ import annotations

from collections.abc import Callable

import paddle

from model.blocks import Erased


class _Flat(paddle.nn.Layer):
    def __init__(self, net: paddle.nn.Layer):
        super().__init__()
        self.net = net

    def forward(self, x):
        erased = self.net(x)
        return [paddle.assign(t) for t in (erased.image, *erased.coarse, erased.mask_logits)]


def available() -> bool:
    """Whether this Paddle compiles the networks: 2.6's static graph crashes on them."""
    return int(paddle.__version__.split(".")[0]) >= 3


def worthwhile() -> bool:
    """Whether compiling gains anything here: on a CPU with oneDNN asked for, see `start_paddle`."""
    flag = "FLAGS_use_mkldnn"
    return available() and paddle.device.get_device() == "cpu" and paddle.get_flags(flag)[flag]


def compiled(net: paddle.nn.Layer) -> Callable[[paddle.Tensor], Erased]:
    """The network as a function that runs its static graph; it trains the same parameters."""
    run = paddle.jit.to_static(_Flat(net), full_graph=True)

    def forward(x: paddle.Tensor) -> Erased:
        image, *coarse, mask_logits = run(x)
        return Erased(image, coarse, mask_logits)

    return forward
