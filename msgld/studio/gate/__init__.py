"""Who and what comes in: hosts, tokens, and bodies of requests within limits."""
