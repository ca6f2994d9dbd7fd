"""Tables of rules that `peephole` applies, by what they are about."""
