"""From a film to its shots: one decoding pass in chunks that are kept, then everything else from what was kept."""
