"""Figures as files for papers and slides: one file a kind, which gives its pictures of a view."""
