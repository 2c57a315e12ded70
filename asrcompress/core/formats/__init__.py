"""Corpus formats, one file each: `detect(place) -> bool` and `read(place) -> utterances`."""
