"""`nnscratch train stylizer`: the decoder of networks/stylizer.py learns to paint, any style or a given one.

Shapes: content and style crops (N, 128, 128, 3) in [0, 1]; adapted codes t (N, 32, 32, 131).

For the first tenth of the steps it only learns to draw images back from their codes, pixel by pixel. (For one style it need
not: it begins as the decoder that comes with nnscratch, which can draw already.) Then

    y = decoder(t)
    loss = weight * (features(y) - t)²  +  Gram matrices of y beside the style's, over all maps  +  SMOOTH * variation of y

each a share, as in objective.py. Encoder and loss network are the same texture network and stay as they are. Everything is
drawn from (seed, number of the step), so a training that was stopped goes on as if it had not been.
"""
import numpy as np

from nnscratch import backend, checkpoint
from nnscratch.backend import array_module, to_device
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import STYLES, is_style, style_image
from nnscratch.fast import gram_matrix, gram_matrix_backward
from nnscratch.losses import content_loss, mse, relative_gram_loss, total_variation
from nnscratch.networks.stylizer import CHANNELS, ENCODED, UPSAMPLINGS, adain, decoder, encoder, fingerprint
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.validation import check_choice, check_int
from nnscratch.optimizers import Adam, clip_by_global_norm, cosine_decay, warmup
from nnscratch.style.colour import match_colours
from nnscratch.style.stylizer import SHIPPED
from nnscratch.style.train_texture import Images, begin

SIDE, BATCH, RATE = 128, 4, 1e-3
CONTENT, CONTENT_OF_ONE, SMOOTH = 1.0, 0.5, 5.0  # one style alone is met better; with 0.2 there were streaks
DRAWING, LONGEST = 10, 1.0  # a tenth of the steps is for drawing back; the longest gradient, all weights together
SAVE_EVERY = 100


def train_stylizer(folder, style=None, *, steps=2000, upsampling="resize", seed=0, resume=False, device="auto"):
    """The whole job of the command: writes stylizer.safetensors to the folder, and returns the last style loss.

    style : the path of one image, or None to learn all that we can draw. Raises InputError for a folder that holds a
    training already.
    """
    check_choice(upsampling, "train stylizer: upsampling", UPSAMPLINGS)
    shipped = style is not None and upsampling == checkpoint.read_arrays(SHIPPED)[1]["info"]["upsampling"]
    given = {"style": style and str(style), "steps": check_int(steps, "train stylizer: steps", 1), "upsampling": upsampling,
             "seed": check_int(seed, "train stylizer: seed", 0), "begins": "shipped" if shipped else "random"}
    state, info = begin(folder, "stylizer training", given, resume)
    backend.use(device)
    pairs = Pairs(info["seed"], info["style"])
    model, drawing = first_decoder(info)
    optimizer = Adam(warmup(cosine_decay(RATE, info["steps"]), 50))
    if resume:
        checkpoint.load(state, model, optimizer)
    last = learn(model, optimizer, pairs, info, drawing, lambda: checkpoint.save(state, model, optimizer, info))
    path = state.with_name("stylizer.safetensors")
    checkpoint.save(path, model, info=info | {"what": "stylizer", "encoder": fingerprint(encoder())})
    print(f"the stylizer is {path}; paint with  nnscratch style PHOTO STYLE --fast --weights {path} -o OUT")
    return last


def first_decoder(info):
    """The decoder before its first step; and how many steps it is to learn nothing but drawing."""
    model = decoder(info["upsampling"], info["seed"])
    if info["begins"] == "random":
        return model, info["steps"] // DRAWING
    checkpoint.load(SHIPPED, model)
    return model, 0


def learn(model, optimizer, pairs, info, drawing, save):
    """Steps info["done"] + 1 to info["steps"], with a progress bar; `save()` now and then. The first `drawing` only draw."""
    from tqdm import tqdm
    network, code, facts = texture_features(), encoder(), {}
    weight = CONTENT if info["style"] is None else CONTENT_OF_ONE
    with tqdm(total=info["steps"], initial=info["done"], desc="training", unit="step") as bar:
        for step in range(info["done"] + 1, info["steps"] + 1):
            content, style_crops = (to_device(crops) for crops in pairs.batch(step))
            if step <= drawing:
                facts = {"off by": reconstruct(model, code, optimizer, content, style_crops)}
            else:
                facts = train_step(model, network, code, optimizer, content, style_crops, weight)
            if step % 10 == 0:
                bar.set_postfix_str(", ".join(f"{name} {float(value):.3f}" for name, value in facts.items()))
            bar.update()
            info["done"] = step
            if step % SAVE_EVERY == 0 or step == info["steps"]:
                save()
    return float(facts.get("style", np.nan))


