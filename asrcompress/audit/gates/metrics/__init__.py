"""What gates hold models to: one file a metric, found by its name."""
