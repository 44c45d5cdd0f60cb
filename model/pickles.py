"""Checkpoint files in and out as arrays, without torch or paddle and without running pickled code.

A pickle is a program that names functions and calls them. Here every known name becomes an inert
stand-in, a call is only noted down, and `_Builder` makes arrays of the calls it knows.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from data.files import write_bytes

EXPECTED = "a PyTorch .pth, a Paddle .pdparams or an .npz of arrays"
PLAIN = (bool, int, float, str, type(None))
NUMBER = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248]|c8|c16)")  # the array types read and written
TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # opens the format that torch.save wrote before 1.6
TORCH_TYPES = (
    "Float f4, Double f8, Half f2, BFloat16 bfloat16, Long i8, Int i4, Short i2, Char i1, Byte u1, "
    "Bool b1, ComplexFloat c8, ComplexDouble c16"
)
STORAGES = {  # name of a storage class to its type
    "torch.{}Storage".format(*pair.split()): pair.split()[1] for pair in TORCH_TYPES.split(", ")
}
LOOKS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x93NUMPY": "a single .npy array",
    b"\x1f\x8b": "a gzip archive",
    b"version https://git-lfs": "a Git LFS pointer, whose file `git lfs pull` fetches",
}


class _Refused(Exception):
    """The file is whole, but not one that is read here. The message lacks the file's name."""


def read_arrays(path: Path | str) -> dict:
    """Read a checkpoint as a nested dict of arrays and plain values under its own names.

    Reads what torch.save wrote (zip and legacy), what paddle.save wrote (a (name, array) pair
    becomes the array, the table of parameter names is dropped), plain pickles and .npz. The arrays
    are writable, contiguous and in native byte order; bfloat16 of torch comes as float32, that of
    Paddle as the uint16 which Paddle stores. A numpy scalar becomes a Python one.

    Raises ValueError naming the file if it is missing, damaged or no checkpoint (then saying what
    it looks like), if it holds anything but numbers and containers, or if it names a function or
    class that is not known here: nothing that a file names is ever imported or called.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file; expected {EXPECTED}")
    try:
        with path.open("rb") as stream:
            return _read(stream)
    except _Refused as error:
        raise ValueError(f"{path}: {error}") from None
    except Exception as error:  # damaged bytes can raise almost anything, MemoryError included
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path}: damaged or cut short ({reason}); expected {EXPECTED}") from error


def write_arrays(path: Path | str, tree: dict) -> None:
    """Write a nested dict of arrays and plain values atomically, for `read_arrays`.

    `paddle.load` reads it too, and its tensors suit `set_state_dict`. Equal trees of equal order
    give equal bytes, with any numpy. Raises ValueError naming the place in `tree` of a value that
    is neither an array of numbers nor plain, OSError naming the file if it cannot be written.
    """
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=4)
    pickler.fast = True  # no memo: the bytes must not depend on which equal values are one object
    # Not numpy's own form: it names numpy._core, which numpy 1 lacks. Both know numpy.ndarray.
    pickler.dispatch_table = {
        np.ndarray: lambda array: (np.ndarray, (array.shape, array.dtype.str, array.tobytes()))
    }
    pickler.dump(_writable(tree, Path(path).name))
    write_bytes(path, buffer.getvalue())


def _writable(node, place: str):
    """`node` with its arrays little-endian and numpy scalars as Python's. Raises ValueError."""
    if isinstance(node, np.generic):
        node = node.item()
    if isinstance(node, np.ndarray) and NUMBER.fullmatch(node.dtype.str):
        return np.asarray(node, node.dtype.newbyteorder("<"))
    if isinstance(node, dict) and all(type(key) in PLAIN for key in node):
        return {key: _writable(value, f"{place}/{key}") for key, value in node.items()}
    if type(node) in (list, tuple):
        return type(node)(_writable(value, f"{place}/{i}") for i, value in enumerate(node))
    if type(node) not in PLAIN:
        kind = f"{type(node).__name__} {getattr(node, 'dtype', '')}".strip()
        raise ValueError(f"{place}: cannot write a {kind}; numpy arrays and plain values only")
    return node


def _read(stream: BinaryIO) -> dict:
    head = stream.read(512)
    stream.seek(0)
    if head.startswith(b"PK\x03\x04"):
        tree = _read_zip(stream)
    elif head.startswith(b"\x80"):  # a pickle of protocol 2 or later
        tree = _read_pickle(_Bytes(stream.read()))
    else:
        raise _Refused(f"this is {_looks_like(head)}, not a checkpoint; expected {EXPECTED}")
    if not isinstance(tree, dict):
        raise _Refused(f"it holds a single {type(tree).__name__}; expected a dict of arrays")
    return tree


def _looks_like(head: bytes) -> str:
    if not head:
        return "an empty file"
    for start, name in LOOKS.items():
        if head.startswith(start):
            return name
    if head[8:10] == b'{"':
        return "a safetensors file"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        return "a web page (HTML)"
    return "a file of unknown kind" if re.search(rb"[\0-\x08\x0e-\x1f]", head) else "a text file"


