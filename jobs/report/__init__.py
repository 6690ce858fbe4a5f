"""The report: one page that says how the last nights went."""
