"""The state of a run, so that one which was killed goes on as if it had not been."""

from __future__ import annotations

import numpy as np
import paddle


def optimizer_state(optimizer: paddle.optimizer.Optimizer, net: paddle.nn.Layer) -> dict:
    """An optimiser's accumulators as arrays, under the network's own parameter names.

    Paddle's names depend on how many layers the process made before.
    """
    ours = {parameter.name: name for name, parameter in net.named_parameters()}
    state = {}
    for key, value in optimizer.state_dict().items():
        if key == "LR_Scheduler" or not isinstance(value, paddle.Tensor):
            continue
        own = max((name for name in ours if key.startswith(name + "_")), key=len)
        state[f"{ours[own]}|{key[len(own):]}"] = value.numpy()
    return state


def restore_optimizer(
    optimizer: paddle.optimizer.Optimizer, net: paddle.nn.Layer, state: dict[str, np.ndarray]
) -> None:
    """Put accumulators back. Raises ValueError for those of another network."""
    parameters = dict(net.named_parameters())
    renamed = {}
    for key, array in state.items():
        name, _, rest = key.partition("|")
        if name not in parameters:
            raise ValueError(f"optimiser state for an unknown parameter {name!r}")
        renamed[parameters[name].name + rest] = paddle.to_tensor(array)
    optimizer.set_state_dict(renamed)
