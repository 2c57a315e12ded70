"""The formats of a report; a format's name is its file's name. Each has `render(view) -> str`."""
