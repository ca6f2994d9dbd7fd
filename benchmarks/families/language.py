"""Programs without tensors: strings, dicts, lists of lists, recursion, a class."""

from __future__ import annotations

from typing import Any

from benchmarks.case import AtLeast, Case, Family

CODES = {"let": 1, "if": 2, "while": 3, "print": 4}
LINE = (
    "let x1 = alpha + beta * 3; while (x1 < 42) { print(alpha); x1 = x1 + gamma; }"
    " if beta { let delta = 7 }\n"
)


def tokenize(text: str) -> int:
    codes = CODES.copy()
    counts: dict[str, int] = {}
    total = 0
    word = ""
    for sign in text + " ":
        if sign.isalpha():
            word += sign
            continue
        if word:
            if word not in codes:
                codes[word] = len(codes) + 1
            counts[word] = counts.get(word, 0) + 1
            total = (total * 31 + codes[word]) % 1000003
            word = ""
        if sign.isdigit():
            total += int(sign)
        elif sign in "+-*/=<>(){};":
            total = (total * 7 + ord(sign)) % 1000003
    for name, count in counts.items():
        total += len(name) * count
    return total


def count_words(text: str) -> int:
    counts: dict[str, int] = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    total = 0
    for place, word in enumerate(sorted(counts.keys())):
        total += place * counts[word]
    return total


def sort_words(words: list[str]) -> int:
    ordered = sorted(words)
    ordered.sort(reverse=True)
    total = 0
    for place, word in enumerate(ordered):
        total += place * len(word)
    return total


def insertion_sort(n: int) -> int:
    values = [(i * 7919) % 10007 for i in range(n)]
    for i in range(1, n):
        value = values[i]
        j = i - 1
        while j >= 0 and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value
    return values[n // 2] + values[0]


def multiply(n: int) -> float:
    a = [[float(i * j % 7) for j in range(n)] for i in range(n)]
    b = [[float((i + j) % 5) for j in range(n)] for i in range(n)]
    c = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += a[i][k] * b[k][j]
            c[i][j] = total
    return c[n - 1][n - 2] + c[0][1]


def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def place_queens(n: int, row: int, columns: list[int]) -> int:
    if row == n:
        return 1
    found = 0
    for column in range(n):
        free = True
        for other in range(row):
            if columns[other] == column or abs(columns[other] - column) == row - other:
                free = False
                break
        if free:
            columns.append(column)
            found += place_queens(n, row + 1, columns)
            columns.pop()
    return found


def queens(n: int) -> int:
    columns: list[int] = []
    return place_queens(n, 0, columns)


class Account:
    """Money, and what was done with it."""

    def __init__(self, balance: int):
        self.balance = balance
        self.log: list[int] = []

    def deposit(self, amount: int) -> None:
        self.balance += amount
        self.log.append(amount)

    def withdraw(self, amount: int) -> bool:
        if amount > self.balance:
            return False
        self.balance -= amount
        self.log.append(-amount)
        return True


def bank(n: int) -> int:
    a = Account(100)
    b = Account(50)
    refused = 0
    for i in range(n):
        amount = i * 37 % 91
        if a.withdraw(amount):
            b.deposit(amount)
        else:
            refused += 1
            if b.withdraw(amount):
                a.deposit(amount)
    return a.balance * 3 + b.balance + refused + len(a.log) * 7 + sum(b.log)


def plain(name: str, program: Any, given: dict[str, Any], torch: str = "") -> Case:
    """A case of values of Python; `torch` says why TorchScript does not take it."""
    absent = dict.fromkeys(
        ("NumPy", "JAX", "ONNX Runtime", "OpenVINO", "Numba", "Numba parallel"),
        "compared with CPython and TorchScript alone",
    )
    if torch:
        absent["torch.jit"] = torch
    return Case(
        name=name,
        inputs=lambda rng: given,
        program=program,
        reference=program,
        takes="numbers",
        absent=absent,
        tolerance=0.0,
        goals=(AtLeast(1.0, "CPython"),),
    )


def cases(tiny: bool) -> list[Case]:
    lines = 1 if tiny else 40
    text = LINE * lines
    words = [f"{word}{i % 97}" for i, word in enumerate(text.split())]
    return [
        plain("tokenizer with dicts, 4000 signs", tokenize, {"text": text}),
        plain("count and sort words, 900", count_words, {"text": text}),
        plain("sort strings, 900", sort_words, {"words": words}),
        plain("insertion sort, 300 ints", insertion_sort, {"n": 10 if tiny else 300}),
        plain("matrix of lists, 40 × 40", multiply, {"n": 4 if tiny else 40}),
        plain(
            "Ackermann (2, 60)",
            ackermann,
            {"m": 2, "n": 3 if tiny else 60},
            torch="no function calls itself",
        ),
        plain(
            "six queens",
            queens,
            {"n": 4 if tiny else 6},
            torch="no function calls itself",
        ),
        plain("a class with state, 3000 turns", bank, {"n": 30 if tiny else 3000}),
    ]


FAMILY = Family(
    name="language",
    title="The language without tensors",
    about=(
        "Strings, dicts, lists of lists, recursion and a class with state: the same"
        " source for CPython, torch.jit and ours, which checks every integer for"
        " overflow. Strings and dicts are Python's own objects here, too."
    ),
    cases=cases,
    thread_counts=(1,),
)
