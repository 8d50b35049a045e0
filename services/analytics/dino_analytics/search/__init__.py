"""Search by words over the library: indexes of texts and of the image-text space, and what answers from them."""
