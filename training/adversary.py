"""A network's opponent in adversarial training: a discriminator and its own optimiser."""

from __future__ import annotations

import numpy as np
import paddle

from loss.adversarial import deception_loss, gradient_penalty, hinge_loss, wasserstein_loss
from loss.reconstruction import composite
from model import weights
from model.discriminator import Critics, PatchDiscriminator
from training.checkpoint import optimizer_state, restore_optimizer
from training.config import AdversaryConfig
from training.parallel import average_gradients


class Adversary:
    """Learns to tell a network's pictures from ground truths, and says what it thinks of them.

    A patch discriminator judges pictures as they are, critics what they put into the ground truth's
    holes. Critics take squares of `side` pixels.
    """

    def __init__(self, config: AdversaryConfig, side: int, world: int = 1):
        self._config, self._world = config, world
        self._patches = config.kind == "patch"
        self.net = PatchDiscriminator(config.width) if self._patches else Critics(
            config.width, side)
        self.net.config = config  # for messages of weights.restore
        if config.init:
            weights.restore_discriminator(self.net, config.init)
        self._optimizer = paddle.optimizer.Adam(
            beta1=config.betas[0], beta2=config.betas[1], parameters=self.net.parameters())

    def learn(self, picture: paddle.Tensor, gt: paddle.Tensor, mask: paddle.Tensor,
              lr: float, seed: list[int]) -> float:
        """The config's `steps` on a batch, at `lr` times its `lr_ratio`. Returns the last loss.

        `seed` decides where between real and fake pictures critics' slopes are looked at.
        """
        self._train(True)
        self._optimizer.set_lr(lr * self._config.lr_ratio)
        picture = self._judged(picture.detach(), gt, mask)
        rng = np.random.default_rng(seed)
        for _ in range(self._config.steps):
            real, fake = self.net(gt, mask), self.net(picture, mask)
            if self._patches:
                loss = hinge_loss(real, fake)
            else:
                shares = paddle.to_tensor(rng.random((len(gt), 1, 1, 1), np.float32))
                loss = wasserstein_loss(real, fake) + self._config.penalty * gradient_penalty(
                    self.net, gt, picture, mask, shares)
            loss.backward()
            if self._world > 1:
                average_gradients(self.net.parameters())
            self._optimizer.step()
            self._optimizer.clear_grad()
        return float(loss)

    def judge(self, picture: paddle.Tensor, gt: paddle.Tensor, mask: paddle.Tensor
              ) -> paddle.Tensor:
        """What a batch of pictures costs the network that made them."""
        self._train(False)
        return deception_loss(self.net(self._judged(picture, gt, mask), mask))

    def _judged(self, picture, gt, mask):
        return picture if self._patches else composite(picture, gt, mask)

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
