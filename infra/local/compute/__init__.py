"""Lambda on one machine: each function in subprocesses under AWS's own runtime client."""
