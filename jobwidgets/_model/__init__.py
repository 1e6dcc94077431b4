"""Values: what one document says, what was seen of a job, whether the server answers."""
