"""The exercises of the notebooks, in their order. Each is called with an attempt; exercise.py says what it answers."""
from nnscratch.course.checks.adversarial import adam, averaged, discriminator_loss, generator_loss
from nnscratch.course.checks.article import live_share, side_after, walk_back
from nnscratch.course.checks.batch_normalization import batch_norm, batch_norm_backward, inference_backward, running
from nnscratch.course.checks.convolution import conv2d, conv_loops, im2col, output_size
from nnscratch.course.checks.convolution_backward import col2im, conv_dkernel, conv_dx, coverage
from nnscratch.course.checks.fast import conv_flop, conv_in_blocks, f23
from nnscratch.course.checks.gpu import crossover, intensity, queue_seconds, roofline_seconds
from nnscratch.course.checks.gradients import chain, guilty, numeric_gradient, upstream
from nnscratch.course.checks.gram_matrix import gram, gram_backward, gram_pull
from nnscratch.course.checks.neurons import dense, dense_backward, neuron, train_step
from nnscratch.course.checks.pooling import dropout, leaky_relu_backward, max_pool, max_pool_backward
from nnscratch.course.checks.stylizer import adain, adain_backward, conditional_norm
from nnscratch.course.checks.transfer import content_pull, matched_colours, total_variation
from nnscratch.course.checks.upsampling import conv_transpose, conv_transpose_dx, overlap, transposed_size
