"""The zip file around an archive: read by any tool, written and read strictly."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import deserialize

from jit.ir.diagnostic import ArchiveError
from jit.runtime.archive import container
from jit.runtime.archive.container import Member, read_container, write_container


def written(members: list[Member]) -> bytes:
    buffer = io.BytesIO()
    write_container(buffer, members)
    return buffer.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    members = read_container(memoryview(data))
    for member in members.values():
        member.verify()
    return {name: bytes(m.data) for name, m in members.items()}


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-zü☃]{1,9}(/[a-z]{1,5})?", fullmatch=True),
            st.lists(st.binary(max_size=200), max_size=3),
            st.booleans(),
        ),
        max_size=5,
        unique_by=lambda m: m[0],
    )
)
def test_members_come_back_and_zipfile_reads_them_too(given):
    data = written([Member(name, tuple(p), aligned=a) for name, p, a in given])
    expected = {name: b"".join(pieces) for name, pieces, _ in given}

    assert expected == contents(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert expected == {n: archive.read(n) for n in archive.namelist()}


@pytest.mark.parametrize("name", ["a", "abcdef", "x" * 63])
def test_an_aligned_member_starts_at_a_multiple_of_64_bytes(name):
    data = written([Member(name, (b"123",)), Member("t", (b"456",), aligned=True)])

    assert 0 == read_container(memoryview(data))["t"].offset % 64


def test_large_files_use_zip64_records(monkeypatch):
    monkeypatch.setattr(container, "_LARGE", 100)
    members = [Member("a", (b"x" * 150,)), Member("b", (b"y" * 200,), aligned=True)]
    data = written(members)

    assert b"PK\x06\x06" in data
    assert {"a": b"x" * 150, "b": b"y" * 200} == contents(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert b"y" * 200 == archive.read("b")
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x55
        with pytest.raises(ArchiveError):
            contents(bytes(changed))


def test_what_zipfile_writes_is_refused():
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("manifest.json", "{}" * 100)
        with pytest.raises(ArchiveError) as caught:
            read_container(memoryview(buffer.getvalue()))
        assert "E0806" == caught.value.code


def test_a_member_larger_than_the_file_is_refused():
    data = bytearray(written([Member("a", (b"12345",))]))
    size = struct.pack("<II", 2**31, 2**31)
    for place in (18, data.index(b"PK\x01\x02") + 20):
        data[place : place + 8] = size

    with pytest.raises(ArchiveError, match="larger than the file") as caught:
        read_container(memoryview(bytes(data)))
    assert "E0805" == caught.value.code


def test_too_many_members_are_refused(monkeypatch):
    data = written([Member(str(i), ()) for i in range(5)])
    monkeypatch.setattr(container, "MAX_MEMBERS", 4)

    with pytest.raises(ArchiveError, match="5 members") as caught:
        read_container(memoryview(data))
    assert "E0805" == caught.value.code


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "C:/a", "a\\b", "a\0b"])
def test_names_that_lead_out_of_a_folder_are_refused(name):
    with pytest.raises(ArchiveError, match="may not be named"):
        read_container(memoryview(written([Member(name, ())])))


# the tensors inside


def test_the_safetensors_package_reads_the_tensors(archive):
    member = read_container(memoryview(archive))["tensors.safetensors"]
    found = dict(deserialize(bytes(member.data)))

    names = {n for n in found if not n.startswith(("padding:", "constant:"))}
    assert {"weight", "brain", "cdouble", "byte", "first.bias"} <= names
    assert ("F32", [2, 3]) == (found["weight"]["dtype"], found["weight"]["shape"])
    weight = np.frombuffer(found["weight"]["data"], np.float32).reshape(2, 3)
    assert np.array_equal(np.arange(6, dtype=np.float32).reshape(2, 3) / 4, weight)
    assert "BF16" == found["brain"]["dtype"]
    assert ("F64", [1, 1, 2]) == (found["cdouble"]["dtype"], found["cdouble"]["shape"])


def test_every_tensor_starts_at_a_multiple_of_64_bytes_of_the_file(archive):
    member = read_container(memoryview(archive))["tensors.safetensors"]
    length = int.from_bytes(member.data[:8], "little")
    header = json.loads(bytes(member.data[8 : 8 + length]))
    starts = [
        member.offset + 8 + length + entry["data_offsets"][0]
        for name, entry in header.items()
        if not name.startswith("padding:") and 0 not in entry["shape"]
    ]

    assert len(starts) > 10
    assert {0} == {start % 64 for start in starts}
