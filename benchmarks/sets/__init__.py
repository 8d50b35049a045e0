"""Work on sets of pictures: time and memory at scale, and how right the answers are."""
