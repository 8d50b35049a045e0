"""Where one shot gives way to the next: hard cuts and gradual transitions."""
