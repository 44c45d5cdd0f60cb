import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle.vision.models.vgg import make_layers

import train
from data.config import from_dict
from data.image_io import read_image
from infer import engines
from loss import TERMS
from model import ModelConfig, build, weights
from model.compiled import available, compiled, trainable
from training import loop
from training.config import Config, StageConfig
from training.loop import Trainer, differences, learning_rate

ROOT = Path(__file__).parents[2]
TWO_STAGES = [{"steps": 3, "lr": 1e-3}, {"steps": 3, "drop": ["dice"], "freeze_mask": True}]
MODES = ["never", pytest.param("always", marks=pytest.mark.skipif(
    not available(), reason="this Paddle does not compile the networks"))]


@pytest.fixture
def pages(tmp_path, make_set):
    return make_set(tmp_path / "pages")


def recipe(pages, compile="never", flip=0.5, **train):
    """Small settings; compiled networks need a width of 16."""
    augment = {"crop": 64, "flip": flip, "rotate": 0.0}
    return from_dict(Config, {
        "model": {"width": 4 if compile == "never" else 16, "form": "gated"},
        "data": {"root": str(pages), "val_fraction": 0, "val_pages": 1, "augment": augment},
        "train": {"batch": 2, "compile": compile, "amp": "never", "save_every": 1, "log_every": 1,
                  "stages": TWO_STAGES, **train},
    })


