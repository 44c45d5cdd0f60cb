"""The training loop: stages of steps, validation on whole pages, checkpoints to resume from."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import paddle
from tqdm import tqdm

from data.files import make_folder, write_bytes
from data.holes import INK
from data.image_io import write_image
from data.pairs import open_data
from data.soft_mask import soft_mask
from infer import Eraser
from infer.engines import PaddleEngine
from loss import EraseLoss, open_features
from metric import METRICS
from model import build, described, weights
from model.blocks import in_float32
from model.compiled import available, compiled, trainable
from training.adversary import Adversary
from training.batches import StepSampler, loader
from training.checkpoint import optimizer_state, restore_optimizer
from training.config import CHOICES, Config, StageConfig, TrainConfig
from training.muon import Muon
from training.parallel import average_gradients, share_batch_norm, wait_for_first

VALIDATION_METRICS = ("psnr", "ms_ssim")
LARGEST_JPEG = 65_500  # pixels of a side
LONGEST_NAME = 200  # bytes of a page's: with a number and a suffix, file systems take 255


class Trainer:
    """Trains one network through all its stages into the folder `out`.

    There it writes last.pdparams (all that --resume needs), best.pdparams (the weights that
    validated best), log.jsonl, VisualDL scalars where that is installed, and strips of page, erased
    page and ground truth under pictures/. What another kind of network needs otherwise is in the
    methods from `_open` to `_score`, and in `_run_stage`.
    """

    DECIDES = "psnr"  # the validation's figure by which weights are the best

    def __init__(self, config: Config, out: Path | str, resume: bool = False,
                 strict: bool = False):
        """`strict` makes an error of loss terms that have to be left out."""
        train = config.train
        self.config, self.out = config, Path(out)
        self.world, self.rank = paddle.distributed.get_world_size(), paddle.distributed.get_rank()
        self.on_gpu = set_device(train.device)
        paddle.seed(train.seed)
        self.dataset, self.val_pages = self._open()
        self.features = open_features(config.loss, strict)
        self.net = build(config.model)
        if train.init and not resume:  # whose own weights count
            try:
                self._begin_with(train.init)
            except ValueError as error:
                raise ValueError(f"train.init={train.init}: {error}") from None
        if self.world > 1:
            share_batch_norm(self.net)
        compile_ = CHOICES[train.compile]
        if compile_ is None:
            compile_ = (not self.on_gpu and self.world == 1 and available()
                        and trainable(config.model))
        elif compile_ and not (self.world == 1 and available()):
            raise ValueError("compile: always needs Paddle 3 and one process; use auto or never")
        elif compile_ and not (self.on_gpu or trainable(config.model)):
            raise ValueError("compile: always needs a width and refine_channels that are multiples "
                             "of 16 on a CPU, and neither gmcnn, pert nor inpaint with partial "
                             "layers; use auto or never")
        self.compiles = compile_
        self.forward = compiled(self.net) if compile_ else self.net
        amp = CHOICES[train.amp]
        self.amp = self.on_gpu if amp is None else amp
        # bfloat16 needs no loss scaling; GPUs before Ampere have float16 only.
        self.amp_type = "bfloat16" if not self.on_gpu or paddle.amp.is_bfloat16_supported() \
            else "float16"
        self.average = build(config.model)  # exponential moving average of the weights
        self.average.eval()
        self.engine = PaddleEngine(self.average, compile_)
        self.adversary = None
        if config.loss.adversarial:
            adversary = replace(config.adversary, init="") if resume else config.adversary
            self.adversary = Adversary(adversary, config.data.augment.crop, self.world)
        self.stage, self.step, self.best = 0, 0, None  # step counts within the stage
        self.saved_optimizer: dict | None = None
        weights.restore(self.average, weights.state_of(self.net))
        if self.rank == 0:
            make_folder(self.out)
            if not resume:
                self._claim()
        if resume:
            self._resume()

    def _open(self) -> tuple:
        """The crops to train on and the pages to validate on."""
        return open_data(self.config.data, self.config.train.seed)

    def _begin_with(self, path: str) -> None:
        """Take the first weights from a file."""
        first = weights.load(path)
        # Names and shapes alone do not tell forms or kinds of attention apart.
        held, wanted = described(first.config), described(self.config.model)
        state = weights.state_of(first)
        if held.get("form") == "gated" and wanted.get("form") == "paper":  # that, and what is bare
            held["form"], state = "paper", weights.state_of(self.net) | state
        if held != wanted:
            raise ValueError(f"it holds {held}, the recipe describes {wanted}")
        weights.restore(self.net, state)

    def _criterion(self, stage: StageConfig) -> EraseLoss:
        return EraseLoss(replace(self.config.loss, **dict.fromkeys(stage.drop, 0.0)), self.features)

    def _targets(self, batch: list) -> list:
        """The network's input and what the criterion compares its output with."""
        return batch

    def _score(self, number: int) -> dict[str, float]:
        """Figures of the averaged weights on the validation pages; `number` goes into pictures'
        names.
        """
        data = self.config.data
        how = {"networks": [self.engine], "tta": self.config.train.val_tta}
        if data.holes is not None:
            how = {"networks": [], "fill": self.engine, "dilate": data.holes.dilate}
        eraser = Eraser(**how, quality="published", engine="paddle")
        scores = []
        for page in self.val_pages:
            image, gt = page.read()
            holes = None
            if data.holes is not None:
                holes = soft_mask(image, gt, data.threshold, data.channel, data.dilate) >= INK
            erased = eraser.run(image, holes=holes).image
            scores.append({name: METRICS[name](erased, gt) for name in VALIDATION_METRICS})
            self._show(page.name, number, image, erased, gt)
        # A page erased to the last bit has an infinite PSNR: 100 dB is as good as any.
        return {name: float(np.mean([min(score[name], 100.0) for score in scores]))
                for name in VALIDATION_METRICS}

    def _show(self, name: str, number: int, *pictures: np.ndarray) -> None:
        """Write a page's pictures, uint8 H,W,3, side by side, as large as a JPEG may be."""
        strip = np.hstack(pictures)
        share = LARGEST_JPEG / max(strip.shape[:2])
        if share < 1:
            strip = cv2.resize(strip, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        end = os.fsencode(name)[-LONGEST_NAME:].decode(errors="ignore")
        write_image(make_folder(self.out / "pictures") / f"{end}_{number}.jpg", strip, quality=90)

    def _claim(self) -> None:
        """Refuse to write over another run; forget what one wrote that was stopped before its first
        save.
        """
        if self._last.exists():
            raise ValueError(f"{self._last}: a run is here; --resume goes on with it, "
                             "another --out begins a new one")
        if self._best.exists():
            raise ValueError(f"{self._best}: without a last.pdparams it is another run's; move it "
                             "away, or begin a new one with another --out")
        self._log_path.unlink(missing_ok=True)

    @property
    def _last(self) -> Path:
        return self.out / "last.pdparams"

    @property
    def _best(self) -> Path:
        return self.out / "best.pdparams"

    @property
    def _log_path(self) -> Path:
        return self.out / "log.jsonl"

    def fit(self) -> Path:
        """Run what is left of all stages. Returns the path of the best weights."""
        stages = self.config.train.stages
        while self.stage < len(stages):
            self._run_stage(stages[self.stage])
            self.stage, self.step = self.stage + 1, 0
            best = weights.read(self._best)["model"]
            weights.restore(self.net, best)
            weights.restore(self.average, best)
            self._save_last(None)
        return self._best

    def _run_stage(self, stage: StageConfig) -> None:
        config = self.config.train
        for name, parameter in self.net.named_parameters():
            frozen = (stage.freeze_mask and ".mask_" in f".{name}"
                      or stage.freeze_encoder and name.startswith("encoder."))
            # Paddle counts batch norm's running statistics among the parameters.
            parameter.stop_gradient = frozen or name.endswith(weights.STATISTICS)
        trained = [p for p in self.net.parameters() if not p.stop_gradient]
        optimizer = make_optimizer(config, stage.lr, trained)
        if self.saved_optimizer is not None:
            restore_optimizer(optimizer, self.net, self.saved_optimizer)
            self.saved_optimizer = None
        scaler = paddle.amp.GradScaler(
            enable=self.amp and self.amp_type == "float16", init_loss_scaling=1024.0)
        criterion = self._criterion(stage)
        offset = sum(s.steps for s in config.stages[:self.stage])
        sampler = StepSampler(len(self.dataset), config.batch, offset + self.step,
                              offset + stage.steps, config.seed, self.rank, self.world)
        writer = scalar_writer(self.out) if self.rank == 0 else None
        self.net.train()
        if stage.freeze_encoder:
            self.net.encoder.eval()
        with tqdm(total=stage.steps, initial=self.step, unit="step", disable=self.rank > 0,
                  desc=f"stage {self.stage + 1}/{len(config.stages)}",
                  dynamic_ncols=True) as bar, closing(loader(self.dataset, sampler)) as batches:
            for *batch, names in batches:
                optimizer.set_lr(learning_rate(stage, self.step))
                values = self._take_step(batch, names, criterion, optimizer, scaler, trained)
                rate = (bar.format_dict["rate"] or 0) * config.batch
                bar.set_postfix({name: f"{value:.4f}" for name, value in values.items()},
                                images_s=f"{rate:.2f}", refresh=False)
                bar.update()
                if self.rank == 0:
                    self._record(stage, offset, values, names, optimizer, writer)
                if self.world > 1 and self._validates(stage):
                    wait_for_first(f"validation at step {offset + self.step}")

    def _take_step(self, batch: list, names: list[str], criterion: EraseLoss,
                   optimizer: paddle.optimizer.Optimizer, scaler: paddle.amp.GradScaler,
                   trained: list) -> dict[str, float]:
        """One step on a batch. Returns the loss and its terms."""
        image, *targets = self._targets(batch)
        seeds = [self.config.train.seed, self.stage, self.step, self.rank]
        # What a network drops at random follows from the step: a resumed run drops the same.
        paddle.seed(int(np.random.SeedSequence(seeds).generate_state(1)[0]))
        with paddle.amp.auto_cast(self.amp, dtype=self.amp_type):
            output = in_float32(self.forward(image))
        terms, learnt = criterion(output, *targets), {}
        if self.adversary is not None and criterion.config.adversarial:
            learnt["discriminator"] = self.adversary.learn(
                output.image, *targets, optimizer.get_lr(), seeds)
            terms["adversarial"] = self.adversary.judge(output.image, *targets)
        loss = criterion.total(terms)
        values = {"loss": float(loss), **{name: float(term) for name, term in terms.items()},
                  **learnt}
        if not np.isfinite(list(values.values())).all():
            self._stop("loss", self.step + 1, values, names)
        scaler.scale(loss).backward()
        if self.world > 1:
            average_gradients(trained)
        scaler.step(optimizer)
        scaler.update()
        optimizer.clear_grad()
        self.step += 1
        self._update_average()
        return values

    def _record(self, stage: StageConfig, offset: int, values: dict, names: list[str],
                optimizer: paddle.optimizer.Optimizer, writer) -> None:
        """Log, validate and save, whatever is due after a step."""
        config = self.config.train
        validates = self._validates(stage)
        keeps = config.keep_every and self.step % config.keep_every == 0
        # The best weights are never there without a run to resume: see `_claim`.
        saves = self.step % config.save_every == 0 or validates and not self._last.exists()
        if self.step % config.log_every == 0 or self.step == stage.steps:
            self._log(writer, offset, lr=optimizer.get_lr(), **values)
        # A finite loss may have an infinite gradient: it must not spoil the good checkpoint.
        if (validates or keeps or saves) and not all(
                bool(tensor.isfinite().all()) for tensor in self.net.state_dict().values()):
            self._stop("network", self.step, values, names)
        if validates:
            self._validate(writer, offset)
        if keeps:
            self._save_average(self.out / f"step_{offset + self.step}.pdparams")
        if saves:
            self._save_last(optimizer)

    def _validates(self, stage: StageConfig) -> bool:
        """Whether it is time to, after a step."""
        return self.step % self.config.train.val_every == 0 or self.step == stage.steps

    def _stop(self, what: str, step: int, values: dict, names: list[str]) -> None:
        last = (f"{self._last}. Mend a page at fault and go on with --resume, or begin anew with "
                "train.init set to it and a lower learning rate") \
            if self._last.exists() else "none yet. Mend a page at fault or lower the learning rate"
        raise FloatingPointError(
            f"the {what} is not finite at step {step} of stage {self.stage + 1}: "
            f"{', '.join(f'{k} {v:.4g}' for k, v in values.items())}; pages {', '.join(names)}; "
            f"last good checkpoint: {last}"
        )

    @paddle.no_grad()
    def _update_average(self) -> None:
        # Early on the average follows closely, or it would remember the random start for long.
        decay = min(self.config.train.ema, (1 + self.step) / (10 + self.step))
        ours = self.net.state_dict()
        for name, tensor in self.average.state_dict().items():
            tensor.set_value(decay * tensor + (1 - decay) * ours[name])

    def _validate(self, writer, offset: int) -> None:
        """Try the averaged weights on the validation pages; keep them if they are the best."""
        means = self._score(offset + self.step)
        self._log(writer, offset, **means)
        tqdm.write(f"stage {self.stage + 1} step {self.step}: "
                   + ", ".join(f"{name} {value:.4f}" for name, value in means.items()), sys.stderr)
        if self.best is None or means[self.DECIDES] > self.best[self.DECIDES]:
            self.best = means
            self._save_average(self._best)

    def _log(self, writer, offset: int, **scalars) -> None:
        line = {"stage": self.stage + 1, "step": self.step, **scalars}
        with self._log_path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        if writer is not None:
            for name, value in scalars.items():
                writer.add_scalar(name, value, offset + self.step)

    def _about(self) -> dict:
        return {"stage": self.stage + 1, "step": self.step, "metric": self.best or {}}

    def _save_average(self, path: Path) -> None:
        weights.save(path, weights.state_of(self.average), self.config.model,
                     **self._about())

    def _save_last(self, optimizer: paddle.optimizer.Optimizer | None) -> None:
        if self.rank > 0:
            return
        run = {
            "stage": self.stage, "step": self.step, "best": self.best,
            "average": weights.state_of(self.average),
            "optimizer": None if optimizer is None else optimizer_state(optimizer, self.net),
            "adversary": None if self.adversary is None else self.adversary.state(),
            "config": asdict(self.config),
        }
        weights.save(self._last, weights.state_of(self.net), self.config.model,
                     **self._about(), run=run)

    def _resume(self) -> None:
        if not self._last.exists():
            raise ValueError(f"{self._last}: no run to resume; leave --resume out to begin one")
        content = weights.read(self._last)
        run = content.get("run")
        if run is None:
            raise ValueError(f"{self._last}: weights only, no run to resume; set train.init to it")
        changed = differences(run["config"], asdict(self.config))
        if changed:
            raise ValueError(f"{self._last}: the run has other settings: {'; '.join(changed[:5])}")
        weights.restore(self.net, content["model"])
        weights.restore(self.average, run["average"])
        self.stage, self.step, self.best = run["stage"], run["step"], run["best"]
        self.saved_optimizer = run["optimizer"]
        if self.rank == 0:
            self._forget_later_lines()
        if self.adversary is not None:
            self.adversary.restore(run["adversary"])

    def _forget_later_lines(self) -> None:
        """Leave in the log what the run had done that is resumed: no step is in it twice."""
        path, kept = self._log_path, []
        if not path.exists():
            return
        for line in path.read_text("utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # torn by a kill
            if (entry["stage"] - 1, entry["step"]) <= (self.stage, self.step):
                kept.append(f"{line}\n")
        write_bytes(path, "".join(kept).encode())


def differences(old: dict, new: dict, where: str = "") -> list[str]:
    """What two configs disagree on, but for settings that leave the weights as they are."""
    free = {"root", "cache_mb", "workers", "log_every", "save_every", "keep_every", "device",
            "init"}
    found = []
    for key in new.keys() - free:
        a, b = old.get(key), new[key]
        if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            a, b = dict(enumerate(a)), dict(enumerate(b))
        if isinstance(a, dict) and isinstance(b, dict):
            found += differences(a, b, f"{where}{key}.")
        elif a != b:
            found.append(f"{where}{key} was {a}, is {b}")
    return sorted(found)


def make_optimizer(
    config: TrainConfig, lr: float, parameters: list
) -> paddle.optimizer.Optimizer:
    common = {
        "parameters": parameters, "weight_decay": config.weight_decay or None,
        "grad_clip": paddle.nn.ClipGradByGlobalNorm(config.clip) if config.clip else None}
    if config.optimizer == "sgd":
        return paddle.optimizer.Momentum(lr, 0.9, use_nesterov=True, **common)
    kind = {"adam": paddle.optimizer.Adam, "muon": Muon}[config.optimizer]
    return kind(lr, *config.betas, **common)


def learning_rate(stage: StageConfig, step: int) -> float:
    """Linear rise over `warmup` steps times a cosine from `lr` to `final_lr` over the stage.

    With a `cycle`, instead, up and down again between the two on straight lines: Smith, WACV 2017,
    arXiv:1506.01186.
    """
    if stage.cycle:
        share = 1 - abs(2 * (step % stage.cycle) / stage.cycle - 1)
        return float(stage.final_lr + (stage.lr - stage.final_lr) * share)
    cosine = (1 + np.cos(np.pi * step / stage.steps)) / 2
    rise = min(1.0, (step + 1) / max(1, stage.warmup))
    return float(rise * (stage.final_lr + (stage.lr - stage.final_lr) * cosine))


def set_device(name: str) -> bool:
    """Choose the device; True for a GPU. ValueError where there is none."""
    has_gpu = paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if name == "gpu" and not has_gpu:
        raise ValueError("device gpu: this Paddle sees none; set train.device to cpu or auto")
    if name == "cpu" or not has_gpu:
        paddle.device.set_device("cpu")
        return False
    return True


def scalar_writer(out: Path):
    """A VisualDL writer, or None where it is not installed: log.jsonl has the same figures."""
    try:
        from visualdl import LogWriter
    except ImportError:
        return None
    return LogWriter(str(out / "visualdl"))
