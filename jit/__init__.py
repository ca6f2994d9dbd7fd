"""TraceScript: TorchScript without torch."""
