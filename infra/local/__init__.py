"""The local cloud: runs the synthesized template on one machine, without Docker and without an account.

`infra.local.cloud.LocalCloud` is the way in. Nothing is imported here: moto takes a second, and the stand-ins of
other services, which need none of it, live in this package too.
"""
