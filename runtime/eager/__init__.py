"""Eager operators that go straight into machine code once they are used often."""
