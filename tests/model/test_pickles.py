import copyreg
import io
import os
import pickle
import subprocess
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import paddle
import pytest

from model.pickles import TORCH_MAGIC, read_arrays, write_arrays

ROOT = Path(__file__).parents[2]
BASE = np.arange(24, dtype="f4").reshape(4, 6)


def equal(one, other):
    """Whether two trees agree in types, names, their order, shapes, dtypes and values."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


def write(tmp_path, content):
    path = tmp_path / "file.pdparams"
    path.write_bytes(content)
    return path


def refused(tmp_path, content, reason):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=reason) as caught:
        read_arrays(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


# What torch.save writes, without torch: compared with torch 2.13's own files while this was written


class Storage:
    def __init__(self, raw, kind, count, key):
        self.raw, self.kind, self.count, self.key = raw, kind, count, key


class Tensor:
    def __init__(self, storage, offset, size, stride, *more, name="_rebuild_tensor_v2"):
        rest = (False, OrderedDict(), *more) if name.endswith("v2") else ()
        self.call = storage, offset, sys.modules["torch"].Size(size), stride, *rest
        self.name = name

    def __reduce__(self):
        return getattr(sys.modules["torch._utils"], self.name), self.call


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_parameter
        return rebuild, (self.tensor, True, OrderedDict())


@pytest.fixture
def torch(monkeypatch):
    """A module of torch's name, with which pickles of torch's form can be made."""
    module, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("Float", "Double", "Half", "BFloat16", "Long", "Bool", "ComplexFloat"):
        setattr(module, f"{name}Storage", type(f"{name}Storage", (), {"__module__": "torch"}))
    module.Size = type("Size", (tuple,), {"__module__": "torch"})
    module.Size.__reduce__ = lambda self: (module.Size, (tuple(self),))
    for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"):
        function = types.FunctionType((lambda: None).__code__, {}, name)
        function.__module__, function.__qualname__ = "torch._utils", name
        setattr(utils, name, function)
    monkeypatch.setitem(sys.modules, "torch", module)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return module


def store(array, kind="Float", key="0", order="<"):
    array = np.asarray(array)
    return Storage(array.astype(array.dtype.newbyteorder(order)).tobytes(), kind, array.size, key)


def whole(array, kind="Float", key="0"):
    steps = [step // array.itemsize for step in array.strides]
    return Tensor(store(array, kind, key), 0, array.shape, tuple(steps))


def torch_bytes(tree, legacy, byteorder="little", change=None):
    """`tree` as torch.save writes it. change(storages) may damage them before they are written."""
    storages, content = {}, io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            if not isinstance(item, Storage):
                return None
            storages[item.key] = item
            kind = getattr(sys.modules["torch"], f"{item.kind}Storage")
            pid = ("storage", kind, item.key, "cpu", item.count)
            return (*pid, None) if legacy else pid

    if legacy:
        for item in (TORCH_MAGIC, 1001, {"little_endian": True}):
            pickle.dump(item, content, protocol=2)
    Pickler(content, protocol=2).dump(tree)
    if change:
        change(storages)
    if legacy:
        pickle.dump(sorted(storages), content, protocol=2)
        for key in sorted(storages):
            content.write(storages[key].count.to_bytes(8, "little") + storages[key].raw)
        return content.getvalue()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("net/data.pkl", content.getvalue())
        if byteorder:
            out.writestr("net/byteorder", byteorder)
        for key, storage in storages.items():
            out.writestr(f"net/data/{key}", storage.raw)
        out.writestr("net/version", "3\n")
    return archive.getvalue()


@pytest.fixture(params=[False, True], ids=["zip", "legacy"])
def legacy(request):
    return request.param


def test_torch(tmp_path, torch, legacy):
    base = store(BASE)
    state = OrderedDict([("0.weight", Parameter(whole(BASE))), ("0.bias", Tensor(base, 0, (), ()))])
    tree = {
        "state_dict": state,
        "t": Tensor(base, 0, (6, 4), (1, 6)),
        "part": Tensor(base, 8, (3, 2), (6, 3)),
        "old": Tensor(base, 2, (2,), (1,), name="_rebuild_tensor"),
        "count": whole(np.array(7), "Long", "1"),
        "half": whole(BASE.astype("f2"), "Half", "2"),
        "flag": whole(np.array([True, False]), "Bool", "3"),
        "complex": whole(np.array([1 + 2j], "c8"), "ComplexFloat", "4"),
        "empty": Tensor(Storage(b"", "Float", 0, "5"), 0, (0, 3), (3, 1)),
        "shape": torch.Size([4, 6]),
        "epoch": 5,
        "best": np.float64(30.5),
        "optimizer": {"state": {0: {"step": 3}}, "param_groups": [{"betas": (0.9, 0.99)}]},
    }
    expected = {
        "state_dict": {"0.weight": BASE, "0.bias": BASE[0, 0, None].reshape(())},
        "t": BASE.T,
        "part": BASE[1:, 2::3],
        "old": BASE[0, 2:4],
        "count": np.array(7),
        "half": BASE.astype("f2"),
        "flag": np.array([True, False]),
        "complex": np.array([1 + 2j], "c8"),
        "empty": np.zeros((0, 3), "f4"),
        "shape": (4, 6),
        "epoch": 5,
        "best": 30.5,
        "optimizer": tree["optimizer"],
    }
    result = read_arrays(write(tmp_path, torch_bytes(tree, legacy)))
    assert equal(result, expected)
    assert all(result[name].flags.c_contiguous and result[name].flags.writeable for name in "t")


def test_torch_state_dict_with_metadata(tmp_path, torch, legacy):
    state = OrderedDict(weight=whole(BASE))
    state._metadata = OrderedDict({"": {"version": 1}})  # as Module.state_dict() has it
    assert equal(read_arrays(write(tmp_path, torch_bytes(state, legacy))), {"weight": BASE})


def test_torch_bfloat16(tmp_path, torch, legacy):
    values = np.array([[1, -2.5], [0, 3e38], [np.inf, 2**-130]], "f4")
    upper = values.view("u4") >> 16
    values = (upper << 16).view("f4")  # what 16 bits keep
    tree = {
        "w": whole(upper.astype("u2"), "BFloat16"),
        "t": Tensor(store(upper.astype("u2"), "BFloat16"), 0, (2, 3), (1, 2)),
        "scalar": Tensor(store(upper.astype("u2"), "BFloat16"), 1, (), ()),
    }
    result = read_arrays(write(tmp_path, torch_bytes(tree, legacy)))
    assert equal(result, {"w": values, "t": values.T, "scalar": np.array(-2.5, "f4")})


@pytest.mark.parametrize("byteorder, order", [("big", ">"), ("little", "<"), (None, "<")])
def test_torch_byte_order(tmp_path, torch, byteorder, order):
    tree = {"w": Tensor(store(BASE, order=order), 0, (4, 6), (6, 1))}
    assert equal(read_arrays(write(tmp_path, torch_bytes(tree, False, byteorder))), {"w": BASE})


@pytest.mark.parametrize(
    "offset, size, stride",
    [
        (0, (5, 6), (6, 1)),
        (1, (4, 6), (6, 1)),
        (24, (1,), (1,)),
        (0, (2, 2), (23, 1)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (-2,), (1,)),
        (0, (2, 2), (1,)),
        (0, (2**70,), (0,)),
        (0, (5, 5), (0, 1)),
        (0.0, (2,), (1,)),
    ],
)
def test_torch_tensor_outside_its_storage(tmp_path, torch, legacy, offset, size, stride):
    tree = {"w": Tensor(store(BASE), offset, size, stride)}
    refused(tmp_path, torch_bytes(tree, legacy), "cut short|repeats 24 numbers")


def test_torch_damage(tmp_path, torch, legacy):
    def cut(storages):
        storages["0"].raw = storages["0"].raw[:-1]

    def lose(storages):
        del storages["0"]

    for change in (cut, lose):
        refused(tmp_path, torch_bytes({"w": whole(BASE)}, legacy, change=change), "cut short")
    content = torch_bytes({"w": whole(BASE)}, legacy)
    for length in range(5, len(content), 7):
        refused(tmp_path, content[:length], "cut short")


def test_torch_files_of_another_kind(tmp_path, torch, legacy):
    conjugated = Tensor(store(BASE), 0, (4, 6), (6, 1), {"conj": True})
    refused(tmp_path, torch_bytes({"w": conjugated}, legacy), "unknown way")
    refused(tmp_path, torch_bytes({"w": store(BASE)}, legacy), "holds 'a storage', neither")
    refused(tmp_path, torch_bytes({"w": torch.FloatStorage}, legacy), "'torch.FloatStorage', nei")
    refused(tmp_path, torch_bytes(whole(BASE), legacy), "a single ndarray; expected a dict")
    torch.nn = types.SimpleNamespace()
    torch.Net = type("Net", (), {"__module__": "torch"})
    message = refused(tmp_path, torch_bytes({"net": torch.Net()}, legacy), "may run code")
    assert "export it as .npz or as a plain state dict" in message


def test_a_number_cannot_pass_for_a_storage(tmp_path, torch, legacy):
    class Fake:
        def __reduce__(self):
            return np.dtype, ("O8", "0", 1)

    refused(tmp_path, torch_bytes({"w": Tensor(Fake(), 0, (1,), (1,))}, legacy), "unknown way")


# Paddle


def test_paddle_state_dict(tmp_path):
    net = paddle.nn.Sequential(paddle.nn.Conv2D(3, 4, 3), paddle.nn.BatchNorm2D(4))
    adam = paddle.optimizer.Adam(parameters=net.parameters())
    net(paddle.ones([1, 3, 8, 8])).sum().backward()
    adam.step()
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    moments = {name: item.numpy() for name, item in adam.state_dict().items() if "moment" in name}
    path = tmp_path / "net.pdparams"
    for protocol in (2, 3, 4):
        paddle.save(net.state_dict(), str(path), protocol=protocol)
        assert equal(read_arrays(path), state)
        tree = {"model": net.state_dict(), "opt": adam.state_dict(), "epoch": 3, "more": [1, None]}
        paddle.save(tree, str(path), protocol=protocol)
        result = read_arrays(path)
        assert equal(result["model"], state)
        assert equal({name: result["opt"][name] for name in moments}, moments)
        assert (result["epoch"], result["more"]) == (3, [1, None])


def test_paddle_forms(tmp_path):
    tree = {
        "pair": ("linear_0.w_0", BASE),
        "plain": BASE[0],
        "big@@.0": BASE.ravel()[:20],
        "big@@.1": BASE.ravel()[20:],
        "UnpackBigParamInfor@@": {"big": {"OriginShape": (4, 6), "slices": ["big@@.0", "big@@.1"]}},
        "StructuredToParameterName@@": {"plain": "linear_0.b_0"},
    }
    result = read_arrays(write(tmp_path, pickle.dumps(tree, 2)))
    assert equal(result, {"pair": BASE, "plain": BASE[0], "big": BASE})
    del tree["big@@.1"]
    refused(tmp_path, pickle.dumps(tree, 2), "cut short")


def test_paddle_loads_what_we_write(tmp_path):
    net, other = paddle.nn.Linear(3, 2), paddle.nn.Linear(3, 2)
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    path = tmp_path / "own.pdparams"
    write_arrays(path, {"model": state, "step": 7, "config": {"form": "plain", "none": None}})
    content = paddle.load(str(path))
    assert (content["step"], content["config"]) == (7, {"form": "plain", "none": None})
    missing, unexpected = other.set_state_dict(content["model"])
    assert not missing and not unexpected
    for name, tensor in other.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), state[name])


# Our own files and plain pickles


def sample():
    arrays = {kind: BASE.astype(kind) for kind in ("?", "u1", "i2", "i8", "f2", "f4", "f8", "c8")}
    return {
        "model": arrays | {"scalar": np.array(3.5), "none": np.zeros((0, 3), "f4")},
        "config": {"arch": "erasenet", "gain": 0.1, "grad": None, "on": True, "名": "试卷"},
        "history": [1, (2, "a"), [], {}, {3: BASE}],
        "big": -(2**80),
    }


def test_round_trip(tmp_path):
    path = tmp_path / "own.pdparams"
    write_arrays(path, sample())
    assert equal(read_arrays(path), sample())
    assert equal(pickle.loads(path.read_bytes()), sample())
    result = read_arrays(path)["model"]["f4"]
    result += 1  # its own memory
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_depend_on_values_only(tmp_path):
    def content(tree):
        write_arrays(tmp_path / "own.pdparams", tree)
        return (tmp_path / "own.pdparams").read_bytes()

    name, twin = "a name", "".join(["a ", "name"])
    assert name is not twin
    one = content({"a": [name, name], "b": BASE, "c": BASE, "d": 1.5, "e": np.zeros(1, "f4")})
    other = {
        "a": [name, twin],
        "b": np.asfortranarray(BASE),
        "c": BASE.astype(">f4"),
        "d": np.float64(1.5),
        "e": np.zeros((1, 3), "f4")[:, 1],
    }
    assert content(other) == one
    assert b"core" not in one  # numpy.core and numpy._core are of one numpy each
    read_arrays(tmp_path / "own.pdparams")


@pytest.mark.parametrize(
    "value, reason",
    [
        (np.array([None]), "ndarray object"),
        (np.array(["text"]), "ndarray <U4"),
        (np.zeros(1, [("a", "f4")]), r"ndarray \[\('a'"),
        (np.datetime64("2020-01-01"), "date"),
        (b"bytes", "bytes"),
        ({1, 2}, "set"),
        ({(1, 2): 3}, "dict"),
        (paddle.ones([1]), "Tensor"),
        (print, "builtin_function"),
    ],
)
def test_what_is_not_written(tmp_path, value, reason):
    path = tmp_path / "own.pdparams"
    write_arrays(path, {"a": 1})
    with pytest.raises(ValueError, match=rf"own.pdparams/model/1: cannot write a {reason}"):
        write_arrays(path, {"model": [0, value]})
    assert read_arrays(path) == {"a": 1}


def test_no_place_to_write(tmp_path):
    with pytest.raises(OSError, match="own.pdparams"):
        write_arrays(tmp_path / "missing" / "own.pdparams", {"a": BASE})


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_pickles(tmp_path, protocol):
    tree = {
        "a": BASE,
        "fortran": np.asfortranarray(BASE),
        "permuted": np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
        "big": BASE.astype(">f4"),
        "scalar": np.array(2),
        "empty": np.zeros((0, 2)),
        "none": [None, True, 2, 2.5, "é", b"\xff\0", b"", ()],
        "number": np.float32(1.5),
    }
    expected = tree | {"big": BASE, "number": 1.5}
    content = pickle.dumps(tree, protocol)
    assert equal(read_arrays(write(tmp_path, content)), expected)
    if protocol < 4:  # names end at a newline there, so both of numpy's spellings can be tried
        content = content.replace(b"cnumpy._core.", b"cnumpy.core.")
        assert equal(read_arrays(write(tmp_path, content)), expected)
        content = content.replace(b"cnumpy.core.", b"cnumpy._core.")
        assert equal(read_arrays(write(tmp_path, content)), expected)


def test_shared_parts(tmp_path):
    result = read_arrays(write(tmp_path, pickle.dumps({"a": BASE, "b": [BASE, BASE]})))
    assert equal(result, {"a": BASE, "b": [BASE, BASE]})
    assert result["a"] is result["b"][1]


def test_npz(tmp_path):
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, **{"a.weight": BASE, "b": np.array(2, "f2")})
        content = buffer.getvalue()
        result = read_arrays(write(tmp_path, content))
        assert equal(result, {"a.weight": BASE, "b": np.array(2, "f2")})
        refused(tmp_path, content[:-30], "cut short")
    refused(tmp_path, content[:40] + b"\xff" + content[41:], "cut short")
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([print]))
    refused(tmp_path, buffer.getvalue(), "Object arrays cannot be loaded")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", b"no array")
    refused(tmp_path, buffer.getvalue(), "a is no array|a.npy is no array")


# Refusals


@pytest.mark.parametrize(
    "content, looks",
    [
        (b"", "an empty file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "a JPEG image"),
        (b"\n <!DOCTYPE html><html><body>404", "a web page"),
        (b"name: erasenet\nwidth: 32\n", "a text file"),
        ("说明".encode(), "a text file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer"),
        (b"\x10\0\0\0\0\0\0\0" + b'{"a":{"dtype":1}}', "a safetensors file"),
        (b"\x1f\x8b\x08" + bytes(99), "a gzip archive"),
        (b"\x93NUMPY\x01\0" + bytes(99), "a single .npy array"),
        (bytes(600), "a file of unknown kind"),
        (pickle.dumps({"a": 1}, 0), "a text file"),
    ],
)
def test_no_checkpoint(tmp_path, content, looks):
    message = refused(tmp_path, content, f"this is {looks}")
    assert "expected a PyTorch .pth, a Paddle .pdparams or an .npz" in message


def test_zip_of_something_else(tmp_path):
    for name, what in (("word/document.xml", "something else"), ("constants.pkl", "TorchScript")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(f"net/{name}", "")
            if what == "TorchScript":
                archive.writestr("net/data.pkl", "")
        refused(tmp_path, buffer.getvalue(), what)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path, tmp_path / "missing.pth"):
        with pytest.raises(ValueError, match="no such file; expected a PyTorch"):
            read_arrays(path)


def test_truncated_anywhere(tmp_path):
    path = tmp_path / "own.pdparams"
    write_arrays(path, {"model": {"w": BASE}, "config": {"width": 16}})
    content = path.read_bytes()
    for length in range(1, len(content)):
        refused(tmp_path, content[:length], "damaged or cut short|unknown kind")


def test_damaged_bytes_raise_nothing_else(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "own.pdparams"
    write_arrays(path, {"model": {"w": BASE, "b": BASE[0]}, "config": {"width": 16, "x": [1.5]}})
    content = bytearray(path.read_bytes())
    for _ in range(300):
        damaged = content.copy()
        for position in rng.integers(len(content), size=2):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_arrays(path)
        except ValueError as error:
            assert str(error).startswith(f"{path}: ")


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


DTYPE = name("numpy", "dtype") + b"X\2\0\0\0f4\x85R"
ARRAY = name("numpy", "ndarray") + b"K\2\x85X\3\0\0\0<f4C\x08" + bytes(8) + b"\x87R"


def test_hostile_skeletons_are_well_formed(tmp_path):
    result = read_arrays(write(tmp_path, b"\x80\4}X\1\0\0\0a" + ARRAY + b"s."))
    assert equal(result, {"a": np.zeros(2, "f4")})


@pytest.mark.parametrize(
    "names",
    [
        "os system",
        "posix system",
        "subprocess Popen",
        "builtins eval",
        "builtins exec",
        "builtins getattr",
        "builtins __import__",
        "__builtin__ eval",
        "operator attrgetter",
        "numpy load",
        "numpy.testing._private.utils runstring",
        "numpy.core.multiarray __builtins__",
        "torch load",
        "torch.hub load",
        "torch.storage _load_from_bytes",
        "paddle load",
        "model.pickles _Builder",
        "collections OrderedDict.__init__",
        "collections namedtuple",
        "_codecs lookup",
    ],
)
def test_names_are_refused(tmp_path, names):
    module, attribute = names.split()
    mark = tmp_path / "owned"
    argument = f"touch {mark}".encode()
    argument = b"X" + len(argument).to_bytes(4, "little") + argument
    full = f"{module}.{attribute}".replace("__builtin__", "builtins")
    size = bytes([len(module)]), bytes([len(attribute)])
    stacked = b"\x8c%b%b\x8c%b%b\x93" % (size[0], module.encode(), size[1], attribute.encode())
    for content in (
        name(module, attribute) + argument + b"\x85R.",  # REDUCE
        stacked + argument + b"\x85R.",
        stacked + argument + b"\x85\x81.",  # NEWOBJ
        stacked + argument + b"\x85}\x92.",  # NEWOBJ_EX
        b"(" + stacked + argument + b"o.",  # OBJ
        b"(" + argument + b"i" + name(module, attribute)[1:] + b".",  # INST
        stacked + b"}b.",  # BUILD
        b"}" + stacked + b"K\1s.",  # never called, only a key
    ):
        message = refused(tmp_path, b"\x80\4" + content, "which is not known here and may run code")
        assert repr(full) in message
    assert not mark.exists()


def test_pickled_commands_do_not_run(tmp_path, torch, legacy):
    mark = tmp_path / "owned"

    class System:
        def __reduce__(self):
            return os.system, (f"touch {mark}",)

    class Eval:
        def __reduce__(self):
            return eval, (f"open({str(mark)!r}, 'w')",)

    class State:
        def __reduce__(self):
            return OrderedDict, (), {"a": System()}

    for evil in (System(), Eval(), State()):
        tree = {"w": whole(BASE), "evil": evil}
        refused(tmp_path, torch_bytes(tree, legacy), "may run code")
        refused(tmp_path, pickle.dumps({"a": evil}), "may run code")
    pickle.loads(pickle.dumps(System()))
    assert mark.exists()  # so the pickles were live ones


def test_registered_extensions_do_not_run(tmp_path):
    mark = tmp_path / "owned"
    copyreg.add_extension("os", "system", 0x7A)
    try:
        content = b"\x80\2}X\1\0\0\0a\x82\x7aX%b\x85Rs." % (
            len(f"touch {mark}").to_bytes(4, "little") + f"touch {mark}".encode()
        )
        pickle.loads(content)  # now Python's unpickler has the function at hand
        mark.unlink()
        refused(tmp_path, content, "cut short")
        assert not mark.exists()
    finally:
        copyreg.remove_extension("os", "system", 0x7A)


@pytest.mark.parametrize(
    "content",
    [
        name("numpy", "ndarray") + b"}X\4\0\0\0nameX\1\0\0\0xsb",  # BUILD on a stand-in
        name("numpy", "ndarray") + b"N}X\4\0\0\0nameX\1\0\0\0xs\x86b",  # with a slot state
        name("numpy", "ndarray") + b"N}X\x09\0\0\0__class__" + DTYPE + b"s\x86b",
        name("numpy", "ndarray") + b"K\1K\2s",  # SETITEM
        name("numpy", "ndarray") + b"K\1a",  # APPEND
        name("numpy", "ndarray") + b")\x81",  # NEWOBJ
        name("numpy", "ndarray") + b")}\x92",
        name("numpy", "ndarray") + b")R",  # no arguments
        name("numpy", "ndarray"),
        ARRAY + b")R",  # call of a result
        ARRAY + b")\x81",
        ARRAY + b"K\1a",
        ARRAY + b"(K\1e",
        b"X\6\0\0\0system)R",
        b"])R",
        b"}N}X\5\0\0\0clearNs\x86b",
        DTYPE,
        name("numpy", "dtype") + b"X\2\0\0\0O8\x85R",
        name("numpy.core.multiarray", "_reconstruct") + b")R",
        name("numpy.core.multiarray", "_reconstruct") + b")R(K\1K\2\x85" + DTYPE + b"\x89Ntb",
        name("numpy.core.multiarray", "scalar") + DTYPE + b"C\2ab\x86R",
        name("numpy.core.multiarray", "scalar") + ARRAY + b"C\2ab\x86R",
        name("numpy", "ndarray") + b"K\2\x85X\2\0\0\0|OC\x10" + bytes(16) + b"\x87R",
        name("numpy", "ndarray") + b"K\2\x85X\3\0\0\0|V4C\x08" + bytes(8) + b"\x87R",
        name("numpy", "ndarray") + b"K\2\x85X\2\0\0\0f9C\x08" + bytes(8) + b"\x87R",
        name("numpy", "ndarray") + b"K\3\x85X\2\0\0\0f4C\x08" + bytes(8) + b"\x87R",
        name("numpy", "ndarray") + b"K\1\x85X\2\0\0\0f4C\x08" + bytes(8) + b"\x87R",
        name("numpy", "ndarray") + b"J\xff\xff\xff\xffJ\xfe\xff\xff\xff\x86X\2\0\0\0f4C\x08"
        + bytes(8) + b"\x87R",
        name("numpy", "ndarray") + b"M\xff\xffM\xff\xffM\xff\xff\x87X\2\0\0\0f8C\0\x87R",
        name("numpy", "ndarray") + b"K\2\x85X\2\0\0\0f4X\3\0\0\0abc\x87R",
        name("numpy", "ndarray") + b"K\2\x85X\2\0\0\0f4]\x87R",
        name("torch", "FloatStorage") + b")R",
        name("collections", "OrderedDict") + b"K\5\x85R",
        name("collections", "OrderedDict") + b")R]K\1s",  # a list as a key
        name("_codecs", "encode") + b"K\5K\6\x86R",
        name("builtins", "bytes") + b"K\5\x85R",
        b"\x8f",  # a set
        b"X\1\0\0\0aQ",  # a persistent id
        name("torch", "FloatStorage") + b"Q",
        b"(X\7\0\0\0storage" + name("torch", "FloatStorage") + b"X\1\0\0\0aNNtQ",
        b"(X\7\0\0\0storage" + name("numpy", "dtype") + b"X\1\0\0\0aNK\1tQ",
        b"h\x63",  # nothing kept under that number
        b"\x97",
        b"\x98",
        b"\x82\1",
        b"0",
    ],
)  # fmt: skip
def test_misused_stand_ins(tmp_path, content):
    refused(tmp_path, b"\x80\4}X\1\0\0\0a" + content + b"s.", "cut short|it holds|unknown way")
    test_hostile_skeletons_are_well_formed(tmp_path)  # nothing stays changed


def test_a_stand_in_cannot_be_renamed(tmp_path):
    renamed = name("numpy", "ndarray") + b"X\x09\0\0\0a storageb"
    refused(tmp_path, b"\x80\4}K\1" + renamed + b"K\1K\1K\1\x87Rs.", "a state for numpy.ndarray")


def test_odd_keys(tmp_path):
    refused(tmp_path, pickle.dumps({"a": {(1, 2): BASE}}), "a dict with a tuple as a key")


def test_bombs(tmp_path):
    cycle = []
    cycle.append(cycle)
    refused(tmp_path, pickle.dumps({"a": cycle}), "contains itself")
    refused(tmp_path, b"\x80\4}K\1N" + b"\x85" * 100_000 + b"s.", "RecursionError")
    refused(tmp_path, b"\x80\4\x95" + b"\xff" * 7 + b"\x0f}.", "ends early")  # 2**60 bytes
    level = ["ha"] * 10
    for _ in range(60):
        level = [level] * 10  # 10**61 leaves, 61 lists
    result = read_arrays(write(tmp_path, pickle.dumps({"a": level})))["a"]
    for _ in range(60):
        result = result[0]
    assert result == ["ha"] * 10
    refused(tmp_path, b"\x80\4N\x72\xff\xff\xff\xff.", "a single NoneType")  # memo of 2**32
    refused(tmp_path, b"\x80\4\x8e" + b"\xff" * 7 + b"\x0fab.", "ends early")


def test_needs_neither_torch_nor_paddle(tmp_path):
    write_arrays(tmp_path / "own.pdparams", {"a": BASE})
    program = (
        "import importlib.util, sys\n"
        "sys.modules['torch'] = sys.modules['paddle'] = None\n"
        "spec = importlib.util.spec_from_file_location('pickles', 'model/pickles.py')\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "print(module.read_arrays(sys.argv[1])['a'].sum())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "own.pdparams")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, str(BASE.sum())), run.stderr
