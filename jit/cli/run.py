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
from typing import Any

from jit.cli.failure import RunError, UsageError, printable
from jit.cli.models import listed, unknown
from jit.cli.values import as_arrays, as_json, as_text, read_inputs, write_result
from jit.ir.program import Program
from jit.ir.schema import Argument, FunctionSchema
from jit.runtime.program_values import RefusedError, convert


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .trs archive")
    parser.add_argument(
        "--input",
        "-i",
        action="append",
        default=[],
        metavar="[NAME=]VALUE",
        help="a .npy or .npz file or a JSON value; once for each argument",
    )
    parser.add_argument(
        "--method", "-m", metavar="NAME", help="what to call, by default forward"
    )
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="write the result: .npy, .npz or .json"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> None:
    import jit

    model = jit.load(options.model)
    method, schema = _find_method(model, options.method)
    arguments = tuple(a for a in schema.arguments if a.name != "self")
    args, named = read_inputs(options.input, arguments)
    _check_count(arguments, args, named)
    _check_types(arguments, args, named, model.program)
    try:
        result = as_arrays(method(*args, **named))
    except Exception as error:
        # whatever the program raises is its answer, not a failure of this command
        raise RunError from error
    if options.output:
        write_result(options.output, result)
    if options.json:
        json.dump(as_json(result), sys.stdout)
        print()
    elif not options.output:
        print(printable(as_text(result)))


def _find_method(model: Any, name: str | None) -> tuple[Any, FunctionSchema]:
    """What a name means in a model, with its schema."""
    from jit import ScriptModule

    if not isinstance(model, ScriptModule):
        if name not in (None, model.name):
            raise UsageError(unknown("function", str(name), [model.name]))
        return model, model.schema
    known = model.program.class_of(model.__script_object__.type).methods
    if name is None and "forward" not in known:
        raise UsageError(f"say what to call with --method: there are {listed(known)}")
    name = name or "forward"
    if name not in known:
        raise UsageError(unknown("method", name, known))
    found = getattr(model, name)
    return found, found.schema


def _check_count(
    arguments: tuple[Argument, ...], args: list[Any], named: dict[str, Any]
) -> None:
    """Too few or too many inputs are a mistake in the command, not in the program."""
    shown = ", ".join(f"{a.name} : {a.type}" for a in arguments) or "nothing"
    if len(args) > len(arguments):
        raise UsageError(f"{len(args)} inputs are given, the model takes {shown}")
    given = {a.name for a in arguments[: len(args)]}
    twice = given & named.keys()
    if twice:
        raise UsageError(f"the input {listed(sorted(twice))} is given twice")
    missing = [
        a.name
        for a in arguments
        if a.is_required and a.name not in given | named.keys()
    ]
    if missing:
        raise UsageError(
            f"no --input is given for {listed(missing)}; the model takes {shown}"
        )


def _check_types(
    arguments: tuple[Argument, ...],
    args: list[Any],
    named: dict[str, Any],
    program: Program,
) -> None:
    """Inputs of other types than declared are a mistake in the command as well."""
    given = dict(zip((a.name for a in arguments), args, strict=False)) | named
    for argument in arguments:
        if argument.name not in given:
            continue
        try:
            convert(given[argument.name], argument.type, program)
        except (RefusedError, OverflowError) as error:
            raise UsageError(f"the input `{argument.name}`: {error}") from None
