"""Graph to graph, one file each; the orders are lists in `pipeline`."""
