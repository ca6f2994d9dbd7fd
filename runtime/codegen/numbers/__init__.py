"""Ints, floats, bools, and lists of them."""
