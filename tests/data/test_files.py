import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from data import files
from data.files import atomic_path, check_writable, make_folder, write_bytes


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "a.bin"
    for content in (b"old and longer", b"new"):
        write_bytes(path, content)
        assert path.read_bytes() == content
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    "name", ["试卷 č.png", "卷" * 83 + ".png", "-" * 251 + ".png"], ids=["odd", "255 bytes", "255"]
)
def test_any_name_the_disk_takes(tmp_path, name):
    write_bytes(tmp_path / name, b"x")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("before", [[], ["a.bin"]])
def test_full_disk_leaves_what_was_there(tmp_path, full_disk, before):
    for name in before:
        (tmp_path / name).write_bytes(b"old")
    with full_disk(1000), pytest.raises(OSError) as error:
        write_bytes(tmp_path / "a.bin", bytes(5000))
    assert error.value.filename == str(tmp_path / "a.bin")
    assert names(tmp_path) == before
    assert all((tmp_path / name).read_bytes() == b"old" for name in before)


def test_disk_that_fails_when_flushed(tmp_path, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left.*a.bin"):
        write_bytes(tmp_path / "a.bin", b"x")
    assert names(tmp_path) == []


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_interrupted_writer_leaves_nothing(tmp_path, interruption):
    with pytest.raises(interruption), atomic_path(tmp_path / "a.bin") as temporary:
        temporary.write_bytes(b"half")
        raise interruption
    assert names(tmp_path) == []


def test_threads_writing_one_file_leave_one_whole(tmp_path):
    contents = [bytes([i]) * 200_000 for i in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_bytes(tmp_path / "a", content), contents))
    assert (tmp_path / "a").read_bytes() in contents
    assert names(tmp_path) == ["a"]


def test_no_folder_to_write_into(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone/a"):
        write_bytes(tmp_path / "gone" / "a", b"x")


def test_make_folder(tmp_path):
    for _ in range(2):
        assert make_folder(tmp_path / "a" / "b").is_dir()


def test_check_writable(tmp_path, monkeypatch):
    check_writable(tmp_path)
    assert names(tmp_path) == []

    def refuse(dir):  # as read-only folders do, but not to root, who may run the tests
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), dir)

    monkeypatch.setattr(files, "TemporaryFile", refuse)
    with pytest.raises(ValueError, match=r": nothing can be written there \(Read-only file system"):
        check_writable(tmp_path)


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_make_folder_where_a_file_stands(tmp_path, below):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="file.*choose another place"):
        make_folder(tmp_path / "file" / below)
