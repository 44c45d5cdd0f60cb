from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from data.soft_mask import soft_mask
from training.config import load_config

ROOT = Path(__file__).parents[2]
RECIPES = sorted(ROOT.glob("configs/*.yaml"))
CRAFT = ROOT / "configs" / "craft.yaml"


@pytest.fixture
def recipe(tmp_path):
    """Writes a recipe of this text and returns its path."""
    def write(text="{}"):
        path = tmp_path / "recipe.yaml"
        path.write_text(text, encoding="utf-8")
        return path
    return write


@pytest.mark.parametrize("path", [path for path in RECIPES
                                  if path.stem.removesuffix("_lite") in ("erasenet", "nonlocal")],
                         ids=lambda path: path.stem)
def test_recipes_of_the_contest(path):
    config = load_config(path)
    lite = path.stem.endswith("_lite")
    assert config.model.arch == path.stem.split("_")[0]
    assert (config.model.width, config.model.form) == ((16, "paper") if lite else (32, "plain"))
    first, second = config.train.stages
    assert (first.drop, second.drop) == ([], ["dice", "cross_entropy"] if lite else ["dice"])
    assert second.freeze_mask and second.lr < first.lr and second.steps < first.steps
    assert config.data.augment.crop % 32 == 0


@pytest.mark.parametrize("name, width", [("watermark", 32), ("watermark_lite", 16)])
def test_the_recipes_of_watermarks(name, width):
    config = load_config(ROOT / "configs" / f"{name}.yaml")
    model, synth = config.model, config.data.synth
    assert (model.arch, model.width, model.form) == ("erasenet", width, "translucent")
    assert synth.kinds == ["watermark"] and config.data.layout == "synth" and synth.share > 0
    # White at an opacity of a fifth over light grey is 8 grey levels: all of it is to be seen.
    page, marked = np.full((4, 4, 3), 215, np.uint8), np.full((4, 4, 3), 223, np.uint8)
    assert soft_mask(marked, page, config.data.threshold, config.data.channel).min() == 1


def test_the_recipe_of_the_text_detector():
    config = load_config(CRAFT)
    assert (config.model.arch, config.model.width) == ("craft", 32)
    assert config.data.layout == "synth" and config.data.augment.crop % 32 == 0


@pytest.mark.parametrize("name, width", [("text_seg", 64), ("text_seg_lite", 16)])
def test_the_recipes_of_the_text_segmenter(name, width):
    """What it is said to be trained with: maxima of 7 pixels, weights 1 and 2, cycles, decay."""
    encoder = ["train.init=encoder.pth"] if width == 64 else []
    config = load_config(ROOT / "configs" / f"{name}.yaml", encoder, steps=2000)
    assert (config.model.arch, config.model.width) == ("text_seg", width)
    assert (config.data.dilate, config.data.synth.kinds) == (7, ["comic"])
    assert (config.loss.text, config.loss.gamma) == (2.0, 0.0)
    assert (config.train.optimizer, config.train.weight_decay) == ("sgd", 1e-4)
    stages = config.train.stages
    assert all((stage.lr, stage.final_lr) == (1e-2, 1e-4) for stage in stages)
    assert [stage.freeze_encoder for stage in stages] == ([True, False] if encoder else [False])
    assert all(1 < stage.cycle <= stage.steps for stage in stages)  # shortened with the stages


@pytest.mark.parametrize("assignments, message", [
    (["train.init=''"], "stage 1 keeps an encoder that was trained for nothing: give a Mobile"),
    (["train.stages=[{drop: [dice]}]"], "text_seg has no terms to drop and no mask branch"),
    (["model.arch=craft"], "stage 1: freeze_encoder is for text_seg, not for craft"),
    (["train.optimizer=lion"], "optimizer must be one of adam, sgd, muon, got 'lion'"),
    (["train.weight_decay=-1"], "weight_decay must be 0 or more, got -1"),
    (["train.stages=[{cycle: -2}]"], "cycle must be 0 or more steps, got -2"),
    (["train.val_tta=flips"], "val_tta is for networks that make pictures, not for text_seg"),
    (["loss.dice=0.5"], "loss.dice is not for text_seg, whose loss does not count it; leave it"),
    (["loss.content=0.1"], "loss.content is not for text_seg, whose"),
    (["model.arch=craft", "train.stages=[{}]", "loss.gamma=2"], "loss.gamma is not for craft"),
    (["loss.gamma=.nan"], "loss weight gamma must be 0 or more, got nan"),
])
def test_what_does_not_suit_a_text_segmenter(assignments, message):
    with pytest.raises(ValueError, match=message):
        load_config(ROOT / "configs" / "text_seg.yaml", ["train.init=e.pth", *assignments])


