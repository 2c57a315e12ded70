"""Learning from audio: the loop, its data and its checkpoints, shared by methods that train."""
