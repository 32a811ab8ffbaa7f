"""The images of the course. Each call returns a Drawing, which a notebook shows and `save` writes; the films move."""
from nnscratch.course.draw.bar_chart import bars
from nnscratch.course.draw.convolutions import channels, window_places
from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.exploration import Exploration, explore
from nnscratch.course.draw.film import sliding_film, stamps_film
from nnscratch.course.draw.histogram import histograms
from nnscratch.course.draw.line_plot import curves
from nnscratch.course.draw.max_pooling import pooling
from nnscratch.course.draw.node_graph import Node, graph, neuron
from nnscratch.course.draw.number_grid import Grid, grids, heatmaps, product
from nnscratch.course.draw.photograph import photographs
from nnscratch.course.draw.point_clouds import clouds
from nnscratch.course.draw.stamping import stamps
from nnscratch.course.draw.windows import im2col, images, painting, sliding

__all__ = ["Drawing", "Exploration", "Grid", "Node", "bars", "channels", "clouds", "curves", "explore", "graph", "grids",
           "heatmaps", "histograms", "im2col", "images", "neuron", "painting", "photographs", "pooling", "product", "sliding",
           "sliding_film", "stamps", "stamps_film", "window_places"]
