"""The exercises of the notebooks, in their order. Each is called with an attempt and returns an Answer (exercise.py)."""
from nnscratch.course.checks.adversarial import adam, discriminator_loss, exhibits, gan_step, generator_loss, two_slopes
from nnscratch.course.checks.article import backward_pass, live_taps, side_after
from nnscratch.course.checks.batch_normalization import batch_norm, batch_norm_backward, inference_backward, running_average
from nnscratch.course.checks.convolution import conv2d, conv_loops, im2col, output_size
from nnscratch.course.checks.convolution_backward import col2im, conv_dkernel, conv_dx, coverage
from nnscratch.course.checks.fast import conv_flop, conv_in_blocks, f23
from nnscratch.course.checks.generator_design import generator_shapes, which_generate
from nnscratch.course.checks.gpu import crossover, intensity, queue_seconds, roofline_seconds
from nnscratch.course.checks.gradients import chain, guilty, numeric_gradient, upstream
from nnscratch.course.checks.gram_matrix import gram, gram_backward, gram_loss
from nnscratch.course.checks.neurons import dense, dense_backward, neuron, train_step
from nnscratch.course.checks.pooling import dropout, leaky_relu_backward, max_pool, max_pool_backward
from nnscratch.course.checks.stylizer import adain, adain_backward, conditional_norm
from nnscratch.course.checks.transfer import content_gradient, matched_colours, total_variation
from nnscratch.course.checks.upsampling import conv_transpose, conv_transpose_dx, overlap, transposed_size

__all__ = ["adain", "adain_backward", "adam", "backward_pass", "batch_norm", "batch_norm_backward", "chain", "col2im",
           "conditional_norm", "content_gradient", "conv2d", "conv_dkernel", "conv_dx", "conv_flop", "conv_in_blocks",
           "conv_loops", "conv_transpose", "conv_transpose_dx", "coverage", "crossover", "dense", "dense_backward",
           "discriminator_loss", "dropout", "exhibits", "f23", "gan_step", "generator_loss", "generator_shapes", "gram",
           "gram_backward", "gram_loss", "guilty", "im2col", "inference_backward", "intensity", "leaky_relu_backward",
           "live_taps", "matched_colours", "max_pool", "max_pool_backward", "neuron", "numeric_gradient", "output_size",
           "overlap", "queue_seconds", "roofline_seconds", "running_average", "side_after", "total_variation", "train_step",
           "transposed_size", "two_slopes", "upstream", "which_generate"]
from nnscratch.course.checks import _temporary  # noqa: F401, E402, I001
_temporary.set_up()