def log(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def steps(out):
    return [(line["stage"], line["step"]) for line in log(out)]


def equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("optimizer, lr", [("adam", 3e-3), ("muon", 2e-2)])
@pytest.mark.parametrize("compile", MODES)
def test_steps_on_one_batch_lower_the_loss(tmp_path, make_set, compile, optimizer, lr):
    pages = make_set(tmp_path / "pages", names=["a"], height=64, width=64)  # one crop of one page
    stages = [{"steps": 20, "lr": lr, "warmup": 1}]
    config = recipe(pages, compile, flip=0.0, stages=stages, optimizer=optimizer)
    Trainer(config, tmp_path / "run").fit()
    curve = [line["loss"] for line in log(tmp_path / "run") if "loss" in line]
    assert len(curve) == 20
    assert curve[-1] < 0.8 * curve[0]


@pytest.mark.parametrize("compile", MODES)
def test_a_resumed_run_is_the_unbroken_one(tmp_path, pages, compile):
    """Within the first stage, between the stages, within the second: weights, EMA, optimiser, best
    to the last bit."""
    whole, saves = tmp_path / "whole", []

    class Copied(Trainer):
        def _save_last(self, optimizer):
            super()._save_last(optimizer)
            saves.append((self.stage, self.step))
            shutil.copytree(whole, tmp_path / str(len(saves)))  # as if killed right here

    config = recipe(pages, compile, val_every=2)
    Copied(config, whole).fit()
    assert saves == [(0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]
    for k in (2, 5) if compile == "always" else (2, 3, 4, 5, 7, 8):
        broken = tmp_path / str(k)
        with (broken / "log.jsonl").open("a") as stream:  # steps of which no checkpoint was left
            stream.write('{"stage": 1, "step": 3}\n{"stage": 2, "step": 9}\n{"sta')
        assert Trainer(config, broken, resume=True).fit() == broken / "best.pdparams"
        if k < 3:
            assert steps(broken) == steps(whole)
        for name in ("last.pdparams", "best.pdparams"):
            assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_a_resumed_run_drops_the_same(tmp_path, pages):
    """PERT's dropout draws at random in every step."""
    config = recipe(pages, ema=0.0, stages=[{"steps": 3}])
    config.model = ModelConfig("pert", 4)
    config.loss.coarse_scales = [1.0] * 4
    whole, broken = tmp_path / "whole", tmp_path / "broken"

    class Copied(Trainer):
        def _save_last(self, optimizer):
            super()._save_last(optimizer)
            if self.step == 1:
                shutil.copytree(whole, broken)

    Copied(config, whole).fit()
    paddle.seed(5)
    Trainer(config, broken, resume=True).fit()
    assert (broken / "last.pdparams").read_bytes() == (whole / "last.pdparams").read_bytes()


def test_a_resumed_adversary_is_the_unbroken_one(tmp_path, make_set):
    pages = make_set(tmp_path / "pages", names=["a"], height=256, width=256)
    config = recipe(pages, batch=1, stages=[{"steps": 2}, {"steps": 2, "drop": ["dice"]}])
    config.loss.adversarial, config.adversary.width = 0.1, 4
    config.data.augment.crop = 256
    whole, broken = tmp_path / "whole", tmp_path / "broken"

    class Copied(Trainer):
        def _save_last(self, optimizer):
            super()._save_last(optimizer)
            if (self.stage, self.step) == (0, 1):
                shutil.copytree(whole, broken)

    Copied(config, whole).fit()
    Trainer(config, broken, resume=True).fit()
    for name in ("last.pdparams", "best.pdparams"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    lines = [line for line in log(whole) if "loss" in line]
    assert len(lines) == 4 and all(line["discriminator"] > 0 for line in lines)
    config.adversary.init = "gone.pth"
    Trainer(config, whole, resume=True)  # has a discriminator of its own
    for line in lines:
        weights_of = {name: getattr(config.loss, name) for name in line if name in TERMS}
        expected = sum(weight * line[name] for name, weight in weights_of.items())
        assert line["loss"] == pytest.approx(expected, rel=1e-4)


def test_the_optimiser_is_resumed_too(tmp_path, pages):
    """Compared within a stage: the checkpoint at a stage's end has no use for its state."""
    class Kept(Trainer):
        def _save_last(self, optimizer):
            super()._save_last(optimizer)
            shutil.copy(self._last, self.out / f"{self.stage}_{self.step}.pdparams")

    config, whole, broken = recipe(pages), tmp_path / "whole", tmp_path / "broken"
    Kept(config, whole).fit()
    broken.mkdir()
    shutil.copy(whole / "1_1.pdparams", broken / "last.pdparams")
    shutil.copy(whole / "best.pdparams", broken)
    trainer = Kept(config, broken, resume=True)
    trainer.fit()
    assert (whole / "1_2.pdparams").read_bytes() == (broken / "1_2.pdparams").read_bytes()
    state = weights.read(whole / "1_2.pdparams")["run"]["optimizer"]
    trained = [name for name, _ in trainer.net.named_parameters()
               if not name.endswith(weights.STATISTICS) and ".mask_" not in name]
    moments = [name for name in state if name.endswith("moment1")]
    assert sorted(moments) == sorted(f"{name}|moment1" for name in trained)
    assert all(state[name].any() for name in moments)


def test_after_kill_9(tmp_path, pages):
    """The command itself: killed at some step, gone on with, compared with one that was not."""
    text = json.dumps({"model": {"width": 4, "form": "gated"},
                       "data": {"val_fraction": 0, "val_pages": 1, "augment": {"crop": 64}},
                       "train": {"batch": 2, "compile": "never", "save_every": 2, "val_every": 5,
                                 "stages": [{"steps": 8}, {"steps": 4, "drop": ["dice"]}]}})
    (tmp_path / "recipe.yaml").write_text(text)  # JSON is YAML

    def start(out, *options):
        command = [sys.executable, ROOT / "train.py", "--config", tmp_path / "recipe.yaml",
                   "--data", pages, "--out", tmp_path / out, *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=tmp_path)

    def finish(process):
        out, errors = process.communicate(timeout=500)
        assert process.returncode == 0, errors
        return out.strip()

    killed = start("killed")
    try:
        deadline = time.monotonic() + 120
        last = tmp_path / "killed" / "last.pdparams"
        while not last.exists() and killed.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        killed.send_signal(signal.SIGKILL)
        _, errors = killed.communicate()
    assert killed.returncode == -signal.SIGKILL, errors
    assert weights.read(last)["run"]["stage"] == 0
    assert finish(start("killed", "--resume")) == str(tmp_path / "killed" / "best.pdparams")
    finish(start("whole"))
    for name in ("last.pdparams", "best.pdparams"):
        content = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "killed" / name).read_bytes() == content
    assert not list((tmp_path / "whole").glob(".*.tmp"))


def test_what_a_run_leaves(tmp_path, pages):
    config = recipe(pages, val_every=2, keep_every=2, log_every=2, val_tta="hflip")
    best = Trainer(config, tmp_path / "run").fit()
    net = weights.load(best)
    content = weights.read(best)
    assert net.config == config.model and not net.training
    assert content["metric"].keys() == {"psnr", "ms_ssim"}
    lines = log(tmp_path / "run")
    trained = [(line["stage"], line["step"]) for line in lines if "loss" in line]
    validated = [(line["stage"], line["step"]) for line in lines if "psnr" in line]
    assert trained == validated == [(1, 2), (1, 3), (2, 2), (2, 3)]
    assert content["metric"]["psnr"] == max(line["psnr"] for line in lines if "psnr" in line)
    terms = {"dice", "ink_l1", "page_l1", "coarse_ink_l1", "coarse_page_l1"}
    assert lines[0].keys() == {"stage", "step", "loss", "lr"} | terms
    assert "dice" not in lines[-2]
    names = {path.name for path in (tmp_path / "run").rglob("*.*")} - {"log.jsonl"}
    assert {name for name in names if "vdlrecords" not in name} == {
        "best.pdparams", "last.pdparams", "step_2.pdparams", "step_5.pdparams",
        *(f"a_{step}.jpg" for step in (2, 3, 5, 6))}


def test_validation_leaves_the_networks_in_their_modes(tmp_path, pages, monkeypatch):
    modes = []

    class Watched(Trainer):
        def _validate(self, writer, offset):
            super()._validate(writer, offset)
            modes.append(({layer.training for layer in self.net.sublayers(include_self=True)},
                          {layer.training for layer in self.average.sublayers(include_self=True)}))

    # A validation needs no other engine than Paddle, and does not look for one.
    monkeypatch.setattr(engines, "_missing", lambda engine: {"paddle": ""}[engine])
    Watched(recipe(pages, val_every=1, stages=[{"steps": 2}]), tmp_path / "run").fit()
    assert modes == [({True}, {False})] * 2


def test_a_stage_starts_from_the_best(tmp_path, pages, monkeypatch):
    scores = iter([30.0, 40.0, 35.0, 20.0])
    monkeypatch.setitem(loop.METRICS, "psnr", lambda image, gt: next(scores))
    starts = []

    class Watched(Trainer):
        def _run_stage(self, stage):
            starts.append((weights.state_of(self.net), weights.state_of(self.average)))
            super()._run_stage(stage)

    config = recipe(pages, val_every=1, keep_every=2, stages=[{"steps": 3}, {"steps": 1}])
    best = Watched(config, tmp_path / "run").fit()
    second_step = weights.read(tmp_path / "run" / "step_2.pdparams")["model"]
    assert equal(weights.read(best)["model"], second_step)
    assert weights.read(best)["step"] == 2 and weights.read(best)["metric"]["psnr"] == 40
    assert all(equal(state, second_step) for state in starts[1])


@pytest.mark.skipif(not available(), reason="this Paddle does not compile the networks")
@pytest.mark.parametrize("arch, form", [
    ("erasenet", "paper"), ("erasenet", "translucent"), ("nonlocal", "paper"), ("craft", "plain"),
    ("text_seg", "plain"),
])
def test_compiled_networks_are_the_eager_ones(arch, form):
    """Outputs, gradients, and batch norm's statistics, which oneDNN leaves alone."""
    config = ModelConfig(arch, 16, form, 16)
    x = paddle.to_tensor(np.random.default_rng(0).random((2, 3, 64, 64), np.float32))
    results = []
    for wrap in (compiled, lambda net: net):
        paddle.seed(0)
        net = build(config)
        forward, outputs = wrap(net), []
        for _ in range(2):
            tensors = forward(x).tensors()
            outputs += tensors
            sum(tensor.square().mean() for tensor in tensors).backward()
        net.eval()
        with paddle.no_grad():
            output = wrap(net)(x)  # compiled anew: a graph keeps the mode that it was made in
        outputs += output.results()
        gradients = {name: p.grad.numpy() for name, p in net.named_parameters()
                     if not name.endswith(weights.STATISTICS)}
        results.append(({i: tensor.numpy() for i, tensor in enumerate(outputs)}, gradients,
                        weights.state_of(net)))
    if arch in ("craft", "text_seg"):  # whose ReLUs now and then fall the other way, near 0
        one, other = (np.concatenate([array.ravel() for array in gradients.values()])
                      for _, gradients, _ in results)
        assert np.linalg.norm(one - other) < 0.05 * np.linalg.norm(other)
        results = [(outputs, {}, state) for outputs, _, state in results]
    for one, other in zip(*results, strict=True):
        largest = max((abs(array).max() for array in one.values()), default=0)
        for name, array in one.items():
            error = abs(array - other[name]).max()
            assert error <= max(1e-3 * abs(array).max(), 1e-4 * largest), name
    moved = [array for name, array in results[0][2].items() if name.endswith("norm._variance")]
    assert all(abs(array - 1).max() > 1e-3 for array in moved)


@pytest.mark.parametrize("compile", MODES)
def test_freeze_mask(tmp_path, pages, compile):
    """In a second stage too, when the compiled graph was made without the freeze."""
    trainer = Trainer(recipe(pages, compile), tmp_path / "run")
    moved = []
    for stage in (StageConfig(2, 1e-3), StageConfig(2, 1e-3, drop=["dice"], freeze_mask=True)):
        before = {name: p.numpy().copy() for name, p in trainer.net.named_parameters()}
        trainer.step = 0
        trainer._run_stage(stage)
        moved.append({name for name, p in trainer.net.named_parameters()
                      if not np.array_equal(p.numpy(), before[name])})
    mask = {name for name in before if name.startswith("coarse.mask_up")}
    assert len(mask) == 16
    assert moved[0] == before.keys()
    assert moved[1] == before.keys() - mask
    for name, parameter in trainer.net.named_parameters():
        assert parameter.stop_gradient == (name in mask or name.endswith(weights.STATISTICS))


def test_the_average_by_hand(tmp_path, pages):
    seen = []

    class Watched(Trainer):
        def _update_average(self):
            super()._update_average()
            seen.append([state["coarse.stem.0.weight"].copy() for state in
                         (weights.state_of(self.net), weights.state_of(self.average))])

    trainer = Watched(recipe(pages, ema=0.2, stages=[{"steps": 3, "lr": 0.1}]), tmp_path / "run")
    average = weights.state_of(trainer.net)["coarse.stem.0.weight"].copy()
    trainer.fit()
    for (now, got), decay in zip(seen, (2 / 11, 0.2, 0.2), strict=True):
        average = decay * average + (1 - decay) * now
        np.testing.assert_allclose(got, average, rtol=1e-5, atol=1e-7)


def test_learning_rate():
    stage = StageConfig(steps=100, lr=1e-3, final_lr=1e-5, warmup=10)
    rates = [learning_rate(stage, step) for step in range(101)]
    assert rates[0] == pytest.approx(1e-4, rel=0.01)
    assert rates[:10] == sorted(rates[:10]) and rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[50] == pytest.approx((1e-3 + 1e-5) / 2) and rates[100] == pytest.approx(1e-5)
    assert learning_rate(StageConfig(steps=5, lr=1e-3, warmup=0), 0) == pytest.approx(1e-3)


def test_cyclical_learning_rate():
    """Smith's triangles, and no rise from nought before them."""
    stage = StageConfig(steps=100, lr=1e-2, final_lr=1e-4, warmup=50, cycle=8)
    rates = [learning_rate(stage, step) for step in range(20)]
    step = (1e-2 - 1e-4) / 4
    assert rates[:9] == pytest.approx([1e-4 + step * n for n in (0, 1, 2, 3, 4, 3, 2, 1, 0)])
    assert rates[8:16] == rates[:8]


def test_a_loss_that_is_not_finite_stops(tmp_path, pages):
    config = recipe(pages, stages=[{"steps": 5, "lr": 1e30, "warmup": 0}])
    with pytest.raises(FloatingPointError) as caught:
        Trainer(config, tmp_path / "run").fit()
    message = str(caught.value)
    assert message.startswith("the loss is not finite at step 2 of stage 1: loss ")
    assert "coarse_page_l1 nan" in message or "coarse_page_l1 inf" in message
    names = message.partition("pages ")[2].partition(";")[0].split(", ")
    assert len(names) == 2 and set(names) <= {"a", "b", "c"}
    assert f"last good checkpoint: {tmp_path / 'run' / 'last.pdparams'}." in message


def test_a_network_that_is_not_finite_is_not_saved(tmp_path, pages, monkeypatch):
    monkeypatch.setattr(loop, "learning_rate", lambda stage, step: [1e-3, np.inf][step])
    with pytest.raises(FloatingPointError, match="the network is not finite at step 2 of stage 1"):
        Trainer(recipe(pages), tmp_path / "run").fit()
    last = weights.read(tmp_path / "run" / "last.pdparams")
    assert last["run"]["step"] == 1
    assert all(np.isfinite(array).all() for array in last["model"].values())


def test_who_may_write_and_resume_where(tmp_path, pages):
    config = recipe(pages, stages=[{"steps": 1}])
    out = tmp_path / "run"
    with pytest.raises(ValueError, match="no run to resume; leave --resume out to begin one"):
        Trainer(config, out, resume=True)
    best = Trainer(config, out).fit()
    with pytest.raises(ValueError, match="a run is here; --resume goes on with it, another --out"):
        Trainer(config, out)
    for change, message in [
        ({"stages": [{"steps": 1, "lr": 1e-3}]}, "train.stages.0.lr was 0.0001, is 0.001"),
        ({"stages": TWO_STAGES}, "train.stages was "),
        ({"batch": 4, "ema": 0.5}, "train.batch was 2, is 4; train.ema was 0.999, is 0.5"),
        ({"seed": 1}, "train.seed was 0, is 1"),
    ]:
        with pytest.raises(ValueError, match=f"the run has other settings: {message}"):
            Trainer(recipe(pages, **{"stages": [{"steps": 1}], **change}), out, resume=True)
    # Where the first weights came from is of no concern any more.
    free = {"log_every": 7, "save_every": 9, "init": "gone.pdparams"}
    Trainer(recipe(pages, stages=[{"steps": 1}], **free), out, resume=True)
    (out / "last.pdparams").unlink()
    with pytest.raises(ValueError, match="best.pdparams: .*another run's; move it away, or begin"):
        Trainer(config, out)
    best.replace(out / "last.pdparams")
    with pytest.raises(ValueError, match="weights only, no run to resume; set train.init to it"):
        Trainer(config, out, resume=True)


def test_a_run_stopped_before_it_was_saved_begins_anew(tmp_path, pages):
    class Stopped(Trainer):
        def _record(self, *arguments):
            super()._record(*arguments)
            if self.step == 2:
                raise KeyboardInterrupt

    out = tmp_path / "run"
    config = recipe(pages, save_every=9)
    with pytest.raises(KeyboardInterrupt):
        Stopped(config, out).fit()
    assert steps(out) == [(1, 1), (1, 2)]
    config.train.val_every = 2  # the best weights are never alone
    with pytest.raises(KeyboardInterrupt):
        Stopped(config, out).fit()
    assert steps(out) == [(1, 1), (1, 2), (1, 2)]
    Trainer(config, out, resume=True).fit()
    assert [line["stage"] for line in log(out) if "loss" in line] == [1, 1, 1, 2, 2, 2]


def test_differences():
    old = {"a": 1, "b": {"c": [1, 2], "workers": 1}, "l": [{"x": 1}, {"x": 2}]}
    assert differences(old, old) == []
    new = {"a": 1, "b": {"c": [1, 3], "workers": 2}, "l": [{"x": 1}, {"x": 3}]}
    assert differences(old, new) == ["b.c.1 was 2, is 3", "l.1.x was 2, is 3"]
    assert differences({}, {"a": 1}) == ["a was None, is 1"]
    assert differences({"a": [1, 2]}, {"a": [1]}) == ["a was [1, 2], is [1]"]


def test_init(tmp_path, pages):
    config = recipe(pages, init=str(tmp_path / "first.pdparams"), stages=[{"steps": 1}])
    with pytest.raises(ValueError, match="train.init=.*first.pdparams: .*no such file"):
        Trainer(config, tmp_path / "run")
    for model in (ModelConfig("nonlocal", 4, "gated", 4), ModelConfig(width=4, form="residual"),
                  ModelConfig(width=4, form="gated", refine_channels=8, attention="winner")):
        first = build(model)
        weights.save(tmp_path / "first.pdparams", weights.state_of(first), model)
        if model.form != "gated" or model.arch != "erasenet":
            with pytest.raises(ValueError, match=f"train.init=.*first.pdparams: it holds .*"
                               f"{model.form}.*, the recipe describes .*'erasenet'.*'gated'"):
                Trainer(config, tmp_path / "run")
    trainer = Trainer(config, tmp_path / "run")
    for net in (trainer.net, trainer.average):
        assert equal(weights.state_of(net), weights.state_of(first))


def test_init_of_the_paper_form_by_a_gated_network(tmp_path, pages):
    first = build(ModelConfig(width=4, form="gated"))
    weights.save(tmp_path / "first.pdparams", weights.state_of(first), first.config)
    config = recipe(pages, init=str(tmp_path / "first.pdparams"), stages=[{"steps": 1}])
    config.model = ModelConfig(width=4, form="paper")
    state = weights.state_of(Trainer(config, tmp_path / "run").net)
    assert equal({name: array for name, array in state.items() if "bare" not in name},
                 weights.state_of(first))
    assert len(state) == len(weights.state_of(first)) + 2


def test_channels_that_onednn_cannot_train(tmp_path, pages):
    config = recipe(pages, "auto")
    config.train.compile = "always"
    config.model = ModelConfig(width=24)
    with pytest.raises(ValueError, match="multiples of 16 on a CPU|needs Paddle 3"):
        Trainer(config, tmp_path / "run")
    for arch in ("inpaint", "gmcnn", "pert"):
        assert not trainable(ModelConfig(arch, 16))
    for model in (config.model, ModelConfig("nonlocal", 16, "gated", 24)):
        assert not trainable(model)
        config.model, config.train.compile = model, "auto"
        trainer = Trainer(config, tmp_path / "run")
        assert trainer.forward is trainer.net
    assert trainable(ModelConfig(width=16, refine_channels=24))
    assert trainable(ModelConfig("nonlocal", 16, "gated", 48))
    assert trainable(ModelConfig("inpaint", 16, layer="gated"))


def test_networks_start_from_the_seed(tmp_path, pages):
    one, same, other = (
        weights.state_of(Trainer(recipe(pages, seed=seed), tmp_path / str(i)).net)
        for i, seed in enumerate((3, 3, 4)))
    assert equal(one, same) and not equal(one, other)


def test_settings_that_this_machine_cannot_do(tmp_path, pages, monkeypatch):
    monkeypatch.setattr(paddle.device, "is_compiled_with_cuda", lambda: False)
    with pytest.raises(ValueError, match="device gpu: this Paddle sees none"):
        Trainer(recipe(pages, device="gpu"), tmp_path / "run")
    monkeypatch.setattr(loop, "available", lambda: False)
    with pytest.raises(ValueError, match="compile: always needs Paddle 3 and one process"):
        Trainer(recipe(pages, "always"), tmp_path / "run")
    assert Trainer(recipe(pages, "auto"), tmp_path / "run").forward.__class__.__name__ == "EraseNet"


def test_terms_that_need_a_file(tmp_path, pages, capsys):
    """Left out with a warning, an error under --strict, counted where the file is there."""
    settings = {"model": {"width": 4}, "data": {"val_fraction": 0, "augment": {"crop": 64}},
                "loss": {"content": 0.01},
                "train": {"batch": 2, "compile": "never", "log_every": 1,
                          "stages": [{"steps": 1}]}}
    data = ["--data", str(pages)]
    status, printed = run_command(tmp_path, capsys, *data, "--strict", config=settings)
    assert status == 2 and "train.py: loss terms content are left out: loss.feat" in printed.err
    with pytest.warns(UserWarning, match="content are left out"):
        status, _ = run_command(tmp_path, capsys, *data, config=settings)
    assert status == 0 and "content" not in log(tmp_path / "run")[0]
    layers = make_layers([4, 4, "M", 8, 8, "M", 16, 16, 16, "M", 32, 32])
    paddle.save(layers.state_dict(), str(tmp_path / "vgg.pdparams"))
    file = f"loss.features={tmp_path / 'vgg.pdparams'}"
    status, _ = run_command(tmp_path, capsys, *data, "--strict", "--set", file, config=settings,
                            out="full")
    assert status == 0 and log(tmp_path / "full")[0]["content"] > 0


def run_command(tmp_path, capsys, *options, config=None, out="run"):
    path = tmp_path / "recipe.yaml"
    settings = {"model": {"width": 4}, "data": {"val_fraction": 0, "augment": {"crop": 64}},
                "train": {"batch": 2, "compile": "never", "stages": [{"steps": 1}]}}
    path.write_text(json.dumps(config or settings))
    status = train.main(["--config", str(path), "--out", str(tmp_path / out), *options])
    return status, capsys.readouterr()


# YAML would read the first name as a number, and the second is not the word for the generator.
@pytest.mark.parametrize("root", ["2024", "./synth"])
def test_command(tmp_path, make_set, monkeypatch, capsys, root):
    make_set(tmp_path / root)
    monkeypatch.chdir(tmp_path)
    status, printed = run_command(tmp_path, capsys, "--data", root, "--set", "train.seed=4")
    assert status == 0, printed.err
    assert printed.out.strip() == str(tmp_path / "run" / "best.pdparams")
    config = weights.read(tmp_path / "run" / "last.pdparams")["run"]["config"]
    assert (config["train"]["seed"], config["data"]["root"]) == (4, root)
    assert config["data"]["layout"] == "auto"


@pytest.mark.parametrize("break_it, options, message", [
    (None, ["--set", "train.sede=1"], "unknown key 'train.sede'; did you mean 'seed'"),
    (None, ["--set", "data.root="], "data.root: expected str, got None"),
    (lambda root: (root / "images" / "a.bmp").write_bytes(b"BM"), [], "a.bmp: cannot be read"),
    (lambda root: (root / "gts" / "b.png").unlink(), [], "b.bmp: no ground truth b.* in"),
    (lambda root: (root / "gts").rename(root / "clean"), [], "no known layout"),
    (lambda root: (root.parent / "run").write_text(""), [], "cannot be made a folder"),
    (None, ["--resume"], "no run to resume"),
    (None, ["--init", "2024"], "train.init=2024: 2024: "),
    (None, ["--set", "data.val_list=none.txt"], "none.txt: no such list file"),
])
def test_command_says_what_is_wrong(tmp_path, pages, capsys, break_it, options, message):
    if break_it:
        break_it(pages)
    status, printed = run_command(tmp_path, capsys, "--data", str(pages), *options)
    assert status == 2
    last = printed.err.strip().split("train.py: ")[-1]
    assert message in last and "Traceback" not in printed.err


def test_command_says_that_memory_is_short(tmp_path, pages, capsys, monkeypatch):
    def fail(*_):
        raise MemoryError("of 80 GB")

    monkeypatch.setattr(Trainer, "_take_step", fail)
    status, printed = run_command(tmp_path, capsys, "--data", str(pages))
    assert status == 2 and "Traceback" not in printed.err
    assert "no memory left; set train.batch or data.augment.crop lower\nof 80 GB" in printed.err


def test_pictures_are_as_large_as_a_jpeg_may_be(tmp_path, pages):
    trainer = Trainer(recipe(pages), tmp_path / "run")
    trainer._show("wide", 7, *[np.zeros((8, 30_000, 3), np.uint8)] * 3)
    assert read_image(tmp_path / "run/pictures/wide_7.jpg").shape == (6, 65_500, 3)


@pytest.mark.parametrize("name", ["n" * 251, "题" * 83, "题" * 83 + "a"])
def test_pictures_of_pages_with_the_longest_names(tmp_path, pages, name):
    trainer = Trainer(recipe(pages), tmp_path / "run")
    trainer._show(name, 7, np.zeros((8, 8, 3), np.uint8))
    (picture,) = (tmp_path / "run" / "pictures").iterdir()
    assert picture.name.endswith(f"{name[-50:]}_7.jpg")


def test_command_without_pairs_or_finite_loss(tmp_path, pages, capsys):
    status, printed = run_command(tmp_path, capsys)
    assert status == 2 and "no pairs given: --data DATA" in printed.err
    status, printed = run_command(tmp_path, capsys, "--data", str(pages), "--set",
                                  "train.stages=[{steps: 5, lr: 1e30, warmup: 0}]")
    assert status == 1
    assert "the loss is not finite at step 2" in printed.err and "none yet" in printed.err
    assert os.listdir(tmp_path / "run") == []