def test_there_are_recipes():
    assert [path.stem for path in RECIPES] == [
        "craft", "erasenet", "erasenet_gan", "erasenet_lite", "gmcnn", "inpaint_attention",
        "inpaint_gated", "inpaint_partial", "nonlocal", "nonlocal_lite", "pert", "text_seg",
        "text_seg_lite", "watermark", "watermark_lite"]


def test_the_nearest_key_is_named(recipe):
    path = recipe("train: {val_evry: 3}")
    with pytest.raises(ValueError) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"{path}: unknown key 'train.val_evry'; did you mean 'val_every'?")
    with pytest.raises(ValueError, match="unknown key 'data.augment.crp'; did you mean 'crop'"):
        load_config(recipe(), ["data.augment.crp=64"])


def test_assignments_lie_over_the_file(recipe):
    path = recipe("train: {batch: 4, seed: 5}\nmodel: {width: 16}\ndata:\n")
    config = load_config(path, ["train.batch=2", "data.root=pages", "loss.dice=1e-1",
                                "train.stages=[{steps: 7, drop: [dice]}]"])
    assert (config.train.batch, config.train.seed, config.model.width) == (2, 5, 16)
    assert (config.data.root, config.loss.dice) == ("pages", 0.1)
    assert [(stage.steps, stage.drop) for stage in config.train.stages] == [(7, ["dice"])]
    assert load_config(recipe()).train.stages[1].drop == ["dice"]


@pytest.mark.parametrize("steps, expected", [
    (400, [300, 100]), (40, [30, 10]), (4, [3, 1]), (2, [2, 1]), (1, [1, 1]), (800, [600, 200]),
])
def test_steps_shorten_all_stages_in_proportion(recipe, steps, expected):
    path = recipe("train: {stages: [{steps: 300, warmup: 60}, {steps: 100, warmup: 60}]}")
    stages = load_config(path, steps=steps).train.stages
    assert [stage.steps for stage in stages] == expected
    assert [stage.warmup for stage in stages] == [min(60, round(60 * steps / 400))] * 2


