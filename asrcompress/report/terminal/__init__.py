"""The longer tables for a terminal of 80 columns, a file each."""
