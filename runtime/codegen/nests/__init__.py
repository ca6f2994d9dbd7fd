"""Loop nests: pointwise operators, reductions, and what is made of them."""
