import json

import pytest

import data.manifest
from data.manifest import NAME, Manifest, make_key


def test_what_it_calls_a_file(tmp_path):
    manifest = Manifest(tmp_path)
    assert manifest.state("a.png", "key") == "stale"  # absent
    manifest.write("a.png", "key", b"content")
    assert (tmp_path / "a.png").read_bytes() == b"content"
    for reader in (manifest, Manifest(tmp_path)):
        assert reader.state("a.png", "key") == "current"
        assert reader.state("a.png", "other") == "stale"
        assert reader.state("b.png", "key") == "stale"
    (tmp_path / "a.png").write_bytes(b"edited by hand")
    assert manifest.state("a.png", "key") == "foreign"
    (tmp_path / "b.png").write_bytes(b"content")  # ours by another name
    assert manifest.state("b.png", "key") == "foreign"


def test_there_may_be_nothing_to_write(tmp_path):
    manifest = Manifest(tmp_path)
    manifest.write("a.png", "key", b"content")
    manifest.write("a.png", "other", None)
    assert not (tmp_path / "a.png").exists()
    for reader in (manifest, Manifest(tmp_path)):
        assert reader.state("a.png", "other") == "current"
        assert reader.state("a.png", "key") == "stale"
    (tmp_path / "a.png").write_bytes(b"somebody's")
    assert manifest.state("a.png", "other") == "foreign"


def test_older_versions_stay_ours(tmp_path):
    manifest = Manifest(tmp_path)
    manifest.write("a.png", "first", b"1")
    manifest.write("a.png", "second", b"2")
    (tmp_path / "a.png").write_bytes(b"1")  # put back from a copy
    for reader in (manifest, Manifest(tmp_path)):
        assert reader.state("a.png", "second") == "stale"
        assert reader.state("a.png", "first") == "current"


@pytest.mark.parametrize("name", ["试卷 č.png", "a\nb.png", "a\u2028b\x85.png", "a\udcff.png"])
def test_odd_names(tmp_path, name):
    Manifest(tmp_path).write(name, "key", b"x")
    assert Manifest(tmp_path).state(name, "key") == "current"


def test_failed_write_is_not_taken_for_done(tmp_path, monkeypatch):
    manifest = Manifest(tmp_path)
    manifest.write("a.png", "first", b"1")

    def fail(path, content):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(data.manifest, "write_bytes", fail)
        with pytest.raises(OSError, match="a.png"):
            manifest.write("a.png", "second", b"2")
    for reader in (manifest, Manifest(tmp_path)):
        assert reader.state("a.png", "second") == "stale"
        assert reader.state("a.png", "first") == "current"


def test_killed_between_record_and_file(tmp_path):
    record = json.dumps(["a.png", "key", data.manifest.digest(b"x")])
    (tmp_path / NAME).write_text(record)
    assert Manifest(tmp_path).state("a.png", "key") == "stale"


def test_torn_line_costs_only_itself(tmp_path):
    Manifest(tmp_path).write("a.png", "key", b"a")
    Manifest(tmp_path).write("卷.png", "key", b"b")
    whole = (tmp_path / NAME).read_bytes()
    for length in range(whole.index(b"a.png"), len(whole), 3):
        (tmp_path / NAME).write_bytes(whole[:length])
        Manifest(tmp_path).write("c.png", "key", b"c")
        assert Manifest(tmp_path).state("c.png", "key") == "current", length
        whole_a = length > whole.index(b"]")
        assert Manifest(tmp_path).state("a.png", "key") == ("current" if whole_a else "foreign")


@pytest.mark.parametrize("line", [
    b"", b"\xff\xfe", bytes(40), b"null", b"3", b"9" * 9999, b"[" * 99999, b'"abc"', b"[1, 2, 3]",
    b'["b.png", [], {}]', b'[["b.png"], "key", "content"]', b'["b.png", "key"]',
    b'{"a": 1, "b": 2, "c": 3}', b'["b.png", "key", "content"] trailing',
], ids=lambda line: line[:12])
def test_damaged_line_costs_only_itself(tmp_path, line):
    Manifest(tmp_path).write("a.png", "key", b"a")
    with (tmp_path / NAME).open("ab") as stream:
        stream.write(b"\n" + line)
    Manifest(tmp_path).write("c.png", "key", b"c")
    for name, state in (("a.png", "current"), ("b.png", "stale"), ("c.png", "current")):
        assert Manifest(tmp_path).state(name, "key") == state


def test_full_disk_names_the_file(tmp_path, full_disk):
    manifest = Manifest(tmp_path)
    with full_disk(10), pytest.raises(OSError) as error:
        manifest.write("a.png", "key", b"x")
    assert error.value.filename == str(tmp_path / NAME)
    assert not (tmp_path / "a.png").exists()
    manifest.write("a.png", "key", b"x")  # there is room again
    assert Manifest(tmp_path).state("a.png", "key") == "current"


def test_key_depends_on_contents_and_settings_only(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path, content in zip(paths, (b"one", b"two", b"one"), strict=True):
        path.write_bytes(content)
    a, b, c = paths
    key = make_key([a, b], {"x": 1, "y": [2]})
    assert key == make_key([c, b], {"y": [2], "x": 1})
    assert len({key, make_key([b, a], {"x": 1, "y": [2]}), make_key([a], {"x": 1, "y": [2]}),
                make_key([a, b], {"x": 2, "y": [2]}), make_key([a, b], {})}) == 5
    with pytest.raises(FileNotFoundError, match="gone"):
        make_key([tmp_path / "gone"], {})
