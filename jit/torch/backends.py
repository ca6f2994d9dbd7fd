"""`torch.backends`: which libraries are there; programs ask before they choose."""

from __future__ import annotations


class Backend:
    """A library or device that torch may have; here none is there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def is_available(self) -> bool:
        """False."""
        return False

    def is_built(self) -> bool:
        """False."""
        return False

    def __repr__(self) -> str:
        return f"<torch.backends.{self.name}: not available>"


cuda = Backend("cuda")
cudnn = Backend("cudnn")
mkl = Backend("mkl")
mkldnn = Backend("mkldnn")
mps = Backend("mps")
openmp = Backend("openmp")
