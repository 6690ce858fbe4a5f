"""Profiles: what is known of each person, and what each did with each product."""
