"""A small retail world with known truth: the pipeline's default input."""
