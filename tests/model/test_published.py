"""Networks against the published code: published.npz is written by bench/published.py --fixture."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from bench.published import KEPT, draw, ours
from model import weights
from model.discriminator import PatchDiscriminator
from training.config import AdversaryConfig

FIXTURE = np.load(Path(__file__).with_name("published.npz"))
STATES = {kind: draw(json.loads(str(FIXTURE[f"{kind}/shapes"]))) for kind in KEPT}


@pytest.mark.parametrize("kind", KEPT)
def test_results(kind):
    """All names of the published network are taken, none is missing, and it gives what that did."""
    step = KEPT[kind]
    for number, result in enumerate(ours(kind, STATES[kind])):
        expected = FIXTURE[f"{kind}/{number}"]
        result = result[..., ::step, ::step] if step > 1 else result
        np.testing.assert_allclose(result.reshape(expected.shape), expected, atol=1e-4)


@pytest.mark.parametrize("kind, name, message", [
    ("gmcnn", "EB1.12.weight", "unknown name 'EB1.12.weight' in a published gmcnn"),
    ("pert", "sf_net.dsn.0.weight", "unknown name 'sf_net.dsn.0.weight' in a published pert"),
    ("pert", "locate", r"unknown name 'locate'"),
])
def test_what_is_not_imported(tmp_path, kind, name, message):
    path = tmp_path / "net.npz"
    np.savez(path, **STATES[kind], **{name: np.ones(3)})
    with pytest.raises(ValueError, match=f"net.npz: {message}"):
        weights.import_published(path)


@pytest.mark.parametrize("change, message", [
    ({"globalDis.6.conv2d.bias": np.ones(3)}, "unknown name 'module.globalDis.6.conv2d.bias'"),
    ({"fusion.0.bias": np.ones(3)}, r"fuse.bias has shape \[3\], expected \[1\]"),
    ({"format": np.ones(3)}, "unknown name 'module.format'"),
    ({"fusion.0.bias": None}, r"1 names missing \['fuse.bias'\]"),
])
def test_what_is_no_discriminator(tmp_path, change, message):
    stored = {f"module.{name}": array
              for name, array in {**STATES["discriminator"], **change}.items() if array is not None}
    path = tmp_path / "net.pth"
    path.write_bytes(pickle.dumps(stored, 2))
    net = PatchDiscriminator()
    net.config = AdversaryConfig()
    with pytest.raises(ValueError, match=f"net.pth: .*{message}.*; expected EraseNet's discrimin"):
        weights.restore_discriminator(net, path)
