"""What the process gives to machine code: memory and threads."""
