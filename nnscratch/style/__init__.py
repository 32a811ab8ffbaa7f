"""Style transfer: the content of one image in the style of another.

By optimisation (Gatys): `transfer` changes the pixels until `objective` is small. The objective compares `statistics` of the
`features` of a loss network, in `tiling` strips where the image is large, under `masks` where there are several styles.

In one pass (Ghiasi): `stylizer` applies a trained network; `train_stylizer` trains it on `pairs`, `train_texture` trains the
loss network of both; `training` is what the two trainings share.

Both ways paint films, frame by frame: `temporal` keeps still what is still, `video` and `video_state` lose nothing of hours.
"""

__all__: list[str] = []
