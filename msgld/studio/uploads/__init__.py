"""Files that clients send, and the process that reads them."""
