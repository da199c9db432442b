"""The command line. Each command is the file of its name."""
