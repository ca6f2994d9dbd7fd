"""Hostile and damaged archives: an ArchiveError, or a load that is right."""

from __future__ import annotations

import copy
import io
import json
import random
import re
import zlib
from typing import Any

import pytest

import jit.runtime.ops  # noqa: F401
from jit.ir.diagnostic import ArchiveError
from jit.ir.printer import format_program
from jit.ir.verifier import check_program
from jit.runtime.archive import LoadedArchive, load_archive, save_archive
from jit.runtime.archive import manifest as manifests
from jit.runtime.archive.container import Member, read_container, write_container

MANIFEST, PROGRAM, TENSORS = "manifest.json", "program.txt", "tensors.safetensors"


def saved(loaded: LoadedArchive) -> bytes:
    """What an archive holds, as bytes: equal bytes, equal archives."""
    buffer = io.BytesIO()
    save_archive(
        buffer,
        loaded.program,
        loaded.entries,
        loaded.root,
        loaded.extra_files,
        loaded.manifest.metadata,
    )
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    return {n: bytes(m.data) for n, m in read_container(memoryview(data)).items()}


def pack(members: dict[str, bytes] | list[tuple[str, bytes]]) -> bytes:
    """An archive of members, with right checksums and digest."""
    items = list(members.items()) if isinstance(members, dict) else members
    made = [Member(n, (c,), aligned=n == TENSORS) for n, c in items]
    buffer = io.BytesIO()
    write_container(buffer, made)
    return buffer.getvalue()


def with_manifest(data: bytes, content: Any) -> bytes:
    """An archive with another manifest, its digest made right again."""
    members = unpack(data)
    text = json.dumps(content, indent=1).encode()
    if isinstance(content, dict) and isinstance(content.get("sha256"), str):
        others = [(n, len(c), [c]) for n, c in members.items() if n != MANIFEST]
        blank = text.replace(content["sha256"].encode(), b"0" * 64, 1)
        digest = manifests._digest(blank, others)
        text = blank.replace(b"0" * 64, digest.encode(), 1)
    return pack({**members, MANIFEST: text})


def load_or_refuse(data: bytes) -> LoadedArchive | None:
    """The load, None if it was refused; anything else raised is a failure."""
    try:
        return load_archive(data)
    except ArchiveError as error:
        assert re.fullmatch("E08[0-9][0-9]", error.code)
        assert str(error)
        return None


# damage


def test_any_changed_byte_is_noticed(archive):
    chosen = random.Random(1)
    for _ in range(200):
        position = chosen.randrange(len(archive))
        changed = bytearray(archive)
        changed[position] ^= 1 << chosen.randrange(8)

        assert load_or_refuse(bytes(changed)) is None, position


def test_any_changed_byte_of_headers_and_directory_is_noticed(archive):
    members = read_container(memoryview(archive))
    last = members[TENSORS]
    positions = set(range(len(archive))) - {
        i for m in members.values() for i in range(m.offset, m.offset + len(m.data))
    }
    positions |= set(range(last.offset, last.offset + 64))
    for position in sorted(positions):
        changed = bytearray(archive)
        changed[position] ^= 0xFF

        assert load_or_refuse(bytes(changed)) is None, position


def test_any_truncation_is_noticed(archive):
    chosen = random.Random(2)
    ends = {*range(120), *range(len(archive) - 120, len(archive))}
    ends |= {chosen.randrange(len(archive)) for _ in range(100)}
    for end in sorted(ends):
        assert load_or_refuse(archive[:end]) is None, end


def test_bytes_before_and_behind_are_noticed(archive):
    assert load_or_refuse(archive + b"\0") is None
    assert load_or_refuse(b"\0" + archive) is None
    assert load_or_refuse(archive + archive) is None


def test_stretches_that_are_moved_are_noticed(archive):
    chosen = random.Random(3)
    for _ in range(100):
        a, b, c = sorted(chosen.sample(range(len(archive) + 1), 3))
        changed = archive[:a] + archive[b:c] + archive[a:b] + archive[c:]

        assert changed == archive or load_or_refuse(changed) is None, (a, b, c)