def _read_zip(stream: BinaryIO) -> dict:
    with zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
        folder = next((n.removesuffix("data.pkl") for n in names if n.endswith("/data.pkl")), None)
        if folder and folder + "constants.pkl" not in names:  # that is TorchScript's
            order = f"{folder}byteorder"  # older ones lack it
            order = archive.read(order).decode() if order in names else "little"
            node = _Unpickler(_Bytes(archive.read(f"{folder}data.pkl"))).load()
            return _Builder(lambda key: archive.read(f"{folder}data/{key}"), order).value(node)
    if not names or not all(name.endswith(".npy") for name in names):
        kind = "a TorchScript program" if folder else "a zip archive of something else"
        raise _Refused(f"this is {kind}; expected {EXPECTED}")
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as arrays:
        tree = {name: arrays[name] for name in arrays.files}
    for name, value in tree.items():
        if not isinstance(value, np.ndarray):  # np.load hands out bytes where the header is broken
            raise ValueError(f"{name} is no array")
    return tree


def _read_pickle(stream: _Bytes):
    node, storages = _Unpickler(stream).load(), {}
    if type(node) is int and node == TORCH_MAGIC:
        _Unpickler(stream).load()  # version of the format, always 1001
        _Unpickler(stream).load()  # sizes of C types, of no use
        unpickler = _Unpickler(stream)
        node = unpickler.load()
        for key in _Unpickler(stream).load():
            count = int.from_bytes(stream.read(8), "little")
            storages[key] = stream.read(count * _stored(unpickler.storages[key]).itemsize)
    return _Builder(storages.__getitem__, "little").value(node)


def _stored(kind: str) -> np.dtype:
    return np.dtype("u2" if kind == "bfloat16" else kind)


class _Bytes(io.BytesIO):
    """A pickle in memory, where a wild length allocates nothing. EOFError where it ends early."""

    def read(self, size: int) -> bytes:
        content = super().read(size)
        if len(content) < size:
            raise EOFError("it ends early")
        return content

    def readline(self) -> bytes:
        line = super().readline()
        if not line.endswith(b"\n"):
            raise EOFError("it ends early")
        return line


