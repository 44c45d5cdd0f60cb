"""The command `python -m app`."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "app", "--threads", "1", "--quality", "fast"]


def run(*options):
    done = subprocess.run([*COMMAND, *map(str, options)], cwd=ROOT, capture_output=True, text=True,
                          timeout=500)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("options, message", [
    (["--port", "port"], "argument --port: invalid port value: 'port'"),
    (["--port", "70000"], "invalid port value: '70000'"),
    (["--queue", "0"], "argument --queue: invalid whole number above 0 value: '0'"),
    (["--megapixels", "many"], "argument --megapixels: invalid whole number above 0"),
    (["--threads", "-1"], "argument --threads"),
    (["--quality", "watermark"], "argument --quality: that is for handwriting; the page has a "),
    (["--weights", "none.pdparams"], "python -m app: none.pdparams: No such file or directory"),
    (["--host", "192.0.2.1"], "python -m app: 192.0.2.1 port 8000: "),
    (["--host", "a..b"], "python -m app: a..b port 8000: not a name that a machine may have"),
    (["--host", "no.such.name.invalid"], "python -m app: no.such.name.invalid port 8000: "),
])
def test_wrong_options(options, message):
    status, err = run(*options)
    assert status == 2
    assert message in err


def test_started_as_serve_sh_does_it_is_not_mixed_up_with_the_user_s_files(tmp_path):
    for name in ("app", "uvicorn", "data", "schema"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')")
    done = subprocess.run([sys.executable, ROOT / "app", "--help"], cwd=tmp_path, text=True,
                          capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python -m app")


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, err = run("--port", port)
    assert status == 2
    assert err.startswith(f"python -m app: 127.0.0.1 port {port}: Address already in use")


@pytest.mark.parametrize("options, message", [
    (["--weights", __file__], "test_main.py: "),
    (["--quality", "good"], "unknown quality 'good'; known: fast, balanced"),
])
def test_what_cannot_be_loaded_ends_the_server(options, message):
    status, err = run("--port", 0, *options)
    assert status == 2
    assert message in err


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_from_start_to_end(end, tmp_path):
    """Also with a job at work and somebody listening: no traceback, no file is left."""
    server = subprocess.Popen(
        [*COMMAND, "--port", "0", "--host", "127.0.0.1"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"})
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
        with httpx.Client(base_url=address, timeout=60) as client:
            assert "<title>" in client.get("/").text
            page = (ROOT / "examples/english_scan.jpg").read_bytes()
            job = client.post("/api/erase", files={"file": ("a.jpg", page)}).json()
            with client.stream("GET", "/api/events", params={"job": job["id"]}) as events:
                next(events.iter_lines())
                server.send_signal(end)
                _, err = server.communicate(timeout=60)
    finally:
        server.kill()
    assert err == ""
    assert len(list(tmp_path.iterdir())) == (end == signal.SIGKILL)


def test_beyond_this_machine_there_is_a_warning():
    server = subprocess.Popen([*COMMAND, "--port", "0", "--host", "0.0.0.0"], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        port = re.search(r":(\d+) ", server.stdout.readline())[1]
        assert "anybody who can reach this machine" in server.stderr.readline()
        answer = httpx.get(f"http://127.0.0.1:{port}/", headers={"host": "my.name"}, timeout=60)
        assert answer.status_code == 200
    finally:
        server.kill()
        server.communicate()
