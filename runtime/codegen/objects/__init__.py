"""Values that are Python objects, and exceptions."""
