"""The AWS services behind the local cloud: moto in this process, made safe for threads, fast and strict about IAM."""
