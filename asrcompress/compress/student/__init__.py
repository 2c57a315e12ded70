"""A teacher's smaller student: what it begins from, and what it is taught."""
