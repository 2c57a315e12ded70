"""The small recogniser and the small corpus that ship with the program; data only."""
