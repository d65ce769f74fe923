"""What `epview check` writes."""
