"""Corrupting corpora: noise at an SNR, rooms, and effects to come; the draws are seeded."""
