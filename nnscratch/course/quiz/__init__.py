"""Quizzes: questions with small numbers that are new for every seed, their answers, and the mistakes behind wrong answers.

    python -m nnscratch.course.quiz 04 --seed 7             a sheet for the class
    python -m nnscratch.course.quiz 04 --seed 7 --answers   the same for the teacher

A sheet is Markdown with formulas between dollars; it is readable as plain text.
"""
import re
import textwrap
from collections.abc import Callable

import numpy as np

from nnscratch.course.quiz import convolution, generator, layers, networks, neuron, speed, style
from nnscratch.course.quiz.question import Question, ask, format_number
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice

__all__ = ["ITEMS", "sheet"]

Item = Callable[[np.random.Generator], Question]
ITEMS: dict[str, tuple[Item, ...]] = {  # notebook: its items, in the order of the notebook
    "01": (neuron.neuron, neuron.threshold, neuron.layer, neuron.weights_gradient, neuron.training_step),
    "02": (neuron.chain, neuron.central, neuron.smaller_step, neuron.complex_step, neuron.sum_hides),
    "03": (convolution.convolution, convolution.convolution_2d, convolution.output_size, convolution.weights_of_conv,
           convolution.im2col_shape),
    "04": (convolution.kernel_gradient, convolution.image_gradient, convolution.bias_gradient, convolution.there_and_back,
           convolution.windows_that_see),
    "05": (layers.max_backward, layers.overlapping, layers.average_backward, layers.leaky_backward, layers.dropout),
    "06": (layers.batch_norm, layers.gamma_gradient, layers.training_backward, layers.running_mean, layers.inference_backward),
    "07": (networks.stamps, networks.painted_size, networks.transposed_backward, networks.overlap, networks.stripes),
    "08": (networks.two_ways, networks.weights_of_model, networks.side_after, networks.live_taps, networks.of_two),
    "09": (generator.slope_of_real, generator.slopes_of_made, generator.first_step, generator.average, generator.best_answer),
    "10": (style.gram, style.gram_backward, style.louder, style.mean_splits, style.pull),
    "11": (style.content_share, style.variation, style.variation_slope, style.coarse_to_fine, style.matched_colour),
    "12": (style.conditional_norm, style.adain_on_paper, style.adain_to_style, style.told_by_style, style.strength),
    "13": (speed.flop, speed.lines, speed.column_bytes, speed.four_products, speed.fewer_products),
    "14": (speed.attainable, speed.transfer, speed.queue, speed.crossover, speed.amdahl),
}
WIDTH = 100


@checked
def sheet(notebook: str, seed: int = 0, answers: bool = False) -> str:
    """A sheet of questions.

    Parameters
    ----------
    notebook : str
        "01" to "14".
    seed : int
        The same seed gives the same sheet.
    answers : bool
        Whether to add the answers, and typical wrong answers with the mistake behind each.

    Returns
    -------
    text : str
        Markdown.

    Examples
    --------
    >>> print(sheet("01").splitlines()[0])
    # Notebook 01, seed 0
    """
    items = ITEMS[check_choice(notebook, "sheet: notebook", ITEMS)]
    parts = [in_lines(k, ask(item, seed), answers) for k, item in enumerate(items, 1)]
    return "\n\n".join([f"# Notebook {notebook}, seed {seed}", *parts])


def in_lines(k: int, asked: Question, answers: bool) -> str:
    """Question k of a sheet."""
    lines = [wrapped(asked.text, f"{k}. ", "   ")]
    if answers:
        mistakes = [wrapped(f"{format_number(answer)}: {mistake}", "   - ", "     ") for mistake, answer in asked.wrong.items()]
        lines += ["", f"   Answer: {format_number(asked.answer)}", "", *mistakes]
    return "\n".join(lines)


def wrapped(text: str, first: str, others: str) -> str:
    """Lines that never break within a formula or a vector: Markdown would read a line that begins with - as a list."""
    whole = re.sub(r"\$[^$]*\$|\([-\d., ]*\)|\[[^\]a-z]*\]", lambda found: found[0].replace(" ", "\0"), text)
    return textwrap.fill(whole, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False,
                         break_long_words=False).replace("\0", " ")
