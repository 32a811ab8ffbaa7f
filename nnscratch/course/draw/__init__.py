"""The images of the course. Each call returns a Drawing, which a notebook shows and `save` writes; the films move."""
from nnscratch.course.draw.array_figures import axis_sums, broadcast, layouts, pixels
from nnscratch.course.draw.bar_chart import bars
from nnscratch.course.draw.boundaries import boundary, layer
from nnscratch.course.draw.classes import gallery, regions, verdicts
from nnscratch.course.draw.convolutions import channels
from nnscratch.course.draw.descents import loss_map, residuals, steps_on_curve
from nnscratch.course.draw.dot_plot import dots
from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.exploration import Exploration, explore
from nnscratch.course.draw.film import sliding_film, stamps_film
from nnscratch.course.draw.image_tiles import tiles
from nnscratch.course.draw.kernel_copies import scaled_kernels
from nnscratch.course.draw.labelled_images import confusion, image_rows
from nnscratch.course.draw.learning_curves import training_panels
from nnscratch.course.draw.line_plot import curves
from nnscratch.course.draw.max_pooling import pooling
from nnscratch.course.draw.network_arrays import volumes
from nnscratch.course.draw.node_graph import Node, graph, neuron
from nnscratch.course.draw.number_grid import Grid, grids, heatmaps, product
from nnscratch.course.draw.photograph import photographs
from nnscratch.course.draw.point_clouds import clouds
from nnscratch.course.draw.roofline_plot import roofline
from nnscratch.course.draw.window_positions import window_grid
from nnscratch.course.draw.windows import im2col, images, sliding

__all__ = ["Drawing", "Exploration", "Grid", "Node", "axis_sums", "bars", "boundary", "broadcast", "channels", "clouds",
           "confusion", "curves", "dots", "explore", "gallery", "graph", "grids", "heatmaps", "im2col", "image_rows", "images",
           "layer", "layouts", "loss_map", "neuron", "photographs", "pixels", "pooling", "product", "regions", "residuals",
           "roofline", "scaled_kernels", "sliding", "sliding_film", "stamps_film", "steps_on_curve", "tiles", "training_panels",
           "verdicts", "volumes", "window_grid"]
