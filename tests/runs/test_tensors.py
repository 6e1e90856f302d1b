"""The reader of safetensors against the library's own, and against headers that lie."""

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file

from grokviz.errors import RunError
from grokviz.runs import tensors

ARRAYS = {
    "float16": np.array([[1.5, -2.0], [3.0, 65504.0]], dtype=np.float16),
    "float64": np.array(0.1),
    "int64": np.arange(6).reshape(3, 2),
    "bool": np.array([True, False, True]),
    "empty": np.zeros((0, 4), dtype=np.float32),
}


def read_all(path):
    with open(path, "rb") as file:
        header = tensors.read_header(file, path.name)
        return {name: tensors.read_array(file, tensor) for name, tensor in header.tensors.items()}


def test_reads_what_the_library_wrote(tmp_path):
    save_file(ARRAYS, tmp_path / "a.safetensors", {"note": "n"})
    found = read_all(tmp_path / "a.safetensors")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


def test_the_library_reads_what_we_write(tmp_path):
    arrays = {**ARRAYS, "transposed": ARRAYS["int64"].T, "strided": np.arange(10.0)[::3]}
    (tmp_path / "a.safetensors").write_bytes(tensors.seal(arrays, {}))
    found = load_file(tmp_path / "a.safetensors")
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_file_is_the_library_s_to_the_byte():
    rng = np.random.default_rng(0)
    for count in range(12):
        dtypes = rng.choice(list(tensors.DTYPES.values()), count)
        arrays = {
            f"{'Wä'[i % 2]}_{i * 7 % 10}": rng.normal(0, 30, rng.integers(0, 4, i % 4)).astype(dtype)
            for i, dtype in enumerate(dtypes)
        }
        for meta in ({}, {"step": "3"}):
            assert tensors.encode(arrays, meta) == save(arrays, meta or None)


def test_a_row_is_read_alone_and_is_writable(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"x": np.arange(24.0).reshape(4, 3, 2)}, path)
    with open(path, "rb") as file:
        tensor = tensors.read_header(file, "a").tensors["x"]
        row = tensors.read_array(file, tensor, 2)
    np.testing.assert_array_equal(row, [[12, 13], [14, 15], [16, 17]])
    row[0, 0] = 0.0


def lying(header: dict | bytes, data: bytes = bytes(16), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype: object = "F32", shape=(4,), offsets=(0, 16)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0",
        lying({"x": entry()}, length=10 * 2**30),  # a header of 10 GB
        lying({"x": entry()}, length=2**64 - 1),
        lying({"x": entry()}, length=0),
        lying(b"[1]"),
        lying(b"{not json"),
        lying(b"\xff\xfe{}"),
        lying(b"[" * 5000),
        lying({"x": entry(shape=(10 * 2**30 // 4,), offsets=(0, 10 * 2**30))}),  # a tensor of 10 GB
        lying({"x": entry(shape=(2**31, 2**31, 4))}),  # a product that wraps around in 64 bits
        lying({"x": entry(shape=(-4,))}),
        lying({"x": entry(shape=(2**70, 0), offsets=(0, 0))}),
        lying({"x": entry(shape=(True,) * 4)}),
        lying({"x": entry(shape=(4.0,))}),
        lying({"x": entry(shape=(4, *[1] * 8))}),
        lying({"x": entry(dtype="BF16")}),
        lying({"x": entry(dtype=["F32"])}),
        lying({"x": entry(offsets=(0, 12))}),
        lying({"x": entry(offsets=(4, 20))}),  # a gap before
        lying({"x": entry(), "y": entry()}),  # two in one place
        lying({"x": entry()}, data=bytes(17)),  # bytes that belong to nothing
        lying({"x": entry()}, data=bytes(15)),
        lying({"x": "F32"}),
        lying({"x": {"dtype": "F32"}}),
        lying({"x": entry(), "__metadata__": {"step": 3}}),
        lying({"x": entry(), "__metadata__": "step"}),
        lying(b'{"x":' + json.dumps(entry()).encode() + b',"x":' + json.dumps(entry()).encode() + b"}"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, content):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"a\.safetensors"):
        read_all(path)


def test_the_checksum_covers_names_shapes_bytes_and_meta():
    x = np.arange(6, dtype=np.float32)
    variants = [
        ({"x": x}, {}),
        ({"y": x}, {}),
        ({"x": x.reshape(2, 3)}, {}),
        ({"x": x.view(np.int32)}, {}),
        ({"x": x + 1}, {}),
        ({"x": x}, {"step": "1"}),
    ]
    assert len({tensors.checksum(arrays, meta) for arrays, meta in variants}) == len(variants)


def test_a_sealed_file_opens_only_unchanged(tmp_path):
    path = tmp_path / "a.safetensors"
    data = tensors.seal({"x": np.arange(5.0)}, {"note": "n"})
    path.write_bytes(data)
    with open(path, "rb") as file:
        arrays, meta = tensors.read_sealed(file, path.name)
    assert meta == {"note": "n"}
    assert arrays["x"].tolist() == [0, 1, 2, 3, 4]
    path.write_bytes(data.replace(b'"n"', b'"m"'))
    with open(path, "rb") as file, pytest.raises(RunError, match="damaged"):
        tensors.read_sealed(file, path.name)
