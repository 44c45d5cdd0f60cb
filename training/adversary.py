"""A network's opponent in adversarial training: a discriminator and its own optimiser."""

from __future__ import annotations

import paddle

from loss.adversarial import deception_loss, hinge_loss
from model import weights
from model.discriminator import PatchDiscriminator
from training.checkpoint import optimizer_state, restore_optimizer
from training.config import AdversaryConfig
from training.parallel import average_gradients


class Adversary:
    """Learns to tell a network's pictures from ground truths, and says what it thinks of them."""

    def __init__(self, config: AdversaryConfig, world: int = 1):
        self._config, self._world = config, world
        self.net = PatchDiscriminator(config.width)
        self.net.config = config  # for messages of weights.restore
        self._optimizer = paddle.optimizer.Adam(
            beta1=config.betas[0], beta2=config.betas[1], parameters=self.net.parameters())

    def learn(self, picture: paddle.Tensor, gt: paddle.Tensor, mask: paddle.Tensor,
              lr: float) -> float:
        """One step on a batch, at `lr` times the config's `lr_ratio`. Returns the loss."""
        self._train(True)
        picture = picture.detach()
        loss = hinge_loss(self.net(gt, mask), self.net(picture, mask))
        loss.backward()
        if self._world > 1:
            average_gradients(self.net.parameters())
        self._optimizer.set_lr(lr * self._config.lr_ratio)
        self._optimizer.step()
        self._optimizer.clear_grad()
        return float(loss)

    def judge(self, picture: paddle.Tensor, mask: paddle.Tensor) -> paddle.Tensor:
        """What a batch of pictures costs the network that made them."""
        self._train(False)
        return deception_loss(self.net(picture, mask))

    def _train(self, on: bool) -> None:
        """Gradients of the discriminator's own parameters, which judging has no use for."""
        for parameter in self.net.parameters():
            parameter.stop_gradient = not on

    def state(self) -> dict:
        """What `restore` takes."""
        return {"model": weights.state_of(self.net),
                "optimizer": optimizer_state(self._optimizer, self.net)}

    def restore(self, state: dict) -> None:
        weights.restore(self.net, state["model"])
        restore_optimizer(self._optimizer, self.net, state["optimizer"])
