"""Capture by running: the operators that a call executes become a graph."""
