"""An exponential moving average of a generator: smoother in time than the generator itself.

Shapes: those of the model's parameters and buffers.
"""
from nnscratch.errors import InputError
from nnscratch.models import Model
from nnscratch.ops.validation import check_fraction
from nnscratch.recording import is_recording

__all__ = ["EMA"]


class EMA:
    """Exponential moving average of a model's weights and statistics: the model to sample from.

        average = decay * average + (1 - decay) * current,      decay = min(max_decay, (1 + step) / (10 + step))

    Parameters
    ----------
    model : Model, the average; it starts from its own weights
    max_decay : float, decay after the first steps, whose weights are soon outdated

    Notes
    -----
    The iterates of the training circle the optimum; their average is closer to it. The moving statistics of batch
    normalization are averaged too: statistics of a single step would normalize the averaged weights for another network.

    References
    ----------
    Yazıcı et al., "The unusual effectiveness of averaging in GAN training", 2019, section 3.
    """

    def __init__(self, model: Model, max_decay: float = 0.995) -> None:
        self.model, self.max_decay = model, check_fraction(max_decay, "EMA: max_decay", or_one=True)

    def update(self, source: Model, step: int) -> None:
        """Move the average towards a model, after a training step.

        Parameters
        ----------
        source : Model, of the same structure
        step : int, number of the step, from 0

        Raises
        ------
        InputError
            While a step is recorded: the decay is a Python number, which a replay would not change.
        """
        if is_recording():
            raise InputError("an EMA cannot be updated in a step that is being recorded; update it after the step")
        decay = min(self.max_decay, (1 + step) / (10 + step))
        for name, array in self.model.params.items():
            array *= decay
            array += (1 - decay) * source.params[name]
        for name, array in self.model.buffers.items():
            if array.dtype.kind == "f":  # the counter of a dropout layer cannot be averaged
                self.model.set_buffer(name, decay * array + (1 - decay) * source.buffers[name])
