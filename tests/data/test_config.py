from dataclasses import dataclass, field

import pytest

from data.config import from_dict, read_yaml, set_keys


@dataclass
class Inner:
    size: int = 1
    ratio: float = 0.5
    names: list[str] = field(default_factory=list)


@dataclass
class Outer:
    title: str = ""
    flag: bool = False
    limit: int | None = None
    inner: Inner = field(default_factory=Inner)
    many: list[Inner] = field(default_factory=list)

    def __post_init__(self):
        if self.title == "bad":
            raise ValueError("title cannot be bad")


@pytest.mark.parametrize("raw, expected", [
    ({}, Outer()),
    ({"title": "a", "flag": True, "limit": 3}, Outer("a", True, 3)),
    ({"limit": None}, Outer()),
    ({"inner": {"size": 2, "ratio": 1}}, Outer(inner=Inner(2, 1.0))),
    ({"inner": {"ratio": "1e-4", "names": ["x"]}}, Outer(inner=Inner(1, 1e-4, ["x"]))),
    ({"many": [{"size": 2}, {}]}, Outer(many=[Inner(2), Inner()])),
])
def test_from_dict(raw, expected):
    result = from_dict(Outer, raw)
    assert result == expected
    assert type(result.inner.ratio) is float


@pytest.mark.parametrize("raw, message", [
    ({"titel": "a"}, "unknown key 'titel'; did you mean 'title'"),
    ({"inner": {"sise": 2}}, "unknown key 'inner.sise'; did you mean 'size'"),
    ({"many": [{}, {"rati": 2}]}, r"unknown key 'many\[1\].rati'; did you mean 'ratio'"),
    ({7: 1}, "unknown key '7'; did you mean"),
    ({"title": 3}, "title: expected str, got 3"),
    ({"flag": 1}, "flag: expected bool, got 1"),
    ({"flag": "yes"}, "flag: expected bool, got 'yes'"),
    ({"limit": "3"}, "limit: expected int, got '3'"),
    ({"inner": {"size": 2.0}}, "inner.size: expected int, got 2.0"),
    ({"inner": {"size": True}}, "inner.size: expected int, got True"),
    ({"inner": {"ratio": "fast"}}, "inner.ratio: expected float, got 'fast'"),
    ({"inner": {"ratio": True}}, "inner.ratio: expected float, got True"),
    ({"inner": {"ratio": None}}, "inner.ratio: expected float, got None"),
    ({"inner": {"names": "x"}}, "inner.names: expected a list, got 'x'"),
    ({"inner": {"names": ["x", 2]}}, r"inner.names\[1\]: expected str, got 2"),
    ({"inner": 3}, "inner: expected keys and values, got 3"),
    ([], r"Outer: expected keys and values, got \[\]"),
    ({"title": "bad"}, "title cannot be bad"),
])
def test_from_dict_refuses(raw, message):
    with pytest.raises(ValueError, match=message):
        from_dict(Outer, raw)


@pytest.mark.parametrize("raw, assignments, expected", [
    ({"a": 1}, [], {"a": 1}),
    ({"a": 1}, ["a=2", "b.c.d=1.5"], {"a": 2, "b": {"c": {"d": 1.5}}}),
    ({"b": {"c": 1, "d": 2}}, ["b.c=[dice, ink]"], {"b": {"c": ["dice", "ink"], "d": 2}}),
    ({"b": None}, ["b.c=x=y"], {"b": {"c": "x=y"}}),  # a key with nothing below it
    ({}, ["a=", "b=true", "c='7'"], {"a": None, "b": True, "c": "7"}),
])
def test_set_keys(raw, assignments, expected):
    assert set_keys(raw, assignments) == expected


@pytest.mark.parametrize("text, message", [
    ("a", "--set takes key.sub=value, got 'a'"),
    ("=3", "--set takes key.sub=value, got '=3'"),
    ("a.b=3", "--set a.b=3: 'a' holds a value, not keys"),
    ("b={c: 1, c: 2}", "--set .*: not valid YAML: key 'c' is given twice"),
    ("b=[1", r"--set b=\[1: not valid YAML"),
])
def test_set_keys_refuses(text, message):
    with pytest.raises(ValueError, match=message):
        set_keys({"a": 1}, [text])


@pytest.mark.parametrize("content, message", [
    (None, "cannot be read"),
    (b"a: [1", "not valid YAML: (?s:.*)line 1"),
    (b"\xff\xfe\xfd", "not valid YAML"),
    (b"a: {b: 1}\nc: 1\na: {d: 1}", "not valid YAML: key 'a' is given twice(?s:.*)line 3"),
    (b"a: {b: 1, c: 2, b: 1}", "key 'b' is given twice(?s:.*)line 1"),
    (b"- 1", "expected keys and values, got list"),
    (b"", "expected keys and values, got NoneType"),
])
def test_read_yaml_refuses(tmp_path, content, message):
    path = tmp_path / "recipe.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_read_yaml(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("a: &a {b: 1e-4}\nc: 题\nd: {<<: *a, b: 2}\n", encoding="utf-8")
    # from_dict makes the text a number
    assert read_yaml(path) == {"a": {"b": "1e-4"}, "c": "题", "d": {"b": 2}}
