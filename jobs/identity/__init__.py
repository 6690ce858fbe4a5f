"""Identity: which records, logins, addresses and devices are one person."""
