"""The process with the model, and what it does: a task, and a take of its result."""