@pytest.mark.parametrize("assignment, message", [
    ("train.stages=[]", "stages: at least one"),
    ("train.stages=[{steps: 0}]", "a stage needs steps and lr above 0"),
    ("train.stages=[{lr: 0}]", "a stage needs steps and lr above 0"),
    ("train.stages=[{lr: nan}]", "a stage needs steps and lr above 0"),
    ("train.stages=[{final_lr: -1e-6}]", r"final_lr must lie in \[0, lr\], got -1e-06 of 0.0001"),
    ("train.stages=[{lr: 1e-7}]", r"final_lr must lie in \[0, lr\], got 1e-06 of 1e-07"),
    ("train.stages=[{warmup: -1}]", "warmup must be 0 or more steps, got -1"),
    ("train.seed=-1", r"seed must lie in \[0, 2\*\*64\), got -1"),
    ("train.seed=1.5", "train.seed: expected int, got 1.5"),
    ("train.stages=[{drop: [mse]}]", r"unknown loss terms to drop \['mse'\]; known: dice, "),
    ("train.amp=sometimes", "amp must be one of auto, always, never"),
    ("train.compile=yes", "train.compile: expected str, got True"),
    ("train.device=tpu", "device must be auto, cpu or gpu, got 'tpu'"),
    ("train.ema=1.0", r"ema must lie in \[0, 1\), got 1.0"),
    ("train.batch=0", "batch must be 1 or more, got 0"),
    ("train.val_every=0", "val_every must be 1 or more"),
    ("train.clip=-1", "clip must be 0 or more, got -1.0"),
    ("train.keep_every=-1", "keep_every must be 0 or more, got -1"),
    ("train.val_tta=hflips", "unknown val_tta 'hflips'; known: none, hflip, flips, zoom"),
    ("loss={dice: 1, ink_l1: 0, page_l1: 0, coarse_ink_l1: 0, coarse_page_l1: 0}",
     r"stage 2 has no loss: of \['dice'\] it drops \['dice'\]"),
    ("model.layer=gate", "unknown layer 'gate'; known: partial, gated, attention"),
    ("model.arch=inpaint", "data.holes is for inpaint, gmcnn, .*; the model is inpaint"),
    ("data.holes={}", "data.holes is for inpaint, .* nothing else; the model is erasenet"),
    ("data.holes={own: 2}", r"own must lie in \[0, 1\], got 2"),
    ("data.holes={dilate: -1}", "dilate must be 0 or more and shapes 1 or more, got -1, 8"),
    ("data.holes={largest: 0}", r"largest must lie in \(0, 1\], got 0"),
    ("model.iterations=0", "iterations must be 1 or more, got 0"),
    ("loss.coarse_scales=[1, 2]", r"coarse_scales needs 3 weights, .*, got \[1.0, 2.0\]"),
    ("loss.coarse_page_scales=[1]", r"coarse_page_scales needs 3 weights, .*, got \[1.0\]"),
    ("model={arch: pert}", r"coarse_scales needs 4 weights, .*, got \[0.8, 1.0, 2.0\]"),
    ("model.form=gate", "unknown form 'gate'; known: plain, residual, gated"),
    ("model.width=1", "width must be 2 or more, got 1"),
    ("model.refine_channels=0", "refine_channels must be 2 or more, got 0"),
    ("adversary.init=d.pth", "adversary.init names a discriminator that loss.adversarial, 0, does"),
    ("loss.features=vgg.pth", "loss.features names a network that no loss term uses: content, "),
    ("data.weak=words", "data.weak is for craft, not for erasenet"),
    ("data.threshold=0", "threshold must be above 0 grey levels, got 0"),
    ("data.channel=least", "unknown channel 'least'; known: mean, max"),
    ("data.dilate=-1", "dilate must be 0 or more, got -1"),
    ("data.val_pages=-1", "val_pages must be 0 or more, got -1"),
    ("data.workers=-1", "workers must be 0 or more, got -1"),
    ("data.cache_mb=-1", "cache_mb must be 0 or more, got -1"),
    ("data.synth.val_size=[640]", r"val_size must be a width and a height .*, got \[640\]"),
    ("data.synth.val_size=[640, 0]", r"val_size must be a width and .*, got \[640, 0\]"),
    ("data.augment.crop=100", "crop must be a positive multiple of 32"),
    ("data", "--set takes key.sub=value"),
])
def test_wrong_values(recipe, assignment, message):
    path = recipe()
    with pytest.raises(ValueError, match=message) as caught:
        load_config(path, [assignment])
    assert str(caught.value).startswith(f"{path}: ")


def test_networks_without_a_mask_branch(recipe):
    path = recipe("{model: {arch: pert}, loss: {coarse_scales: [1, 1, 1, 1]}}")
    with pytest.raises(ValueError, match="stage 2: freeze_mask is for erasenet and nonlocal, not"):
        load_config(path)


def test_no_coarse_pictures(recipe):
    with pytest.raises(ValueError, match="inpaint has no coarse pictures; set loss.coarse_ink_l1"):
        load_config(recipe("{model: {arch: inpaint}, data: {holes: {}}}"))


def test_wrong_files(recipe, tmp_path):
    with pytest.raises(ValueError, match="none.yaml: cannot be read"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ValueError, match="--steps must be 1 or more, got 0"):
        load_config(recipe(), steps=0)


def test_a_recipe_survives_a_checkpoint():
    from data.config import from_dict
    from training.config import Config

    config = load_config(ROOT / "configs/erasenet_gan.yaml")
    assert from_dict(Config, asdict(config)) == config
