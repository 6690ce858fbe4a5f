"""Maintenance: tables and folders kept small, fast and no older than their policy."""
