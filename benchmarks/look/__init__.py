"""Objects and correspondences, measured where the truth is known."""
