import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.folder import PREFIX, PrivateFolder, remove_stale

ROOT = Path(__file__).parents[2]
SERVER = """
import sys
from app.folder import PrivateFolder
folder = PrivateFolder()
(folder.path / "page.png").touch()
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_only_the_user_may_look_and_it_goes(place):
    folder = PrivateFolder()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    (folder.path / "job").mkdir()
    (folder.path / "job" / "page.png").touch()
    folder.remove()
    assert list(place.iterdir()) == []


def test_what_a_killed_server_left_goes_and_that_of_a_living_one_stays(place):
    servers = [subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                env=os.environ | {"TMPDIR": str(place)}) for _ in range(2)]
    killed, living = (Path(server.stdout.readline().strip()) for server in servers)
    servers[0].kill()
    servers[0].wait()
    assert (killed / "page.png").exists()
    others = [place / f"{PREFIX}file", place / "text-eraser", place / f"{PREFIX}link"]
    others[0].touch()
    others[1].mkdir()
    others[2].symlink_to(others[1])
    own = PrivateFolder()
    assert not killed.exists()
    assert (living / "page.png").exists()
    assert all(other.exists() for other in others)
    own.remove()
    servers[1].communicate()


def test_folders_of_others_stay(place, monkeypatch):
    foreign = place / f"{PREFIX}foreign"
    foreign.mkdir()
    monkeypatch.setattr("os.getuid", lambda: foreign.stat().st_uid + 1)
    remove_stale()
    assert foreign.exists()
    monkeypatch.undo()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    remove_stale()
    assert not foreign.exists()
