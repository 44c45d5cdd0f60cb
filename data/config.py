"""YAML files and dictionaries into dataclasses, where a typo cannot train for a day."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")


def from_dict(cls: type[T], raw: dict, where: str = "") -> T:
    """Fill a dataclass, nested ones too, from a dictionary.

    `where` prefixes the keys in messages. Raises ValueError for an unknown key, naming the nearest
    known one, and for a value of a wrong kind.
    """
    if not isinstance(raw, dict):
        raise ValueError(f"{where or cls.__name__}: expected keys and values, got {raw!r}")
    kinds = typing.get_type_hints(cls)
    known = [field.name for field in dataclasses.fields(cls)]
    values = {}
    for key, value in raw.items():
        path = f"{where}.{key}" if where else str(key)
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1, 0)
            raise ValueError(f"unknown key {path!r}; did you mean {near[0]!r}?")
        values[key] = _convert(kinds[key], value, path)
    return cls(**values)


def _convert(kind: Any, value: Any, path: str) -> Any:
    if isinstance(kind, types.UnionType):  # X | None
        if value is None:
            return None
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if dataclasses.is_dataclass(kind):
        return from_dict(kind, value, path)
    if typing.get_origin(kind) is list:
        if not isinstance(value, list):
            raise ValueError(f"{path}: expected a list, got {value!r}")
        (item,) = typing.get_args(kind)
        return [_convert(item, v, f"{path}[{i}]") for i, v in enumerate(value)]
    if kind is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-4, without a dot, as text
        except ValueError:
            pass
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{path}: expected {kind.__name__}, got {value!r}")
    return value


class _Loader(yaml.SafeLoader):
    """Refuses a key that is given twice: the last one would win in silence."""

    def compose_mapping_node(self, anchor):
        node, seen = super().compose_mapping_node(anchor), set()
        for key, _ in node.value:
            name = key.tag, str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"key {key.value!r} is given twice",
                                           problem_mark=key.start_mark)
            seen.add(name)
        return node


def read_yaml(path: Path | str) -> dict:
    """A YAML file's keys and values. Raises ValueError naming the file and the line."""
    path = Path(path)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ValueError(f"{path}: expected keys and values, got {type(raw).__name__}")
    return raw


def set_keys(raw: dict, assignments: list[str]) -> dict:
    """Apply `key.sub=value` assignments, values in YAML, to a raw config. ValueError for others."""
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ValueError(f"--set takes key.sub=value, got {text!r}")
        *parents, last = key.split(".")
        place = raw
        for parent in parents:
            if place.get(parent) is None:  # missing, or a key with nothing below it
                place[parent] = {}
            place = place[parent]
            if not isinstance(place, dict):
                raise ValueError(f"--set {text}: {parent!r} holds a value, not keys")
        try:
            place[last] = yaml.load(value, _Loader)
        except yaml.YAMLError as error:
            raise ValueError(f"--set {text}: not valid YAML: {error}") from None
    return raw
