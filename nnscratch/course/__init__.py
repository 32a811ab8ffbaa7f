"""What the notebooks import.

    checks          the exercises: not attempted, wrong and why, or right; and hints
    trace           a forward and backward pass through a model, with every array recorded
    player          that pass as images: a strip, a player, an HTML file
    draw            the images of the course
    card, cards     a card for each op: its formulas, and numbers to follow by hand
    gan_failures    six trainings of a generator, of which some fail
    results         stored benchmark results
    quiz            questions for the class, with new numbers for every seed, and the mistakes behind wrong answers
"""
from nnscratch.course.card_data import card, cards
from nnscratch.course.tracing import trace

__all__ = ["card", "cards", "trace"]
