"""Calls from the command line: a model, what to call of it, and its inputs."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from jit.cli.failure import RunError, UsageError
from jit.cli.models import listed, unknown
from jit.cli.values import read_inputs
from jit.ir.program import Program
from jit.ir.schema import Argument, FunctionSchema
from jit.runtime.program_values import RefusedError, convert


def add_call_arguments(parser: argparse.ArgumentParser) -> None:
    """What commands that call a model take."""
    parser.add_argument("model", help="a .trs archive")
    parser.add_argument(
        "--input",
        "-i",
        action="append",
        default=[],
        metavar="[NAME=]VALUE",
        help="a .npy or .npz file, a JSON value, or made-up elements such as"
        " 'float32[8, 3]'; once for each argument",
    )
    parser.add_argument(
        "--method", "-m", metavar="NAME", help="what to call, by default forward"
    )


@dataclass(frozen=True, slots=True)
class Call:
    """A method of a loaded model, and checked arguments for it."""

    model: Any
    method: Any
    args: list[Any]
    named: dict[str, Any]

    def run(self) -> Any:
        """The result. RunError if the program raises: that is its answer, and no failure
        of the command."""
        try:
            return self.method(*self.args, **self.named)
        except Exception as error:
            raise RunError from error


def read_call(options: argparse.Namespace) -> Call:
    """The call that the options describe. UsageError if the model has no such method or
    does not take these inputs."""
    import jit

    model = jit.load(options.model)
    method, schema = _find_method(model, options.method)
    arguments = tuple(a for a in schema.arguments if a.name != "self")
    args, named = read_inputs(options.input, arguments)
    _check_count(arguments, args, named)
    _check_types(arguments, args, named, model.program)
    return Call(model, method, args, named)


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
