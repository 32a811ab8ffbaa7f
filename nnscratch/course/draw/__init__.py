"""The images of the course. Each call gives a Image, which a notebook shows and `save` writes; the films move."""
from nnscratch.course.draw.bars import bars
from nnscratch.course.draw.convolutions import channels, window_places
from nnscratch.course.draw.curves import curves
from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.film import sliding_film, stamps_film
from nnscratch.course.draw.graph import Node, graph, neuron
from nnscratch.course.draw.grids import Grid, grids, heatmaps, product
from nnscratch.course.draw.histograms import histograms
from nnscratch.course.draw.photographs import photographs
from nnscratch.course.draw.pooling import pooling
from nnscratch.course.draw.stamps import stamps
from nnscratch.course.draw.windows import im2col, images, painting, sliding
