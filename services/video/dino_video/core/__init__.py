"""Pure functions on arrays: no input or output."""
