"""Ingest: files to bronze, each once; bronze to silver, typed, each row once; PII to the vault."""
