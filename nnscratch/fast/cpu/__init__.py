"""The ops that NumPy computes quicker than by the formula, one file an op; those of conv2d in fast/conv.py.

    conv            which algorithm of these: im2col, col2im, subpixel, winograd (winograd_tiles, winograd_matrices), depthwise
    activations, normalize, pool
"""
