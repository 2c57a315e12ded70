"""The formats of an artefact's report, one file each; each has `render(view) -> str`."""
