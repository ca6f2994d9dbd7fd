"""Run a model on arrays from files.

Each --input is a .npy or .npz file, or a JSON value such as 3, 2.5, true, '[1, 2]' or
'"text"'; inputs are given in order, or by name: --input scale=2.0. The result is
printed, or written to the file that --output names.

examples:
  trs run model.trs --input x.npy --output y.npy
  trs run solve.trs --input 2.5 --input '[1, 2, 3]' --json
  trs run model.trs --input x=x.npy --input scale=2.0 --method encode
"""

from __future__ import annotations

import argparse
import json
import sys

from jit.cli.calls import add_call_arguments, read_call
from jit.cli.failure import printable
from jit.cli.values import as_arrays, as_json, as_text, write_result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_call_arguments(parser)
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="write the result: .npy, .npz or .json"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> None:
    call = read_call(options)
    result = as_arrays(call.run())
    if options.output:
        write_result(options.output, result)
    if options.json:
        json.dump(as_json(result), sys.stdout)
        print()
    elif not options.output:
        print(printable(as_text(result)))