class _Name:
    """Stands for a known name. A call of it is noted down; a pickle cannot change it."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __call__(self, *args) -> _Call:
        return _Call(self.name, args)

    def __setstate__(self, state):
        raise pickle.UnpicklingError(f"a state for {self.name}")


class _Call:
    """A call that a pickle asked for, never made, and what it then did to the result."""

    __slots__ = ("name", "args", "state", "items")

    def __init__(self, name: str, args: tuple):
        self.name, self.args, self.state, self.items = name, args, None, []

    def __setstate__(self, state):
        self.state = state

    def __setitem__(self, key, value):
        self.items.append((key, value))


class _Unpickler(pickle._Unpickler):
    """Makes containers, plain values, `_Name` and `_Call`, nothing else.

    Python's unpickler, for C's fills as much memory as a damaged memo index asks for.
    """

    def __init__(self, stream: _Bytes):
        super().__init__(stream, encoding="latin1")  # a str of Python 2 may be bytes
        self.storages: dict[str, str] = {}  # key to type, of torch

    def find_class(self, module: str, name: str) -> _Name:
        module = module.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins")
        full = f"{module}.{name}"
        if full not in STORAGES and full not in _Builder.CALLS:
            raise _Refused(
                f"it names {full!r}, which is not known here and may run code; export it as .npz "
                "or as a plain state dict"
            )
        return _Name(full)

    def get_extension(self, code: int):  # Python's hands out what others registered
        raise pickle.UnpicklingError(f"extension {code}")

    def persistent_load(self, pid) -> _Call:
        what, storage, key, _, count, *view = pid
        if what != "storage" or type(storage) is not _Name or type(count) is not int or any(view):
            raise _Refused("its tensors are stored in an unknown way; export it as .npz")
        self.storages[key] = STORAGES[storage.name]
        return _Call("a storage", (self.storages[key], key, count))


class _Builder:
    """Turns what `_Unpickler` made into arrays and plain values.

    `storage` gives the bytes of a torch storage by its key, in `byteorder` 'little' or 'big'.
    """

    def __init__(self, storage: Callable[[str], bytes], byteorder: str):
        self.storage = storage
        self.byteorder = {"little": "<", "big": ">"}[byteorder]
        self.done: dict[int, object] = {}  # by id: what a pickle shares is built once and shared

    def value(self, node):
        """The value of `node`, a part of the unpickled tree (so that its id stays its own)."""
        if type(node) in PLAIN or type(node) is bytes:
            return node
        if id(node) not in self.done:
            self.done[id(node)] = self  # until it is built
            self.done[id(node)] = self._build(node)
        if self.done[id(node)] is self:
            raise _Refused("it contains itself; export it as .npz or as a plain state dict")
        return self.done[id(node)]

    def _build(self, node):
        if type(node) is dict:
            return self._dict(node.items())
        if type(node) is list:
            return [self.value(item) for item in node]
        if type(node) is tuple:
            items = tuple(self.value(item) for item in node)
            named = len(items) == 2 and type(items[0]) is str and isinstance(items[1], np.ndarray)
            return items[1] if named else items  # Paddle saves (name, array)
        if type(node) is _Call and self.CALLS.get(node.name):
            return self.CALLS[node.name](self, node)
        kind = getattr(node, "name", type(node).__name__)
        raise _Refused(f"it holds {kind!r}, neither an array nor a plain value")

    def _dict(self, items) -> dict:
        result = {}
        for key, item in items:
            if type(key) not in PLAIN:
                raise _Refused(f"it holds a dict with a {type(key).__name__} as a key")
            if key != "StructuredToParameterName@@":
                result[key] = self.value(item)
        # Below protocol 4 paddle.save cuts arrays past 1 GB into flat slices.
        for key, cut in result.pop("UnpackBigParamInfor@@", {}).items():
            slices = [result.pop(name) for name in cut["slices"]]
            result[key] = np.concatenate(slices).reshape(cut["OriginShape"])
        return result

    def _sizes(self, node) -> tuple[int, ...]:
        sizes = self.value(node)
        if not all(type(n) is int and n >= 0 for n in sizes):
            raise ValueError(f"{str(sizes)[:80]} is no shape")
        return tuple(sizes)

    def _dtype(self, node) -> np.dtype:
        order = "="
        if type(node) is _Call and node.name == "numpy.dtype":
            order = node.state[1].replace("|", "=") if node.state else order
            node = node.args[0]
        if type(node) is not str or not NUMBER.fullmatch(node):
            raise _Refused(f"it holds an array of type {str(node)[:80]!r}; only numbers are read")
        return np.dtype(node).newbyteorder(order) if order != "=" else np.dtype(node)

    def _bytes(self, node) -> bytes:
        raw = bytes(node) if type(node) is bytearray else self.value(node)
        raw = raw.encode("latin1") if type(raw) is str else raw
        if type(raw) is not bytes:
            raise ValueError(f"a {type(raw).__name__} for bytes")
        return raw

    def _array(self, raw, dtype, shape, order="C") -> np.ndarray:
        raw, dtype, shape = self._bytes(raw), self._dtype(dtype), self._sizes(shape)
        if len(raw) != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{len(raw)} bytes for an array of shape {shape}, type {dtype}")
        array = np.ndarray(shape, dtype, raw, order=order)
        return np.array(array, dtype.newbyteorder("="), order="C")

    def _reconstruct(self, call) -> np.ndarray:
        _, shape, dtype, fortran, raw = call.state
        return self._array(raw, dtype, shape, "F" if fortran else "C")

    def _frombuffer(self, call) -> np.ndarray:  # protocol 5
        raw, dtype, shape, order, *axes = call.args
        array = self._array(raw, dtype, shape, {"C": "C", "F": "F", "K": "C"}[order])
        return array.transpose(axes[0]).copy() if axes and axes[0] else array

    def _tensor(self, call) -> np.ndarray:
        storage, offset, size, stride, *more = call.args
        if type(storage) is not _Call or storage.name != "a storage" or any(more[2:]):
            raise _Refused("its tensors are stored in an unknown way; export it as .npz")
        kind, key, count = storage.args
        raw, dtype = self.storage(key), _stored(kind).newbyteorder(self.byteorder)
        shape, steps = self._sizes(size), self._sizes(stride)
        total = math.prod(shape)
        last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
        if not total:
            return np.zeros(shape, "f4" if kind == "bfloat16" else kind)
        if total > count:  # strides of 0, by which a few bytes could fill the memory
            raise _Refused(f"it repeats {count} numbers in shape {shape}; save it .contiguous()")
        if offset < 0 or last >= count or len(raw) < count * dtype.itemsize:
            raise ValueError(f"storage {key!r} is too short for a tensor of shape {shape}")
        steps = [step * dtype.itemsize for step in steps]
        array = np.ndarray(shape, dtype, raw, offset * dtype.itemsize, steps)
        array = np.array(array, dtype.newbyteorder("="), order="C")
        if kind == "bfloat16":  # the upper half of a float32
            array = np.asarray(np.left_shift(array, 16, dtype=np.uint32)).view(np.float32)
        return array

    CALLS = {
        "_codecs.encode": lambda self, call: self._bytes(call.args[0]),  # bytes in protocol 2
        "builtins.bytes": lambda self, call: self._bytes(*call.args or [b""]),  # likewise, empty
        "builtins.tuple": lambda self, call: self.value(*call.args),
        "collections.OrderedDict": lambda self, call: self._dict(sum(call.args, []) + call.items),
        "numpy.core.multiarray._reconstruct": _reconstruct,
        "numpy.core.multiarray.scalar": lambda self, call: self._array(*call.args[::-1], ()).item(),
        "numpy.core.numeric._frombuffer": _frombuffer,
        "numpy.dtype": None,  # a part of arrays only
        "numpy.ndarray": lambda self, call: self._array(*call.args[::-1]),
        "torch.Size": lambda self, call: self._sizes(*call.args),
        "torch._utils._rebuild_parameter": lambda self, call: self.value(call.args[0]),
        "torch._utils._rebuild_tensor": _tensor,
        "torch._utils._rebuild_tensor_v2": _tensor,
    }
