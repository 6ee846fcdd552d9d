"""Gero's domain: one package per noun, each owning its schema and its store.

Imports go downwards only:
leaderboards > ranking > runs > evaluation > providers, traces > models, datasets, access > kit.
"""
