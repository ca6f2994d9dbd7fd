"""Record what torch answers to every program.

Run it as `python -m tests.language.record` in an environment with the extra `oracle`.
It writes `recorded.json`; of a program that torch refuses to compile it writes that.
With `--check` it writes nothing, and says where a new run differs from the record. With
names of topics it runs those, and leaves what is recorded of others.
"""

from __future__ import annotations

import sys

import torch

from tests.language import results
from tests.language.corpus import Program
from tests.language.running import captured, outcomes
from tests.language.topics import load_topic, topic_names


def main(arguments: list[str]) -> int:
    chosen = [name for name in arguments if not name.startswith("-")]
    record = results.read_record() if chosen else {}
    for topic in chosen or topic_names():
        if topic == "refused":
            continue
        _, programs = load_topic(topic, None)
        record[topic] = {p.name: answers(p) for p in programs}
    folders = [load_topic(t, None, "refused")[1] for t in topic_names("refused")]
    record["refused"] = {p.name: refuses(p) for ps in folders for p in ps}
    if "--check" in arguments:
        return check(record)
    results.write_record(torch.__version__.partition("+")[0], record)
    count = sum(map(len, record.values()))
    print(f"{count} programs")
    return 0


def answers(program: Program) -> list | str:
    """What torch gives, or `refused`, or `dies`."""
    if program.torch_dies:
        return "dies"
    try:
        subject = program.subject
        if program.capture != "scenario":
            subject = captured(program, torch)
    except Exception as error:
        print(f"{program.name}: {type(error).__name__}: {str(error).strip()[:200]}")
        return "refused"
    return results.without_messages(outcomes(program, subject, torch))


def refuses(program: Program) -> str:
    """Whether torch refuses what is to be refused."""
    try:
        captured(program, torch)
    except Exception:
        return "refused"
    print(f"{program.name}: torch takes it")
    return "taken"


def check(record: results.Record) -> int:
    found = results.differences(results.read_record(), record, "record")
    print("\n".join(found) or "torch agrees with the record")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
