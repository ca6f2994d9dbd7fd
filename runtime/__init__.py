"""How a program runs: tensors, operator cards, interpreter, archives."""
