"""What the notebooks call.

    checks    the exercises: not attempted, wrong and why, or right; hints when asked for
    trace     a walk through a model, forward and backward, with notes taken at every node
    player    that walk as images: a strip, a player, an HTML file
    draw      the images of the course
    cards     a card for each op: its formulas, and numbers to follow by hand
    quiz      questions for the class, with new numbers for every seed, and what wrong answers reveal
"""
from nnscratch.course.cards import card, cards
from nnscratch.course.trace import trace
