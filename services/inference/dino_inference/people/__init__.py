"""The people detector: its model files, and how they run."""
