"""Matching: which records, told by names and addresses alone, are one person."""
