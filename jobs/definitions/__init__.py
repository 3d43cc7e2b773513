"""What several jobs must define alike, and no job itself."""
