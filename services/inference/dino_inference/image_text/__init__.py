"""A space that pictures and texts share: the built-in ConSE, or a CLIP or SigLIP directory of the user's."""
