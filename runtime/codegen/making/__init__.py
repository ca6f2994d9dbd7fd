"""From LLVM text to loaded code: targets, passes, the linker, the cache on disk."""
