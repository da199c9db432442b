"""The queue of jobs, on the disk and in the server."""
