"""Record what the reference implementation answers to every program.

Run it as `python tests/language/record.py` in an environment with the extra `oracle`.
It writes `recorded.json`. With `--check` it writes nothing, and says where a new run
differs from the record.
"""

from __future__ import annotations

import sys

import harness
import torch


def main() -> int:
    programs = {}
    failures = []
    for name in harness.program_names() + harness.later_names():
        try:
            programs[name] = harness.run_program(name, harness.IMPORT_REFERENCE)
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {error}")
    if failures:
        print("\n\n".join(failures))
        print(f"{len(failures)} programs failed; nothing is recorded")
        return 1
    if "--check" in sys.argv[1:]:
        return check(programs)
    harness.write_record(torch.__version__.partition("+")[0], programs)
    cases = sum(len(results) for results in programs.values())
    print(f"{len(programs)} programs, {cases} cases")
    return 0


def check(programs: dict) -> int:
    recorded = harness.read_record()
    found = []
    for name in sorted(set(recorded) | set(programs)):
        left = [list(case) for case in recorded.get(name, [])]
        right = [list(case) for case in programs.get(name, [])]
        found += harness.differences(left, right, name)
    print("\n".join(found) or f"{len(programs)} programs agree with the record")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
