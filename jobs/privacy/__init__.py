"""Privacy: keys and what they protect, who read what, and what people may ask for."""
