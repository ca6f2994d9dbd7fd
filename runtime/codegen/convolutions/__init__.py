"""Convolutions, pooling, padding, resampling."""
