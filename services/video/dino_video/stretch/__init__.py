"""A stretch of a film taken frame by frame: which frames, decoded ahead, looked at by the model, kept for resuming."""
