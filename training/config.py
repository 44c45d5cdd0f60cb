"""A training run's settings, read from one YAML file."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

from data.config import from_dict, read_yaml, set_keys
from data.pairs import DataConfig
from infer.quality import TTA
from loss import FEATURE_TERMS, TERMS, LossConfig
from model import FINDING, INPAINTING, ModelConfig, coarse_pictures
from model.discriminator import PatchDiscriminator

CHOICES = {"auto": None, "always": True, "never": False}
OPTIMIZERS = ("adam", "sgd", "muon")


@dataclass
class StageConfig:
    """One stage. All but the first go on from the best weights so far."""

    steps: int = 100_000
    lr: float = 1e-4  # at its highest
    final_lr: float = 1e-6  # at its lowest: where the cosine ends, or a cycle begins
    warmup: int = 200  # steps of linear rise to `lr`
    cycle: int = 0  # steps in which it rises from `final_lr` and falls again, for ever; 0: cosine
    drop: list[str] = field(default_factory=list)  # loss terms left out, such as [dice]
    freeze_mask: bool = False  # keep the mask branch: without dice, `gated` would let it drift
    freeze_encoder: bool = False  # keep text_seg's encoder, its statistics too

    def __post_init__(self):
        unknown = [term for term in self.drop if term not in TERMS]
        if unknown:
            raise ValueError(f"unknown loss terms to drop {unknown}; known: {', '.join(TERMS)}")
        if self.steps < 1 or not 0 < self.lr < math.inf:
            raise ValueError(f"a stage needs steps and lr above 0, got {self.steps}, {self.lr}")
        if not 0 <= self.final_lr <= self.lr:
            raise ValueError(f"final_lr must lie in [0, lr], got {self.final_lr} of {self.lr}")
        for name in ("warmup", "cycle"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more steps, got {getattr(self, name)}")


@dataclass
class TrainConfig:
    """How to train."""

    seed: int = 0
    batch: int = 8  # crops a step, over all processes together
    stages: list[StageConfig] = field(default_factory=lambda: [
        StageConfig(), StageConfig(drop=["dice"], freeze_mask=True)])
    init: str = ""  # checkpoint to start from, or text_seg's MobileNetV2; empty: random weights
    # 'adam', 'sgd' with Nesterov's momentum of 0.9, or 'muon', which is Adam but for convolutions
    optimizer: str = "adam"
    weight_decay: float = 0.0  # times each parameter is added to its gradient
    ema: float = 0.999  # decay of the averaged weights, which are validated and kept; 0: off
    clip: float = 1.0  # largest norm of the whole gradient; 0: off
    betas: list[float] = field(default_factory=lambda: [0.9, 0.999])  # Adam's
    device: str = "auto"  # 'auto', 'cpu', 'gpu'
    amp: str = "auto"  # mixed precision: 'auto' (on a GPU), 'always', 'never'
    compile: str = "auto"  # static graph: 'auto' (on a CPU in one process), 'always', 'never'
    log_every: int = 20  # steps between lines of log.jsonl and VisualDL
    val_every: int = 1000  # steps between validations, each of which may set a new best
    save_every: int = 500  # steps between writes of last.pdparams, which --resume reads
    keep_every: int = 0  # steps between checkpoints that are kept for good; 0: none
    val_tta: str = "none"  # views in validation, as Eraser's `tta`

    def __post_init__(self):
        for name in ("amp", "compile"):
            if getattr(self, name) not in CHOICES:
                raise ValueError(f"{name} must be one of {', '.join(CHOICES)}")
        if self.device not in ("auto", "cpu", "gpu"):
            raise ValueError(f"device must be auto, cpu or gpu, got {self.device!r}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, "
                             f"got {self.optimizer!r}")
        if self.val_tta not in TTA:
            raise ValueError(f"unknown val_tta {self.val_tta!r}; known: {', '.join(TTA)}")
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must lie in [0, 2**64), got {self.seed}")
        if not 0 <= self.ema < 1:
            raise ValueError(f"ema must lie in [0, 1), got {self.ema}")
        check_betas(self.betas)
        if not self.stages:
            raise ValueError("stages: at least one is needed")
        for name in ("batch", "log_every", "val_every", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("clip", "weight_decay", "keep_every"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")


def check_betas(betas: list[float]) -> None:
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas must be two numbers in [0, 1), got {betas}")


@dataclass
class AdversaryConfig:
    """The discriminator that `loss.adversarial` weighs: see model/discriminator.py."""

    kind: str = "patch"  # 'patch': EraseNet's, with a hinge; 'critics': GMCNN's two, WGAN-GP
    width: int = 64  # channels of its first layer
    steps: int = 1  # of its own for each of the network's
    penalty: float = 10.0  # weight of critics' gradient penalty
    lr_ratio: float = 0.1  # its learning rate, of the network's
    betas: list[float] = field(default_factory=lambda: [0.0, 0.9])  # Adam's
    init: str = ""  # file of EraseNet's discriminator, as published, to start from; empty: random

    def __post_init__(self):
        check_betas(self.betas)
        if self.init and self.kind != "patch":
            raise ValueError("init is for EraseNet's discriminator, kind patch")
        if self.kind not in ("patch", "critics"):
            raise ValueError(f"unknown kind {self.kind!r}; known: patch, critics")
        if self.width < 2 or self.steps < 1:
            raise ValueError("width must be 2 or more and steps 1 or more, got "
                             f"{self.width}, {self.steps}")
        if not 0 <= self.penalty < math.inf:
            raise ValueError(f"penalty must be 0 or more, got {self.penalty}")
        if not 0 < self.lr_ratio < math.inf:
            raise ValueError(f"lr_ratio must be above 0, got {self.lr_ratio}")


@dataclass
class Config:
    """A whole recipe: one file in configs/."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    adversary: AdversaryConfig = field(default_factory=AdversaryConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self):
        arch = self.model.arch
        if (self.data.holes is None) == (arch in INPAINTING):
            raise ValueError(f"data.holes is for {', '.join(INPAINTING)}, which need it, as `{{}}` "
                             f"at least, and for nothing else; the model is {arch}")
        if arch not in FINDING:
            self._check_coarse()
        used = [term for term in TERMS if getattr(self.loss, term)]
        for number, stage in enumerate(self.train.stages, 1):
            if not set(used) - set(stage.drop):
                raise ValueError(f"stage {number} has no loss: of {used} it drops {stage.drop}")
            if arch in FINDING and (stage.drop or stage.freeze_mask):
                raise ValueError(f"stage {number}: {arch} has no terms to drop and no mask branch; "
                                 "leave out drop and freeze_mask")
            if stage.freeze_mask and arch not in ("erasenet", "nonlocal"):
                raise ValueError(f"stage {number}: freeze_mask is for erasenet and nonlocal, "
                                 f"not for {arch}")
            if stage.freeze_encoder and arch != "text_seg":
                raise ValueError(f"stage {number}: freeze_encoder is for text_seg, not for {arch}")
        if self.train.stages[0].freeze_encoder and not self.train.init:
            raise ValueError("stage 1 keeps an encoder that was trained for nothing: give a "
                             "MobileNetV2's weights or a checkpoint, --init FILE, or leave out "
                             "freeze_encoder")
        if self.loss.adversarial:
            self._check_adversary()
        elif self.adversary.init:
            raise ValueError("adversary.init names a discriminator that loss.adversarial, 0, does "
                             "not use")
        if self.loss.features and not any(getattr(self.loss, term) for term in FEATURE_TERMS):
            raise ValueError("loss.features names a network that no loss term uses: "
                             f"{', '.join(FEATURE_TERMS)} are 0")
        if self.data.weak and arch != "craft":
            raise ValueError(f"data.weak is for craft, not for {arch}")
        if arch in FINDING:
            self._check_finding()

    def _check_coarse(self) -> None:
        """Refuse weights of other coarse pictures than the network has."""
        count = coarse_pictures(self.model)
        if not (self.loss.coarse_ink_l1 or self.loss.coarse_page_l1):
            return
        if not count:
            raise ValueError(f"{self.model.arch} has no coarse pictures; set loss.coarse_ink_l1 "
                             "and loss.coarse_page_l1 to 0")
        for name in ("coarse_scales", "coarse_page_scales"):
            scales = getattr(self.loss, name)
            if scales is not None and len(scales) != count:
                raise ValueError(f"{name} needs {count} weights, one for each of the network's "
                                 f"coarse pictures, got {scales}")

    def _check_finding(self) -> None:
        """Refuse what a network that finds text has no use for."""
        arch, unread = self.model.arch, asdict(self.loss)
        if arch == "text_seg":
            del unread["text"], unread["gamma"]
        for name, value in unread.items():
            if value != getattr(LossConfig(), name):
                raise ValueError(f"loss.{name} is not for {arch}, whose loss does not count it; "
                                 "leave it out")
        if self.train.val_tta != "none":
            raise ValueError(f"val_tta is for networks that make pictures, not for {arch}")

    def _check_adversary(self) -> None:
        if self.model.arch in FINDING:
            raise ValueError(f"loss.adversarial is for networks that make pictures, not for "
                             f"{self.model.arch}")
        crop, least = self.data.augment.crop, PatchDiscriminator.MIN_SIDE
        if self.adversary.kind == "patch" and crop < least:
            raise ValueError(f"the discriminator needs crops of {least} pixels or more, got {crop}")


def load_config(path: Path | str, assignments: list[str] = (), steps: int | None = None) -> Config:
    """Read a recipe. `assignments` are key.sub=value texts laid over it; `steps` shortens all
    stages in proportion to that many in all, each at least one.

    Raises ValueError naming the file, the key and the nearest known one.
    """
    try:
        config = from_dict(Config, set_keys(read_yaml(path), assignments))
    except ValueError as error:
        raise ValueError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    if steps is not None:
        stages = config.train.stages
        if steps < 1:
            raise ValueError(f"--steps must be 1 or more, got {steps}")
        share = steps / sum(stage.steps for stage in stages)
        for stage in stages:
            stage.steps = max(1, round(stage.steps * share))
            stage.warmup = round(stage.warmup * min(1, share))
            if stage.cycle:
                stage.cycle = max(2, round(stage.cycle * min(1, share)))
    return config
