"""What is known about a graph, as plain results that are computed again when needed."""
