"""What every room shares: types, files, audio, corpora, errors. Knows no other room."""
