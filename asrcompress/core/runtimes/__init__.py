"""Runtimes other than PyTorch, one file each: opening the graph of an artefact and running it."""
