"""Transformer blocks whose heads and widths differ, as structured pruning leaves them."""
