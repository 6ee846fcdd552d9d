"""Fixtures that every test may ask for."""

from tests.cloud import cloud

__all__ = ["cloud"]
