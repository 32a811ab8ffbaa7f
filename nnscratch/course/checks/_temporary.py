"""Never to be merged: `own` has the functions of notebooks 07, 11 and 12 until their new checks are there."""
from nnscratch import ops
from nnscratch.course.checks import batch_normalization, convolution, upsampling

convolution.output_size.library = convolution.right_output_size
upsampling.transposed_size.library = upsampling.right_transposed_size
batch_normalization.batch_norm.library = batch_normalization.batch_norm_with()
