"""What is stored and where: documents in MongoDB, hot copies in Redis, bytes in an S3-compatible object store."""
