"""What every stage stands on: table contracts, settings, session, store and runner."""
