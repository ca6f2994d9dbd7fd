"""The folder of machine code that was made before: where it is, what it holds."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clear", action="store_true", help="remove what it holds")


def run(options: argparse.Namespace) -> None:
    from jit.runtime.codegen.making import cache

    folder = cache.place().folder
    if folder is None:
        print(f"not used: {cache.place().reason}")
        return
    files, size = cache.size()
    if options.clear:
        cache.clear()
        print(f"removed {files} objects, {size} bytes, from {folder}")
    else:
        print(
            f"{folder}: {files} objects, {size} bytes of at most {cache.limit_files} "
            f"objects, {cache.limit_bytes} bytes"
        )
