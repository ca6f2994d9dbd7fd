"""What capture gives back: callables with a graph, code, a schema and a file form."""
