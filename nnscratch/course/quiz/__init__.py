"""Quizzes: questions with small numbers that are new for every seed, their answers, and the mistakes behind wrong answers.

    python -m nnscratch.course.quiz 04 --seed 7             a sheet for the class
    python -m nnscratch.course.quiz 04 --seed 7 --answers   the same for the teacher

A sheet is Markdown with formulas between dollars; it is readable as plain text. With `--format` a quiz is a file for Moodle or
Canvas, or a page: see `nnscratch.course.quiz.formats`.
"""
import re
import textwrap
from collections.abc import Callable

import numpy as np

from nnscratch.course.language import said
from nnscratch.course.quiz import (
    backpropagation,
    classification,
    convolution,
    descent,
    generator,
    network,
    neuron,
    normalisation,
    numpy_basics,
    perceptron,
    speed,
    style,
    upsampling,
)
from nnscratch.course.quiz.question import Question, ask, format_number
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice

__all__ = ["ITEMS", "sheet"]

Item = Callable[[np.random.Generator], Question]
ITEMS: dict[str, tuple[Item, ...]] = {  # notebook: its items, in the order of the notebook
    "00": (numpy_basics.product_shape, numpy_basics.broadcast_shape, numpy_basics.axis_sum, numpy_basics.centred_columns,
           numpy_basics.view_or_copy),
    "01": (neuron.neuron, neuron.threshold, neuron.layer, neuron.two_layers, neuron.sum_of_relus),
    "02": (descent.mean_squared_error, descent.mse_gradient, descent.training_step, descent.rate_bound, descent.some_steps),
    "03": (backpropagation.chain, backpropagation.two_uses, backpropagation.weights_gradient, backpropagation.central,
           backpropagation.smaller_step),
    "04": (classification.softmax, classification.cross_entropy, classification.loss_of_a_guess,
           classification.logits_gradient, classification.accuracy),
    "05": (perceptron.mlp_weights, perceptron.epoch_steps, perceptron.relu_backward, perceptron.hidden_gradient,
           perceptron.momentum_step),
    "06": (perceptron.he_deviation, perceptron.leaky_backward, perceptron.weight_decay, perceptron.dropout,
           perceptron.unscaled_dropout),
    "07": (convolution.convolution, convolution.convolution_2d, convolution.output_size, convolution.weights_of_conv,
           convolution.im2col_shape),
    "08": (convolution.kernel_gradient, convolution.image_gradient, convolution.bias_gradient, convolution.there_and_back,
           convolution.windows_that_see),
    "09": (network.max_backward, network.average_backward, network.pooled_size, network.cnn_weights, network.receptive_field),
    "10": (network.confusion_sums, network.recall, network.occlusion_drop, network.occlusion_count, network.saliency),
    "11": (normalisation.batch_norm, normalisation.training_backward, normalisation.sum_hides, normalisation.running_mean,
           normalisation.inference_backward),
    "12": (upsampling.transposed_conv, upsampling.transposed_size, upsampling.transposed_backward, upsampling.overlap,
           upsampling.stripes),
    "13": (upsampling.side_after, upsampling.live_taps, upsampling.of_two, upsampling.weights_of_model),
    "14": (generator.real_gradient, generator.generator_gradients, generator.first_step, generator.average_weight,
           generator.best_answer),
    "15": (style.gram, style.gram_backward, style.style_gradient, style.content_gradient, style.smoothness_gradient),
    "16": (style.matched_colour, style.conditional_norm, style.adain, style.adain_style_gradient, style.style_strength),
    "17": (speed.flop, speed.lines, speed.column_bytes, speed.four_products, speed.fewer_products),
    "18": (speed.attainable, speed.transfer, speed.queue, speed.crossover, speed.amdahl),
}
WIDTH = 100


@checked
def sheet(notebook: str, seed: int = 0, answers: bool = False) -> str:
    """A sheet of questions.

    Parameters
    ----------
    notebook : str
        "00" to "18".
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
    return "\n\n".join([said(f"# Notebook {notebook}, seed {seed}"), *parts])


def in_lines(k: int, asked: Question, answers: bool) -> str:
    """Question k of a sheet."""
    lines = [wrapped(asked.text, f"{k}. ", "   ")]
    if answers:
        mistakes = [wrapped(f"{format_number(answer)}: {mistake}", "   - ", "     ") for mistake, answer in asked.wrong.items()]
        lines += ["", f"   {said('Answer')}: {format_number(asked.answer)}", "", *mistakes]
    return "\n".join(lines)


def wrapped(text: str, first: str, others: str) -> str:
    """Lines that never break within a formula, code or a vector: Markdown would read a line that begins with - as a list."""
    whole = re.sub(r"\$[^$]*\$|`[^`]*`|\([-\d., ]*\)|\[[^\]a-z]*\]", lambda found: found[0].replace(" ", "\0"), text)
    return textwrap.fill(whole, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False,
                         break_long_words=False).replace("\0", " ")
