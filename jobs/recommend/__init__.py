"""Recommendations: the model trained, products ranked for every person, reasons, fallback."""
