"""Images and data sets.

    images      read and write single images
    masks       images that say where something applies
    decode      image files of any kind, without filling the memory
    colour      embedded profiles, to sRGB
    animation   GIF, animated WebP and APNG, frame by frame
    webp        animated WebP, written
    video       .mp4, .mov, .mkv, .webm and .avi, read frame by frame
    video_parts videos, written part by part
    dataset     many images of one size, with labels; mini-batches
    pixels      arrays of images as bytes, bytes as floats
    labels      whole numbers, names of classes, one-hot rows
    readers     the user's files: folders of images, IDX (MNIST), CIFAR, .npy and .npz
    synthetic   data sets and style images drawn by rule: no download
    splits      for training, for comparison, for the classifier that judges
    parts       for training a classifier, for choosing the best, for testing it
    resize      one size and one number of channels for all images
    limits      how much an untrusted file may ask for
"""
from nnscratch.data.dataset import Dataset
from nnscratch.data.images import photograph, read_image, side_by_side, write_image
from nnscratch.data.pixels import to_bytes, to_floats
from nnscratch.data.readers.formats import open_dataset
from nnscratch.data.splits import load_splits
from nnscratch.data.synthetic.glyphs import glyphs
from nnscratch.data.synthetic.shapes import shapes
from nnscratch.data.synthetic.styles import style_image
from nnscratch.data.synthetic.textures import textures

__all__ = ["Dataset", "glyphs", "load_splits", "open_dataset", "photograph", "read_image", "shapes", "side_by_side",
           "style_image", "textures", "to_bytes", "to_floats", "write_image"]
