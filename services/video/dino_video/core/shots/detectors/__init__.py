"""Named shot detectors behind one interface."""
