"""What the Markdown report is made of: pieces that escape, and the parts folded away."""
