import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest

from loss import EraseLoss, LossConfig
from model import ModelConfig, build, weights
from training import parallel
from training.parallel import share_batch_norm

ROOT = Path(__file__).parents[2]
CONFIG = ModelConfig("erasenet", 4, "gated")

# One process of two: its share of a batch, forwards and backwards.
WORKER = """
import sys
import numpy as np
import paddle
from loss import EraseLoss, LossConfig
from model import build, weights
from training.parallel import average_gradients, share_batch_norm

paddle.distributed.init_parallel_env()
rank = paddle.distributed.get_rank()
content = weights.read("start.pdparams")
net = weights.load("start.pdparams")
share_batch_norm(net)
net.train()
with np.load("batch.npz") as batch:
    image, gt, mask = (paddle.to_tensor(batch[name][rank::2]) for name in ("image", "gt", "mask"))
criterion = EraseLoss(LossConfig())
loss = criterion.total(criterion(net(image), gt, mask))
loss.backward()
trained = [p for name, p in net.named_parameters() if p.grad is not None]
average_gradients(trained)
gradients = {name: p.grad.numpy() for name, p in net.named_parameters() if p.grad is not None}
statistics = {name: array for name, array in weights.state_of(net).items()
              if name.endswith(weights.STATISTICS)}
np.savez(f"rank{rank}.npz", loss=float(loss), **gradients, **statistics)
"""


def launch(folder, *command):
    """Run a script as two processes over gloo; none outlives the call.

    Returns the exit status and what they printed.
    """
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("PADDLE_", "FLAGS_selected"))}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "FLAGS_use_mkldnn": "0"}
    command = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2",
               "--backend", "gloo", "--log_dir", str(folder / "log"), *map(str, command)]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as process:
        try:
            printed, _ = process.communicate(timeout=500)
        except BaseException:
            # The launcher leaves its processes behind when it is ended itself.
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            for pid in (process.pid, *map(int, children.split())):
                os.kill(pid, signal.SIGKILL)
            raise
    logs = "".join(path.read_text(errors="replace") for path in folder.glob("log/workerlog.*"))
    return process.returncode, printed + logs


def test_two_processes_are_one_with_the_double_batch(tmp_path):
    paddle.seed(2)
    net = build(CONFIG)
    rng = np.random.default_rng(0)
    batch = {name: rng.random((4, channels, 64, 64), np.float32)
             for name, channels in (("image", 3), ("gt", 3), ("mask", 1))}
    np.savez(tmp_path / "batch.npz", **batch)
    weights.save(tmp_path / "start.pdparams", weights.state_of(net), CONFIG)
    (tmp_path / "worker.py").write_text(WORKER)
    status, printed = launch(tmp_path, "worker.py")
    assert status == 0, printed[-3000:]

    criterion = EraseLoss(LossConfig())
    image, gt, mask = map(paddle.to_tensor, batch.values())
    loss = criterion.total(criterion(net(image), gt, mask))
    loss.backward()
    expected = {name: p.grad.numpy() for name, p in net.named_parameters() if p.grad is not None}
    expected |= {name: array for name, array in weights.state_of(net).items()
                 if name.endswith(weights.STATISTICS)}
    largest = max(map(np.linalg.norm, expected.values()))
    ranks = [dict(np.load(tmp_path / f"rank{rank}.npz")) for rank in (0, 1)]
    assert np.mean([rank.pop("loss") for rank in ranks]) == pytest.approx(float(loss), rel=1e-5)
    assert ranks[0].keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(ranks[0][name], ranks[1][name])
        error = np.linalg.norm(ranks[0][name] - array)
        # A bias before batch norm has no gradient but rounding: hence the absolute limit.
        assert error <= max(2e-5 * np.linalg.norm(array), 1e-6 * largest), name


def test_the_command_on_two_processes(tmp_path, make_set):
    """train.py: each takes half of the batch, and one writes."""
    settings = {"model": {"width": 4, "form": "gated"},
                "data": {"root": str(make_set(tmp_path / "pages")), "val_fraction": 0,
                         "val_pages": 1, "augment": {"crop": 64}},
                "train": {"batch": 4, "log_every": 1, "save_every": 1, "stages": [{"steps": 2}]}}
    (tmp_path / "recipe.yaml").write_text(json.dumps(settings))
    status, printed = launch(tmp_path, ROOT / "train.py", "--config", "recipe.yaml", "--out", "run")
    assert status == 0, printed[-3000:]
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 2]
    assert weights.load(tmp_path / "run" / "best.pdparams").config == CONFIG
    run = weights.read(tmp_path / "run" / "last.pdparams")["run"]
    assert (run["stage"], run["step"]) == (1, 0)


def test_one_process_needs_no_partner(monkeypatch):
    """Batch norm made whole is plain batch norm, in training and in evaluation."""
    monkeypatch.setattr(parallel, "all_reduce", lambda tensor: None)
    plain, whole = paddle.nn.BatchNorm2D(3), paddle.nn.BatchNorm2D(3)
    share_batch_norm(paddle.nn.Sequential(whole))
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 4)).astype("f4") * 3 + 5
    for training in (True, True, False):
        results = []
        for layer in (plain, whole):
            layer.training = training
            tensor = paddle.to_tensor(x, stop_gradient=False)
            y = layer(tensor)
            y.square().sum().backward()
            results.append([y.numpy(), tensor.grad.numpy(), layer._mean.numpy(),
                            layer._variance.numpy()])
        for one, other in zip(*results, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
