"""Strings: methods, formats, comparisons."""

from tests.fidelity.corpus import inputs


@inputs("Hello World", "")
def case_of_letters(s: str):
    return s.upper(), s.lower(), s.title()


@inputs("a,b,,c", "")
def split_and_joined(s: str):
    return "-".join(s.split(","))


@inputs((1.0, 3), (2.5, -1))
def formatted(x: float, n: int):
    return f"{x} and {n}"


@inputs(3.14159, -2.0)
def formatted_with_digits(x: float):
    return f"{x:.2f}|{x:8.3f}"


@inputs((5, "x"), (0, ""))
def formatted_by_percent(n: int, s: str):
    return "%d-%s" % (n, s)


@inputs("hello", "lo")
def found_in_a_string(s: str):
    return s.find("l"), "ell" in s, s.startswith("he"), s.count("l")


@inputs("hello", "a")
def sliced_string(s: str):
    return s[1:], s[::-1], s[-1], len(s)


@inputs(("ab", 3), ("", 2))
def repeated_string(s: str, n: int):
    return s * n + "!"


@inputs(("a", "b"), ("b", "a"))
def compared_strings(a: str, b: str):
    return a < b, a == b


@inputs("  x ", "y")
def stripped(s: str):
    return s.strip(), s.replace("x", "yy")


@inputs("a1b22", "")
def tokens(s: str):
    numbers: "list[str]" = []
    current = ""
    for c in s:
        if c.isdigit():
            current += c
        elif current:
            numbers.append(current)
            current = ""
    if current:
        numbers.append(current)
    return numbers


@inputs("abc", "Z")
def codes_of_letters(s: str):
    return ord(s[0]), chr(ord(s[0]) + 1)


@inputs("a=1", "nothing")
def partitioned(s: str):
    key, _, value = s.partition("=")
    return key, value


@inputs("abc", "")
def first_letter(s: str):
    return s[0]


@inputs(255, 8)
def other_bases(n: int):
    return hex(n), bin(n), oct(n)


@inputs("7", "-12")
def padded(s: str):
    return s.zfill(4), s.rjust(4), s.center(5, "*")
