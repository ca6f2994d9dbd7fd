"""Array algorithms that several operator cards share. They know NumPy, not cards."""
