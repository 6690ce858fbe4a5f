"""Ingest: files to bronze, each once; bronze to silver, typed and deduplicated; PII to the vault."""
