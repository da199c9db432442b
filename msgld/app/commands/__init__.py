"""The commands: each parses its options, calls one function, and returns its exit code."""
