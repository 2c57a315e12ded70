"""Limits proposed from accepted results, each with where it comes from."""
