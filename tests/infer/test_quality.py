from dataclasses import asdict, fields

import numpy as np
import pytest

from infer import Eraser
from infer.quality import DEFAULT, QUALITIES, Settings, settings

CHANGED = {"nets": ("nonlocal_lite",), "refine": False, "tile": 320, "margin": 8, "even": False,
           "tta": "flips", "flip_ink": False, "composite": True, "skip_blank": False,
           "turn": False, "scale": 0.5}


def test_the_names():
    assert list(QUALITIES) == ["fast", "balanced", "best", "published", "watermark"]
    assert DEFAULT == "balanced"
    assert settings("published") == Settings(
        nets=("erasenet_lite", "nonlocal_lite"), refine=True, tile=512, margin=106, even=False,
        tta="hflip", flip_ink=False, composite=False, skip_blank=False, turn=False, scale=1)


@pytest.mark.parametrize("quality", QUALITIES)
def test_changes_win(quality):
    assert settings(quality, **dict.fromkeys(CHANGED)) == settings(quality) == QUALITIES[quality]
    assert CHANGED.keys() == {field.name for field in fields(Settings)}
    for name, value in CHANGED.items():
        changed = asdict(settings(quality, **{name: value}))
        assert changed == asdict(QUALITIES[quality]) | {name: value}
        assert asdict(Eraser([None], quality=quality, **{name: value}).settings) == changed
    with pytest.raises(TypeError):
        settings(quality, tiles=3)


@pytest.mark.parametrize("change, message", [
    ({"tta": "rot"}, "unknown tta 'rot'; known: none, hflip, flips, zoom"),
    ({"nets": 1}, "unknown nets 1; known: lists of erasenet_lite, nonlocal_lite, watermark_lite"),
    ({"nets": ("lite",)}, "unknown nets .'lite',.; known: lists of erasenet_lite"),
    ({"nets": ()}, "unknown nets"),
    ({"scale": 3}, "unknown scale 3; known: auto, size, 0.5, 1, 2"),
])
def test_wrong_changes(change, message):
    with pytest.raises(ValueError, match=message):
        settings(DEFAULT, **change)


def test_a_quality_never_costs_more_than_a_better_one():
    """Pixels that networks see, in a page larger than a tile."""
    page = np.random.default_rng(0).integers(0, 255, (700, 1400, 3), dtype=np.uint8)
    cost = {}
    for quality in ("fast", "balanced", "best", "published"):
        nets, seen = settings(quality).nets, []
        networks = [lambda x, seen=seen: seen.append(x.size) or (x, x[:, :1] * 0)] * len(nets)
        Eraser(networks, quality=quality)(page)
        cost[quality] = sum(seen)
    assert list(cost.values()) == sorted(cost.values())
