"""The pictures of the course. Each call gives a Picture, which a notebook shows and `save` writes."""
from nnscratch.course.draw.curves import curves
from nnscratch.course.draw.graph import Node, graph, neuron
from nnscratch.course.draw.grids import Grid, grids, heatmaps, product
from nnscratch.course.draw.histograms import histograms
from nnscratch.course.draw.photographs import photographs
from nnscratch.course.draw.picture import Picture
from nnscratch.course.draw.pooling import pooling
from nnscratch.course.draw.stamps import stamps
from nnscratch.course.draw.windows import im2col, images, painting, sliding
