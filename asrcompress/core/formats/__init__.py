"""Corpus formats, one file each: `detect(place) -> Evidence` and `read(place) -> utterances`."""
