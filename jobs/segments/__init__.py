"""Segments: persons scored, clustered and named, and who was in which segment when."""
