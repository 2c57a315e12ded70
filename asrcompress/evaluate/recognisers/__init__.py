"""One file a runtime: `accepts(checkpoint)` and `open(checkpoint, options) -> Recogniser`."""
