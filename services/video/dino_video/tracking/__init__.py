"""Following objects through a film, as a job."""
