"""The options of a training, checked, with the defaults of each method; and the names that older versions saved them under."""
from dataclasses import dataclass
from typing import Any

from nnscratch.errors import InputError
from nnscratch.generate.adversarial_losses import LOSSES
from nnscratch.generate.inputs import TEXTURE
from nnscratch.hints import checked
from nnscratch.networks.gan import PRESETS
from nnscratch.ops.validation import check_choice, check_fraction, check_number
from nnscratch.training.numbers import check_numbers

__all__ = ["METHOD_NAMES", "Options", "make_options"]

METHOD_NAMES = ("gan", "vae", "glo", "imle", "texture")
METHOD_DEFAULTS: dict[str, dict[str, Any]] = {  # where they differ from those of Options
    TEXTURE: {"preset": TEXTURE, "groups": 0, "steps": 400, "batch_size": 4, "learning_rate": 5e-3, "beta_1": 0.9}}
PRESET_DEFAULTS: dict[str, dict[str, Any]] = {  # of the method "gan"
    "small": {"steps": 4000, "batch_size": 32, "r1": 0.1},
    "dcgan64": {"batch_size": 16, "learning_rate": 2e-4, "r1": 0.1}}  # with 5e-4 and no penalty it diverged after 750 steps
GAN_ONLY = ("loss", "smoothing", "augment", "r1", "spectral_norm")  # options of the discriminator
RENAMED = {"batch": "batch_size"}  # version 0.1's name: today's


@dataclass
class Options:
    """Everything that determines a training: equal options, data and machine give equal weights, bit for bit.

    Parameters
    ----------
    method : str, how the generator is trained: "gan", "vae", "glo", "imle" or "texture"
    preset : str, size of the networks: a key of networks.gan.PRESETS, or "texture" for that method
    loss : str, a key of adversarial_losses.LOSSES (method "gan" only, as smoothing, augment, r1 and spectral_norm)
    steps : int, training steps
    batch_size : int, images per step, at least 2
    learning_rate : float, between 0 and 1; it decays linearly to 0 over the last quarter of the steps
    beta_1 : float, Adam's decay of the first moment, from 0 to below 1
    smoothing : float, the discriminator's target for real images, above 0.5, up to 1 (cross-entropy losses)
    conditional : bool, condition the networks on the labels, where the data have labels
    groups : int, number of pseudo-labels where labels are absent or not used (see pseudo_labels.py); 0 for none
    augment : bool, distort all images before the discriminator sees them; helps below some 10,000 images
    r1 : float, weight of the gradient penalty; it is applied at every 16th step, 16 times as strong
    spectral_norm : bool, divide the discriminator's kernels by their largest singular values; goes with the hinge loss
    seed : int, draws the first weights, batches and noise

    Raises
    ------
    InputError
        An unknown choice, a number out of its range, or an option that the method does not have.

    Examples
    --------
    >>> Options(method="vae", steps=1000).batch_size
    64
    """
    method: str = "gan"
    preset: str = "tiny"
    loss: str = "non-saturating"
    steps: int = 2500
    batch_size: int = 64
    learning_rate: float = 5e-4
    beta_1: float = 0.5
    smoothing: float = 0.9
    conditional: bool = True
    groups: int = 100
    augment: bool = False
    r1: float = 0.0
    spectral_norm: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice(self.method, "train: method", METHOD_NAMES)
        check_choice(self.preset, "train: preset", [TEXTURE] if self.method == TEXTURE else PRESETS)
        check_choice(self.loss, "train: loss", LOSSES)
        check_numbers(self)
        self.beta_1 = check_fraction(self.beta_1, "train: beta_1")
        self.smoothing, self.r1 = check_number(self.smoothing, "train: smoothing"), check_number(self.r1, "train: r1")
        for name in ("conditional", "augment", "spectral_norm"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"train: {name} is {getattr(self, name)!r}, expected True or False")
        if not 0.5 < self.smoothing <= 1:
            raise InputError(f"train: smoothing is {self.smoothing!r}, expected a number above 0.5, up to 1, such as 0.9")
        if self.method == TEXTURE and self.groups:
            raise InputError(f"train: groups is {self.groups} for the method 'texture', expected 0, since all pieces of a "
                             f"texture are of one kind; leave it out")
        for name in GAN_ONLY:
            default = type(self).__dataclass_fields__[name].default
            if self.method != "gan" and getattr(self, name) != default:
                raise InputError(f"train: {name} is {getattr(self, name)!r} for the method {self.method!r}, which has no "
                                 f"discriminator; leave it out, or use the method gan")
        if not 0 <= self.r1 < 1e6:
            raise InputError(f"train: r1 is {self.r1!r}, expected a number of at least 0, such as 1.0")


@checked
def make_options(chosen: dict[str, Any]) -> Options:
    """Options with the chosen entries, and otherwise the defaults of the method and, for a GAN, of the preset.

    Parameters
    ----------
    chosen : dict, {name of an option: value}

    Returns
    -------
    Options
        Complete and checked.

    Examples
    --------
    >>> make_options({"method": "texture"}).steps
    400
    >>> make_options({"preset": "small"}).batch_size
    32
    """
    method, preset = chosen.get("method", "gan"), chosen.get("preset")
    defaults = PRESET_DEFAULTS.get(str(preset), {}) if method == "gan" else METHOD_DEFAULTS.get(str(method), {})
    return Options(**defaults | chosen)


def with_current_names(info: dict[str, Any]) -> dict[str, Any]:
    """The info of a saved training, with the names that version 0.1 gave to options and metrics replaced by today's."""
    options, history = info.get("options"), info.get("history")
    if not isinstance(options, dict):
        return info
    error = "mae" if options.get("method") == "glo" else "rmse"  # both were called "off"
    info = info | {"options": {RENAMED.get(name, name): value for name, value in options.items()}}
    if isinstance(info.get("data"), dict) and isinstance(info["data"].get("title"), str):
        title = info["data"]["title"]
        for old, new in (("pictures", "images"), ("pieces of a picture", "pieces of an image")):
            if title == old or title.startswith(f"{old} of "):
                title = new + title.removeprefix(old)
        info["data"] = info["data"] | {"title": title}
    if isinstance(history, list):
        info["history"] = [{error if name == "off" else name: value for name, value in record.items()}
                           if isinstance(record, dict) else record for record in history]
    return info
