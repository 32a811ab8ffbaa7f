"""Generating images: train a generator, draw from it, judge what it makes."""
