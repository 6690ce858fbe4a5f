"""Publish: a night's lists become the ones that are read; the export leaves for email systems."""
