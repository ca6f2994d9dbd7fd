"""Calls: from a Python call into machine code and back."""
