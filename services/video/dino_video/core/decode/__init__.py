"""One decoding pass over a film: small planes of each frame, for many consumers at once, in chunks."""
