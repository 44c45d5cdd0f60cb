"""The state of a run, so that one which was killed goes on as if it had not been."""

from __future__ import annotations

import re

import numpy as np
import paddle


def optimizer_state(optimizer: paddle.optimizer.Optimizer, net: paddle.nn.Layer) -> dict:
    """An optimiser's accumulators as arrays, named PARAMETER|KIND by the network's own names.

    Paddle's names depend on how many layers and optimisers the process made before.
    """
    ours = {parameter.name: name for name, parameter in net.named_parameters()}
    state = {}
    for key, value in optimizer.state_dict().items():
        if key == "LR_Scheduler" or not isinstance(value, paddle.Tensor):
            continue
        own = max((name for name in ours if key.startswith(name + "_")), key=len)
        kind = re.sub(r"_\d+$", "", key[len(own) + 1:])
        state[f"{ours[own]}|{kind}"] = value.numpy()
    return state


def restore_optimizer(
    optimizer: paddle.optimizer.Optimizer, net: paddle.nn.Layer, state: dict[str, np.ndarray]
) -> None:
    """Put accumulators back into a new optimiser, the first that `net` gets.

    Raises ValueError for those of another network.
    """
    parameters = dict(net.named_parameters())
    renamed = {}
    for key, array in state.items():
        name, _, kind = key.partition("|")
        if name not in parameters:
            raise ValueError(f"optimiser state for an unknown parameter {name!r}")
        # Paddle counts the optimisers of a parameter at the end of the name.
        renamed[f"{parameters[name].name}_{kind}_0"] = paddle.to_tensor(array)
    optimizer.set_state_dict(renamed)
