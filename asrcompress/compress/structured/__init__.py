"""Structured pruning with learned masks; Wang et al. (2023), after CoFi and L0 regularisation."""
