"""The command `trs`: run archives and look into them.

Each command is a module with `add_arguments(parser)` and `run(options)`, loaded when it
is asked for; what it raises ends in one line of text and an exit code.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from jit.cli.failure import (
    FAILED,
    INTERRUPTED,
    OK,
    USAGE,
    RunError,
    UsageError,
    printable,
)
from jit.ir.diagnostic import ArchiveError, Error

COMMANDS = {
    "run": "run a model on arrays from files",
    "inspect": "what an archive holds, without running it",
    "graph": "print or draw the graph of a function",
    "code": "a function as Python-like source",
    "explain": "how a call runs: what is machine code, what is not, and why",
    "bench": "how long calls take, beside what this machine could do",
    "cache": "machine code that was made before",
    "doctor": "what is installed, and what is missing",
}

EXAMPLES = """\
examples:
  trs run model.trs --input x.npy --output y.npy
  trs run solve.trs --input 2.5 --input '[1, 2, 3]' --json
  trs inspect model.trs --check
  trs graph model.trs --optimized --svg model.svg
  trs code model.trs
  trs explain model.trs --input x.npy
  trs bench model.trs --input 'float32[64, 784]'

exit codes: 0 done, 1 the program raised an exception, 2 wrong arguments or a bad file
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    try:
        options = _parse(sys.argv[1:] if arguments is None else arguments)
        options.command.run(options)
        sys.stdout.flush()
    except SystemExit as end:  # argparse has said what was wrong, or printed help
        return end.code if isinstance(end.code, int) else USAGE
    except (UsageError, ArchiveError, OSError, RunError, KeyboardInterrupt) as error:
        return _report(error)
    return OK


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="trs",
        description="Run TraceScript archives, and look into them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    chosen = parser.add_subparsers(metavar="command", dest="name", title="commands")
    for name, summary in COMMANDS.items():
        # only the command that is called is loaded
        wanted = name in arguments[:1]
        command = importlib.import_module(f"jit.cli.{name}") if wanted else None
        inner = chosen.add_parser(
            name,
            help=summary,
            description=(command.__doc__ or summary) if command else summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if command is not None:
            command.add_arguments(inner)
            inner.set_defaults(command=command)
    options = parser.parse_args(arguments)
    if options.version:
        print(_version())
        parser.exit(OK)
    if options.name is None:
        parser.print_help(sys.stderr)
        parser.exit(USAGE)
    return options


def _version() -> str:
    import numpy

    import jit

    python = ".".join(map(str, sys.version_info[:3]))
    return f"trs {jit.__version__} (Python {python}, NumPy {numpy.__version__})"


def _report(error: BaseException) -> int:
    """Say in one line what happened; the exit code of it."""
    match error:
        case BrokenPipeError():
            # who read our output has gone; say nothing, not even at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        case KeyboardInterrupt():
            _say("interrupted")
            return INTERRUPTED
        case RunError():
            raised = error.__cause__
            _say(f"the program raised {type(raised).__name__}: {_text(raised)}")
            for note in getattr(raised, "__notes__", ()):
                print(printable(note), file=sys.stderr)
            return FAILED
        case ArchiveError():
            _say(_archive_line(error))
        case OSError(filename=str(name), strerror=str(reason)):
            _say(f"{name}: {reason}")
        case _:
            _say(str(error))
    return USAGE


def _archive_line(error: ArchiveError) -> str:
    problem = error.diagnostics[0]
    files = [n for n in problem.notes if n.startswith("in the file `")]
    name = files[0].removeprefix("in the file `").removesuffix("`") if files else ""
    line = f"{name}: {problem.headline}" if name else problem.headline
    line += f" [{problem.code}]"
    return f"{line}; {problem.help}" if problem.help else line


def _text(error: BaseException | None) -> str:
    """The message of an exception, the first line of it if it is a diagnostic."""
    if isinstance(error, Error):
        problem = error.diagnostics[0]
        return f"{problem.headline} [{problem.code}]"
    return str(error)


def _say(line: str) -> None:
    print(f"trs: {printable(line)}", file=sys.stderr)
