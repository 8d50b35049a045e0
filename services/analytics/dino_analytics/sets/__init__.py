"""Sets of pictures: read in bulk, worked on beside the service, their answers kept for paging."""
