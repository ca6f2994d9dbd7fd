"""From the text of an LLVM module to functions in memory.

Optimising and making machine code takes milliseconds to seconds, loading an object a
tenth of a millisecond: objects are kept on disk (`cache`), and equal modules are loaded
once in a process. `load` finds code by the text of its module, `made` by what it is for,
so that nobody has to make the text.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import itertools
import json
import platform
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from jit.runtime.codegen import host
from jit.runtime.codegen.making import cache, emission, sources
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.making.emission import assembly_of, object_code, optimize
from jit.runtime.codegen.process.forking import llvm_lock

__all__ = [
    "Library",
    "Wanted",
    "assembly_of",
    "find_code",
    "find_made",
    "full_key",
    "function_pointer",
    "key_of",
    "load",
    "made",
    "make_ready",
    "object_code",
    "once",
    "optimize",
]

P = ParamSpec("P")
R = TypeVar("R")

_loaded: weakref.WeakValueDictionary[str, Library] = weakref.WeakValueDictionary()
_kept: list[Library] = []


def once(make: Callable[P, R]) -> Callable[P, R]:
    """A function that runs once for its arguments, also when threads call it together.

    What is made with loaded code, and must not be made twice, has the lock of loading.
    """
    made: dict[Any, R] = {}

    @functools.wraps(make)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        key = arguments, tuple(named.items())
        with llvm_lock:
            if key not in made:
                made[key] = make(*arguments, **named)
            return made[key]

    call.forget = made.clear  # type: ignore[attr-defined]
    return call


class Library:
    """The loaded functions of one module. The code lives as long as this object."""

    def __init__(
        self,
        owner: llvm.ResourceTracker,
        addresses: dict[str, int],
        uses: Mapping[str, Library],
    ) -> None:
        self.addresses = addresses
        self.uses = uses
        """Libraries whose functions the code calls, by the names of these."""
        self._owner = owner
        self._end = weakref.finalize(self, _unload, owner)
        self._end.atexit = False

    def address(self, name: str) -> int:
        """The address of a function, valid while the library lives."""
        return self.addresses[name]

    def function(self, name: str, result: type | None, *arguments: type) -> Any:
        """A ctypes function; it keeps the library, and releases the GIL while it runs."""
        made: Any = function_pointer(self.addresses[name], result, *arguments)
        made.library = self
        return made

    def keep(self) -> Library:
        """Never unload this code: other threads or NumPy may be in it until the end."""
        _kept.append(self)
        self._end.detach()
        self._owner.detach()
        return self


_dropped: list[llvm.ResourceTracker] = []
"""Code that nobody uses, to be unloaded by whoever has the lock next."""


def _unload(owner: llvm.ResourceTracker) -> None:
    """Unload code at once if no thread uses LLVM; the garbage collector cannot wait."""
    _dropped.append(owner)
    if llvm_lock.acquire(blocking=False):
        try:
            _unload_dropped()
        finally:
            llvm_lock.release()


def _unload_dropped() -> None:
    while _dropped:
        _dropped.pop().close()


@once
def _makers() -> str:
    """What else decides the code of a text: the machine and the versions."""
    machine = targets.host()
    llvm_version = ".".join(map(str, llvm.llvm_version_info))
    versions = (
        llvmlite.__version__,
        llvm_version,
        str(host.VERSION),
        emission.PIPELINE,
    )
    return "\0".join((machine.triple, machine.cpu, machine.features, *versions))


def key_of(text: str, *, tidy: bool = False) -> str:
    """What names the code of a module: its text, the machine, versions, slots it reads,
    and how it is optimised."""
    slots = host.slots_of(text)
    words = (_makers(), "tidy" if tidy else "", *slots, text)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def load(
    text: str,
    names: Sequence[str],
    *,
    tidy: bool = False,
    uses: Mapping[str, Library] | None = None,
) -> Library:
    """The functions of a module, ready to be called; equal modules are loaded once.

    The module may declare the global `host`, see `jit.runtime.codegen.host`, and functions
    of other libraries, `uses`. Its code is taken from the cache on disk where it has been
    made before. With `tidy` LLVM only tidies it, which is enough for what is not a loop
    of the user's.
    """
    uses = uses or {}
    key = key_of(text, tidy=tidy)
    with llvm_lock:
        places = host.places_of(host.slots_of(text))
        found = find_code(key, names, places, uses)
        if found is None:
            code = object_code(text, tidy=tidy)
            cache.store(key, code)
            found = _loaded[_wanted(key, names, uses)] = _link(
                code, places, names, uses
            )
        return found


def find_code(
    key: str,
    names: Sequence[str],
    places: Mapping[str, host.Place],
    uses: Mapping[str, Library],
) -> Library | None:
    """The functions of a module whose key is known, if they are here or on disk."""
    wanted = _wanted(key, names, uses)
    with llvm_lock:
        _unload_dropped()
        found = _loaded.get(wanted)
        if found is not None:
            _fresh.pop(key, None)
        else:
            code = _stored(key)
            if code is not None:
                found = _loaded[wanted] = _link(code, places, names, uses)
        return found


def _wanted(key: str, names: Sequence[str], uses: Mapping[str, Library]) -> str:
    # other code may have been made for the same name since
    used = (f"{name}={uses[name].address(name)}" for name in sorted(uses))
    return ",".join((key, *names, *used))


@functools.cache
def _surroundings() -> str:
    """What else the texts of modules depend on."""
    versions = (sys.platform, sys.version, np.__version__)
    return "\0".join((repr(targets.host()), sources.DIGEST, *versions))


def made(
    key: str, names: Sequence[str], build: Callable[[], str], *, tidy: bool = True
) -> Library:
    """The functions of the module that `build` makes, by what the module is for.

    `key` says all that the text depends on, but for the machine and the sources of this
    package. `build` is called only where the code is not in this process, and not on
    disk. With `tidy` LLVM only tidies what it gives.
    """
    with llvm_lock:
        found = find_made(key, names, tidy=tidy)
        if found is None:
            text = build()
            places = host.places_of(host.slots_of(text))
            code = object_code(text, tidy=tidy)
            digest = _made_key(key, names, tidy)
            cache.store(digest, _with_places(places, code))
            found = _loaded[digest] = _link(code, places, names, {})
        return found


def find_made(key: str, names: Sequence[str], *, tidy: bool = True) -> Library | None:
    """The functions that `made` would give, if they are in this process or on disk."""
    digest = _made_key(key, names, tidy)
    with llvm_lock:
        _unload_dropped()
        found = _loaded.get(digest)
        if found is not None:
            _fresh.pop(digest, None)
        else:
            stored = _stored(digest)
            if stored is not None:
                places, code = _places_and_code(stored)
                found = _loaded[digest] = _link(code, places, names, {})
        return found


class Wanted(NamedTuple):
    """A library that `made` shall give: its arguments."""

    key: str
    names: Sequence[str]
    build: Callable[[], str]


def make_ready(libraries: Sequence[Wanted], text: str, *, tidy: bool) -> None:
    """Make the code that `made` and `load` will want, as far as it is nowhere yet.

    Several modules are made at once, so a program whose kernels are new is compiled on
    all cores.
    """
    with llvm_lock:
        missing = {}
        for wanted in libraries:
            key = _made_key(wanted.key, wanted.names, True)
            if key not in missing and key not in _loaded and not _is_stored(key):
                missing[key] = wanted
        own = key_of(text, tidy=tidy)
        modules = [(wanted.build, True) for wanted in missing.values()]
        has_own = not _is_stored(own)
        if has_own:  # first: its text is there
            modules.insert(0, (lambda: text, tidy))
        codes = iter(emission.object_codes(modules) if modules else ())
        if has_own:
            _keep(own, next(codes)[1])
        for key, (made_text, code) in zip(missing, codes, strict=True):
            places = host.places_of(host.slots_of(made_text))
            _keep(key, _with_places(places, code))


_fresh: dict[str, bytes] = {}
"""What was made and is about to be loaded; whoever finds it loaded drops it."""


def _keep(key: str, stored: bytes) -> None:
    _fresh[key] = stored
    cache.store(key, stored)


def _stored(key: str) -> bytes | None:
    return _fresh.pop(key, None) or cache.find(key)


def _is_stored(key: str) -> bool:
    return key in _fresh or cache.has(key)


def _made_key(key: str, names: Sequence[str], tidy: bool) -> str:
    return full_key("\0".join((f"{tidy}", *names, key)))


def full_key(key: str) -> str:
    """A key of what this package makes, with all else that it depends on: the machine,
    versions, and the sources of this package."""
    words = (_makers(), _surroundings(), key)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _with_places(places: Mapping[str, host.Place], code: bytes) -> bytes:
    """An object behind a line that says which slots it reads."""
    slots = [(name, place.index, place.home) for name, place in places.items()]
    return json.dumps(slots).encode() + b"\n" + code


def _places_and_code(stored: bytes) -> tuple[dict[str, host.Place], bytes]:
    line, _, code = stored.partition(b"\n")
    slots = json.loads(line)
    return {name: host.Place(index, home) for name, index, home in slots}, code


def _link(
    code: bytes,
    places: Mapping[str, host.Place],
    names: Sequence[str],
    uses: Mapping[str, Library],
) -> Library:
    """Load an object, fill its host table, find its functions."""
    builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for name in (*names, host.HOST) if places else names:
        builder.export_symbol(name)
    for name, library in uses.items():
        builder.import_symbol(name, library.address(name))
    linker, label = _linker()
    try:
        owner = builder.link(linker, label)
    except RuntimeError as error:
        # what is missing, LLVM has written to the standard error
        raise RuntimeError(f"machine code cannot be linked: {error}") from None
    if places:
        host.fill_host_table(owner[host.HOST], places)
    return Library(owner, {name: owner[name] for name in names}, uses)


_LIBRARIES_OF_A_LINKER = 256
"""The names of unloaded libraries stay in a linker and slow it down, so it is replaced;
one that was replaced goes with the last of its libraries."""

_numbers = itertools.count()


def _linker() -> tuple[llvm.LLJIT, str]:
    """Where the next library is linked, and its name there."""
    number = next(_numbers)
    return _numbered_linker(number // _LIBRARIES_OF_A_LINKER), f"library{number}"


@functools.lru_cache(maxsize=1)
def _numbered_linker(number: int) -> llvm.LLJIT:
    targets.initialize()
    return llvm.create_lljit_compiler(
        targets.machine(),
        # the older linker is faster, but its branches do not always reach on ARM
        use_jit_link=platform.machine().lower() in ("aarch64", "arm64"),
    )


def function_pointer(
    address: int, result: type | None, *arguments: type
) -> ctypes._FuncPointer:
    """A ctypes function for an address; it releases the GIL while it runs.

    Whoever uses it keeps the library that it comes from.
    """
    return ctypes.CFUNCTYPE(result, *arguments)(address)
