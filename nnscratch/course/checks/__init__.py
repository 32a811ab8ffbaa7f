"""The exercises of the notebooks, in their order. Each is called with an attempt and returns an Answer (exercise.py)."""
from nnscratch.course.checks.adversarial import adam, discriminator_loss, ema, generator_loss
from nnscratch.course.checks.article import backward_pass, live_fraction, side_after
from nnscratch.course.checks.batch_normalization import batch_norm, batch_norm_backward, inference_backward, running_average
from nnscratch.course.checks.convolution import conv2d, conv_loops, im2col, output_size
from nnscratch.course.checks.convolution_backward import col2im, conv_dkernel, conv_dx, coverage
from nnscratch.course.checks.fast import conv_flop, conv_in_blocks, f23
from nnscratch.course.checks.gpu import crossover, intensity, queue_seconds, roofline_seconds
from nnscratch.course.checks.gradients import chain, guilty, numeric_gradient, upstream
from nnscratch.course.checks.gram_matrix import gram, gram_backward, gram_changes, style_loss
from nnscratch.course.checks.neurons import dense, dense_backward, neuron, train_step
from nnscratch.course.checks.pooling import dropout, leaky_relu_backward, max_pool, max_pool_backward
from nnscratch.course.checks.stylizer import adain, adain_backward, adain_keeps
from nnscratch.course.checks.transfer import matched_colours, smoothness, style_step
from nnscratch.course.checks.upsampling import conv_transpose, conv_transpose_dx, overlap, transposed_size

__all__ = ["adain", "adain_backward", "adain_keeps", "adam", "backward_pass", "batch_norm", "batch_norm_backward", "chain",
           "col2im", "conv2d", "conv_dkernel", "conv_dx", "conv_flop", "conv_in_blocks", "conv_loops", "conv_transpose",
           "conv_transpose_dx", "coverage", "crossover", "dense", "dense_backward", "discriminator_loss", "dropout", "ema",
           "f23", "generator_loss", "gram", "gram_backward", "gram_changes", "guilty", "im2col", "inference_backward",
           "intensity", "leaky_relu_backward", "live_fraction", "matched_colours", "max_pool", "max_pool_backward", "neuron",
           "numeric_gradient", "output_size", "overlap", "queue_seconds", "roofline_seconds", "running_average", "side_after",
           "smoothness", "style_loss", "style_step", "train_step", "transposed_size", "upstream"]
