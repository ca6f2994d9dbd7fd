"""Look for the step that makes a nan on the way back, and tell where it was made."""

from __future__ import annotations

from jit.runtime.autograd import anomaly


class set_detect_anomaly:  # noqa: N801  torch's name
    """Sets it at once; as a context manager restores it at the end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = anomaly.switch(bool(mode), check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        anomaly.switch(*self._before)


class detect_anomaly:  # noqa: N801  torch's name
    """Gradients are searched for nan inside; errors show the forward call."""

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan

    def __enter__(self) -> None:
        self._before = anomaly.switch(True, self._check_nan)

    def __exit__(self, *exception: object) -> None:
        anomaly.switch(*self._before)
