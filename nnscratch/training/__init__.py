"""What every training shares: its loop, its checkpoints and how it is resumed, where its data are, and its curves."""

__all__: list[str] = []