# members


def test_a_missing_member_is_noticed(archive):
    members = unpack(archive)
    for name in members:
        rest = {n: c for n, c in members.items() if n != name}

        assert load_or_refuse(pack(rest)) is None, name


def test_a_repeated_member_is_noticed(archive):
    items = list(unpack(archive).items())
    for item in items:
        assert load_or_refuse(pack([*items, item])) is None, item[0]


def test_a_renamed_member_is_noticed(archive):
    items = list(unpack(archive).items())
    for i, (name, content) in enumerate(items):
        changed = [*items[:i], (name + "x", content), *items[i + 1 :]]

        assert load_or_refuse(pack(changed)) is None, name


def test_members_in_another_order_are_noticed(archive):
    items = list(unpack(archive).items())
    for i in range(len(items) - 1):
        items[i], items[i + 1] = items[i + 1], items[i]

        assert load_or_refuse(pack(items)) is None, items[i][0]
        items[i], items[i + 1] = items[i + 1], items[i]


def test_contents_that_are_swapped_are_noticed(archive):
    members = unpack(archive)
    for a in members:
        for b in members:
            if a < b:
                changed = {**members, a: members[b], b: members[a]}
                data = pack(changed)
                if not (a.startswith("extra/") and b.startswith("extra/")):
                    assert load_or_refuse(data) is None, (a, b)
                with pytest.raises(ArchiveError):
                    load_archive(data, check_digest=True)


