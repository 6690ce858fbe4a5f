"""Sections of the page: each says one thing about the last nights."""
