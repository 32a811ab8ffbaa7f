"""Multiple-choice questions: the right answer among the typical wrong ones, each with the mistake behind it as feedback."""
from typing import NamedTuple

import numpy as np

from nnscratch.course.language import language, said
from nnscratch.course.quiz import ITEMS, Item
from nnscratch.course.quiz.question import ask, format_number

__all__: list[str] = []  # for the formats


class Choice(NamedTuple):
    """An answer to choose; the right one has no feedback."""
    text: str
    right: bool
    feedback: str


class MultipleChoice(NamedTuple):
    """A question, with $formulas$ and `code` in its texts, and its choices in shuffled order."""
    title: str
    text: str
    choices: list[Choice]


class Quiz(NamedTuple):
    """The questions on a notebook. The name is an identifier that no other quiz has: a platform replaces one by another
    of the same name."""
    name: str
    title: str
    questions: list[MultipleChoice]


def quiz_of(notebook: str, seed: int) -> Quiz:
    """The quiz of a notebook for a seed: that of `sheet`, as multiple choice."""
    questions = [multiple_choice(item, seed, said(f"Notebook {notebook}, seed {seed}, question {k}"))
                 for k, item in enumerate(ITEMS[notebook], 1)]
    name = f"nnscratch_{notebook}_seed_{seed}" + (f"_{language()}" if language() != "en" else "")
    return Quiz(name, said(f"Notebook {notebook}, seed {seed}"), questions)


def multiple_choice(item: Item, seed: int, title: str) -> MultipleChoice:
    """The question of an item. The same seed gives the same order of choices."""
    asked = ask(item, seed)
    choices = [Choice(format_number(asked.answer), True, ""),
               *(Choice(format_number(answer), False, mistake) for mistake, answer in asked.wrong.items())]
    order = np.random.default_rng([seed, *item.__name__.encode(), len(choices)]).permutation(len(choices))
    return MultipleChoice(title, asked.text, [choices[k] for k in order])
