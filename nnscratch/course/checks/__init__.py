"""The exercises of the notebooks. Each is called with an attempt and returns an Answer (exercise.py)."""
from nnscratch.course.checks.adam_step import adam
from nnscratch.course.checks.article import live_taps, side_after
from nnscratch.course.checks.backpropagation import dense_backward
from nnscratch.course.checks.batch_norm_gradients import batch_norm_backward, batch_norm_steps, inference_backward
from nnscratch.course.checks.batch_normalization import batch_norm, running_mean
from nnscratch.course.checks.classification import accuracy, first_losses, softmax_cross_entropy, train_linear
from nnscratch.course.checks.cnn import cnn_forward, cnn_table
from nnscratch.course.checks.cnn_gradients import cnn_backward
from nnscratch.course.checks.convolution import conv2d, conv_loops, im2col, output_size
from nnscratch.course.checks.convolution_backward import col2im, conv2d_backward, conv_dkernel, conv_dx, coverage
from nnscratch.course.checks.descent import fit_line, line_gradient, mse, sgd_step, which_rate
from nnscratch.course.checks.failed_trainings import illnesses
from nnscratch.course.checks.fast import conv_flop, conv_in_blocks, f23, line_bytes
from nnscratch.course.checks.gan_losses import discriminator_loss, generator_loss, two_slopes
from nnscratch.course.checks.gan_training import exhibits, gan_step
from nnscratch.course.checks.generator_design import generator_shapes, which_generate
from nnscratch.course.checks.gpu import crossover, intensity, queue_seconds, roofline_seconds
from nnscratch.course.checks.gradients import chain, fan_out, numeric_gradient, walk_back
from nnscratch.course.checks.gram_matrix import gram, gram_backward, gram_changes, style_loss
from nnscratch.course.checks.image_filters import filters
from nnscratch.course.checks.initialisation import he_normal, variances
from nnscratch.course.checks.inside import confusion_matrix, confusion_numbers, occlusion, saliency
from nnscratch.course.checks.mini_batches import batches
from nnscratch.course.checks.network_step import fast_step
from nnscratch.course.checks.neurons import dense, hat, layer_shapes, neuron_outputs
from nnscratch.course.checks.numpy_basics import array_shapes, one_hot, standardise, stretch
from nnscratch.course.checks.perceptron import before_training, faulty_lines, mlp_backward, momentum_step
from nnscratch.course.checks.pooling import max_pool, max_pool_backward
from nnscratch.course.checks.rectifiers import leaky_relu_backward, relu_backward
from nnscratch.course.checks.regularisation import dropout, shifted
from nnscratch.course.checks.stylizer import adain, adain_backward, adain_keeps, matched_colours
from nnscratch.course.checks.transfer import smoothness, style_step
from nnscratch.course.checks.upsampling import conv_transpose, conv_transpose_dx, covering, overlap, transposed_size
from nnscratch.course.checks.upstream_gradients import upstream
from nnscratch.course.checks.wrong_gradients import guilty

__all__ = ["accuracy", "adain", "adain_backward", "adain_keeps", "adam", "array_shapes", "batch_norm", "batch_norm_backward",
           "batch_norm_steps", "batches", "before_training", "chain", "cnn_backward", "cnn_forward", "cnn_table", "col2im",
           "confusion_matrix", "confusion_numbers", "conv2d", "conv2d_backward", "conv_dkernel", "conv_dx", "conv_flop",
           "conv_in_blocks", "conv_loops", "conv_transpose", "conv_transpose_dx", "coverage", "covering", "crossover", "dense",
           "dense_backward", "discriminator_loss", "dropout", "exhibits", "f23", "fan_out", "fast_step", "faulty_lines",
           "filters", "first_losses", "fit_line", "gan_step", "generator_loss", "generator_shapes", "gram", "gram_backward",
           "gram_changes", "guilty", "hat", "he_normal", "illnesses", "im2col", "inference_backward", "intensity",
           "layer_shapes", "leaky_relu_backward", "line_bytes", "line_gradient", "live_taps", "matched_colours", "max_pool",
           "max_pool_backward", "mlp_backward", "momentum_step", "mse", "neuron_outputs", "numeric_gradient", "occlusion",
           "one_hot", "output_size", "overlap", "queue_seconds", "relu_backward", "roofline_seconds", "running_mean",
           "saliency", "sgd_step", "shifted", "side_after", "smoothness", "softmax_cross_entropy", "standardise", "stretch",
           "style_loss", "style_step", "train_linear", "transposed_size", "two_slopes", "upstream", "variances", "walk_back",
           "which_generate", "which_rate"]
