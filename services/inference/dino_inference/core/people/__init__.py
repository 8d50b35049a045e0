"""Faces, bodies and hands of pictures, by small detectors that look at squares of a picture."""
