"""What pictures look like, what stands in them and how two correspond: pure functions of pixels and patches."""
