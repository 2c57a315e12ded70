"""Effects, one file each; asrcompress.corrupt.effect says what such a file holds."""
