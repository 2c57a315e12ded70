"""audit: a recipe's whole matrix, cached cell by cell, resumed, and summed up in one table."""