def reconstruct(model, code, optimizer, content, style):
    """One step of drawing contents and styles from their own codes. Returns how far a pixel is off, root mean square."""
    images = array_module(content).concatenate([content[:BATCH // 2], style[BATCH // 2:]])
    loss, gradient = mse(model.forward(code.forward(images), training=True), images)
    update(model, optimizer, gradient)
    return loss**0.5


def update(model, optimizer, gradient):
    """A step of the decoder; its gradient shortened where a rare pair makes it huge."""
    model.zero_grads()
    model.backward(gradient, wrt="parameters")
    optimizer.step(model.trainable_params, clip_by_global_norm(model.grads, LONGEST))


def train_step(model, network, code, optimizer, content, style, content_weight=CONTENT):
    """One step on a batch of pairs. Returns {"content": loss, "style": loss}."""
    befores, targets = network.forward(content), network.forward(style)
    t = adain(code.forward(content), code.forward(style))
    y = model.forward(t, training=True)
    features, gradients, style_loss = network.forward(y, remember=True), [], 0
    for ours, theirs, before in zip(features, targets, befores):
        loss, gradient = style_share(ours, theirs, before)
        style_loss = style_loss + loss / len(features)
        gradients.append(gradient / len(features))
    content_share, gradient = content_loss(features[ENCODED], t[..., :CHANNELS])
    gradients[ENCODED] = gradients[ENCODED] + content_weight * gradient
    _, gradient = total_variation(y)
    update(model, optimizer, network.backward(gradients, wrt="input") + SMOOTH * gradient)
    return {"content": content_share, "style": style_loss}


def style_share(features, style, content):
    """relative_gram_loss of the features, with the style's and the content's Gram matrices, all around the style's means; and
    its gradient by the features."""
    mean = style.mean(axis=(1, 2), keepdims=True)
    gram, cache = gram_matrix(features - mean)
    loss, gradient = relative_gram_loss(gram, gram_matrix(style - mean)[0], gram_matrix(content - mean)[0])
    return loss, gram_matrix_backward(gradient, cache)


class Pairs:
    """Contents: collages of patterns, and pieces of the photograph that comes along. Styles: everything that we can draw, or
    pieces of one image. Contents already have the styles' colours, as the stylizer gives them to its encoder."""

    def __init__(self, seed, style=None):
        self.seed, self.images = seed, Images(seed, SIDE, 60)
        self.photograph = read_image(photograph(), 512)[0]
        self.styles = ([one_style(style, 2 * SIDE)] if style else
                       [style_image(name, 2 * SIDE, 100 + seed)[0] for name in STYLES])
        self.one_style = style is not None

    def batch(self, step):
        """(contents, styles) of one step, (N, 128, 128, 3) each."""
        rng = np.random.default_rng([self.seed, 9, step])
        contents, styles = self.contents(step, rng), self.style_crops(step, rng)
        contents = [match_colours(c[None], s[None])[0] for c, s in zip(contents, styles)]
        return np.stack(contents), np.stack(styles)

    def contents(self, step, rng):
        """Half of them collages, half of them pieces of the photograph, brighter or darker, mirrored."""
        layers = [self.images.batch(3 * step + k, BATCH)[0] for k in range(3)]
        made = []
        for k in range(BATCH):
            if k % 2:
                piece = cut(self.photograph, rng, rng.integers(SIDE, 257))
                made.append((piece[:, ::rng.choice([-1, 1])] * rng.uniform(0.7, 1.2)).clip(0, 1))
            else:  # two patterns as stencils for a third, all seen through soft light
                stencil = layers[1][k].mean(axis=2, keepdims=True) > 0.5
                light = 0.5 + cut(self.photograph, rng, 256).mean(axis=2, keepdims=True)
                made.append((np.where(stencil, layers[0][k], layers[2][k]) * light).clip(0, 1))
        return made

    def style_crops(self, step, rng):
        """Of one image, or half from the style images and half from the texture network's own lessons."""
        if self.one_style:
            return [cut(self.styles[0], rng, rng.integers(SIDE, min(self.styles[0].shape[:2]) + 1)) for _ in range(BATCH)]
        patterns = self.images.batch(3 * step + 2 + 10**6, BATCH)[0]
        return [patterns[k] if k < BATCH // 2 else cut(self.styles[rng.integers(len(self.styles))], rng,
                                                      rng.integers(SIDE, 2 * SIDE + 1)) for k in range(BATCH)]


def one_style(name, side):
    """The image at a path, or one of our own by its name: (H, W, 3)."""
    if is_style(name):
        return style_image(name, side)[0]
    return read_image(name, side, minimum=SIDE)[0]


def cut(image, rng, side):
    """A square of `side` pixels from somewhere in the image, as SIDE x SIDE."""
    from PIL import Image
    side = min(side, *image.shape[:2])
    top, left = (rng.integers(0, length - side + 1) for length in image.shape[:2])
    square = Image.fromarray((255 * image[top:top + side, left:left + side]).astype(np.uint8))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32) / 255