# contents whose checksums are made right again


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all values inside of JSON."""
    found = [path] if path else []
    if isinstance(content, dict):
        for key, value in content.items():
            found += places(value, (*path, key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            found += places(value, (*path, index))
    return found


STRANGE = (
    None, True, 0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63), 0.5, "", "x", "self",
    "../x", [], {}, [0], {"object": 0}, {"object": 99}, {"shared": 0}, {"tensor": 0},
    {"tensor": -1}, {"list": [1]}, {"float": "nan"}, {"float": "x"}, {"int": "0x1_0"},
    {"int": "0x" + "f" * 5000}, {"named_tuple": ["NamedTuple[a](b : int)", [1]]},
    {"named_tuple": ["NamedTuple[class](def : int)", [1]]},
    {"enum": ["Enum[E, int](A=1)", "A"]}, {"enum": ["Enum[E, int](mro=1)", "mro"]},
    {"set": [{"list": []}]}, {"dict": [[1, 2], [1, 3]]}, {"dict": [[1]]},
    {"array": "weight"}, {"scalar": "weight"}, {"device": "nowhere"}, {"dtype": "x"},
    {"tuple": [{"tuple": [{"tuple": []}]}]}, {"complex": [1, 2]}, "Module<m.Part>",
    {"function": "m.double"}, {"function": "none"}, "\ud800", "constant:0", "padding:0",
)  # fmt: skip


def mutate(content: Any, chosen: random.Random) -> Any:
    """JSON with one value replaced, removed, repeated, renamed or exchanged."""
    changed = copy.deepcopy(content)
    ways = places(changed)
    *way, last = chosen.choice(ways)
    holder = changed
    for step in way:
        holder = holder[step]
    match chosen.randrange(5):
        case 0 | 1:
            holder[last] = copy.deepcopy(chosen.choice(STRANGE))
        case 2:
            del holder[last]
        case 3:
            if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[last]))
            else:
                holder[f"{last}x"] = holder.pop(last)
        case 4:
            *other_way, other = chosen.choice(ways)
            source = content
            for step in (*other_way, other):
                source = source[step]
            holder[last] = copy.deepcopy(source)
    return changed


def test_an_edited_manifest_is_refused_or_means_what_it_says(archive):
    chosen = random.Random(4)
    content = json.loads(unpack(archive)[MANIFEST])
    assert saved(load_archive(with_manifest(archive, content))) == archive
    accepted = 0
    for _ in range(600):
        data = with_manifest(archive, mutate(content, chosen))
        loaded = load_or_refuse(data)
        if loaded is None:
            continue
        accepted += 1
        # what was accepted is a whole archive: it can be saved, and is the same then
        once = saved(loaded)
        assert once == saved(load_archive(once, check_digest=True))
    assert 0 < accepted < 300


def test_an_edited_program_is_refused_or_valid(archive):
    chosen = random.Random(5)
    members = unpack(archive)
    text = members[PROGRAM].decode()
    tokens = re.findall(r"\s+|[\w.]+|%\w+|.", text)
    for _ in range(300):
        edited = list(tokens)
        for _ in range(chosen.choice((1, 1, 2))):
            i, j = chosen.randrange(len(edited)), chosen.randrange(len(edited))
            match chosen.randrange(4):
                case 0:
                    del edited[i]
                case 1:
                    edited[i] = edited[j]
                case 2:
                    edited.insert(i, edited[j])
                case 3:
                    edited[i], edited[j] = edited[j], edited[i]
        content = "".join(edited).encode()
        loaded = load_or_refuse(pack({**members, PROGRAM: content}))
        if loaded is not None:
            assert [] == check_program(loaded.program)
            format_program(loaded.program)


@pytest.mark.parametrize("name", ["sources.json", TENSORS, PROGRAM, MANIFEST])
def test_edited_bytes_of_a_member_raise_nothing_else(archive, name):
    chosen = random.Random(6)
    members = unpack(archive)
    for _ in range(100):
        content = bytearray(members[name])
        for _ in range(chosen.choice((1, 2, 5))):
            content[chosen.randrange(len(content))] = chosen.randrange(256)

        load_or_refuse(pack({**members, name: bytes(content)}))


def test_a_tensor_that_was_changed_is_named(archive):
    members = unpack(archive)
    content = bytearray(members[TENSORS])
    content[-1] ^= 1  # the last one is a constant of the program
    start = int.from_bytes(content[:8], "little") + 8

    with pytest.raises(
        ArchiveError, match=r"the tensor `constant:\w+` is not"
    ) as caught:
        load_archive(pack({**members, TENSORS: bytes(content)}))
    assert "E0803" == caught.value.code
    content[-1] ^= 1
    content[start] ^= 1
    with pytest.raises(ArchiveError, match="the tensor `weight` is not what was saved"):
        load_archive(pack({**members, TENSORS: bytes(content)}))


def test_a_member_that_was_changed_is_named(archive):
    place = archive.index(b"aten::mul")

    with pytest.raises(ArchiveError, match=r"`program\.txt` is not what was") as caught:
        load_archive(archive[:place] + b"ATEN::mul" + archive[place + 9 :])
    assert "E0803" == caught.value.code


def test_the_digest_of_the_whole_is_compared_when_asked_for(archive):
    members = unpack(archive)
    members["extra/raw"] = b"\0\2"
    changed = pack(members)

    load_archive(changed)
    with pytest.raises(ArchiveError, match="SHA-256") as caught:
        load_archive(changed, check_digest=True)
    assert "E0803" == caught.value.code


# what is too new, too large, too deep


def edited(archive: bytes, **changes: Any) -> bytes:
    return with_manifest(archive, json.loads(unpack(archive)[MANIFEST]) | changes)


def test_a_format_of_the_future_asks_for_a_newer_release(archive):
    data = edited(archive, version=9, reader=9, producer="tracescript 9.1")

    with pytest.raises(ArchiveError, match="needs a newer TraceScript") as caught:
        load_archive(data)
    assert "E0804" == caught.value.code
    assert "tracescript 9.1" in str(caught.value)


def test_a_later_format_that_this_release_can_read_is_read(archive):
    data = edited(archive, version=9, reader=1, unknown={"more": 1})

    assert 9 == load_archive(data).manifest.version


def test_sizes_that_exceed_the_file_are_refused_before_they_are_used(archive):
    content = json.loads(unpack(archive)[MANIFEST])
    content["tensors"][0]["shape"] = [2**40, 3]

    with pytest.raises(ArchiveError, match="bytes where the manifest needs"):
        load_archive(with_manifest(archive, content))
    content["tensors"][0]["shape"] = [0, 2**63, 2**63]
    with pytest.raises(ArchiveError, match="elements") as caught:
        load_archive(with_manifest(archive, content))
    assert "E0805" == caught.value.code


def test_a_tensor_of_too_many_dimensions_is_refused(archive):
    content = json.loads(unpack(archive)[MANIFEST])
    content["tensors"][0]["shape"] = [1] * 65

    with pytest.raises(ArchiveError, match="65 dimensions"):
        load_archive(with_manifest(archive, content))


@pytest.mark.parametrize("depth", [300, 100_000])
def test_json_that_nests_too_deep_is_refused(archive, depth):
    text = b'{"format": "tracescript", "a": ' + b"[" * depth + b"]" * depth + b"}"

    with pytest.raises(ArchiveError):
        load_archive(pack({**unpack(archive), MANIFEST: text}))


@pytest.mark.parametrize(
    "text",
    [b"\xff", b"", b"[1", b"NaN", b'{"a": 1, "a": 2}', b"1e999", b"1" * 50, b"[]"],
)
def test_json_of_another_form_is_refused(archive, text):
    for name in (MANIFEST, "sources.json"):
        if text != b"[]" or name == "sources.json":
            with pytest.raises(ArchiveError):
                load_archive(pack({**unpack(archive), name: text}))


def test_lines_far_apart_are_refused(archive):
    text = b'{"f.py": [[1, "a"], [999999999999, "b"]]}'

    with pytest.raises(ArchiveError, match="lines") as caught:
        load_archive(pack({**unpack(archive), "sources.json": text}))
    assert "E0805" == caught.value.code


def test_bools_that_are_neither_true_nor_false_are_refused(archive):
    members = unpack(archive)
    content = json.loads(members[MANIFEST])
    place = next(t for t in content["tensors"] if t["name"] == "flag")
    place["crc32"] = zlib.crc32(b"\2\0")
    header = members[TENSORS]
    length = int.from_bytes(header[:8], "little")
    start = json.loads(header[8 : 8 + length])["flag"]["data_offsets"][0] + 8 + length
    changed = header[:start] + b"\2" + header[start + 1 :]
    data = pack({**unpack(with_manifest(archive, content)), TENSORS: changed})

    with pytest.raises(ArchiveError, match="bools"):
        load_archive(data)


def test_a_program_with_an_unknown_operator_hints_at_a_newer_release(archive):
    members = unpack(archive)
    text = members[PROGRAM].replace(b"aten::mul.Tensor", b"aten::later_than_now")

    with pytest.raises(
        ArchiveError, match="no operator `aten::later_than_now`"
    ) as caught:
        load_archive(pack({**members, PROGRAM: text}))
    assert "E0807" == caught.value.code
    assert "pip install --upgrade" in str(caught.value)


def test_a_value_of_another_type_than_declared_is_refused(archive):
    content = json.loads(unpack(archive)[MANIFEST])
    content["state"]["objects"][0]["slots"]["count"] = "three"

    with pytest.raises(
        ArchiveError, match=r"`self\.count` is declared as `int`"
    ) as caught:
        load_archive(with_manifest(archive, content))
    assert "E0808" == caught.value.code


def test_a_signature_that_the_program_does_not_have_is_refused(archive):
    content = json.loads(unpack(archive)[MANIFEST])
    content["entries"][0]["arguments"][1]["type"] = "int"

    with pytest.raises(ArchiveError, match="signature") as caught:
        load_archive(with_manifest(archive, content))
    assert "E0806" == caught.value.code
