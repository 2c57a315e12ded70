"""Runtimes that a compressed model can be exported to, one file each."""
