"""The command line of `nnscratch`: its commands and their options."""
import argparse
from typing import Any

from nnscratch.argument_parser import Defaults, Parser, add_device, add_output
from nnscratch.arguments_trained import add_classify, add_generate, add_judge
from nnscratch.version import __version__

__all__ = ["parser"]

QUICK_STEPS = 7  # at 512 pixels, 6 seconds on two cores


def parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command line.

    Returns
    -------
    argparse.ArgumentParser
        Parsed options have a `run`, the name of the command.
    """
    top = Parser(prog="nnscratch", description="Convolutional networks from scratch, with hand-written backward passes.")
    top.add_argument("--version", action="version", version=f"nnscratch {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)
    add_plain(commands, "demo", "check every gradient, stylise a photograph, train a generator, in a few minutes")
    add_style(commands)
    add_gallery(commands)
    add_compare(commands)
    train = commands.add_parser("train", help="train a network on synthetic images or your own")
    networks = train.add_subparsers(title="networks", required=True, metavar="NETWORK", parser_class=Parser)
    add_train_generator(networks)
    add_train_classifier(networks)
    add_train_texture(networks)
    add_train_stylizer(networks)
    add_generate(commands)
    add_classify(commands)
    add_judge(commands)
    add_plain(commands, "article", "the seed article's own network, and why it cannot generate, in numbers", device=False)
    add_plain(commands, "check", "check every gradient, and that wrong ones are found")
    add_bench(commands)
    add_plain(commands, "info", "versions, BLAS, threads, and why there is no GPU", device=False)
    return top


def add_plain(commands: Any, name: str, text: str, device: bool = True) -> None:
    """A command without options of its own."""
    command = commands.add_parser(name, help=text)
    if device:
        add_device(command)
    command.set_defaults(run=name)


def add_style(commands: Any) -> None:
    """`nnscratch style`. Options have no defaults: those of Settings apply, and --again and --fast can tell what was given."""
    style = commands.add_parser("style", help="paint a photograph in the style of another image")
    style.add_argument("content", nargs="?", help="the photograph: any file that Pillow reads; or a film (GIF, WebP), a video")
    style.add_argument("style", nargs="*", help="the style image, or several, whose styles are mixed: files, or names of drawn "
                                                "styles: night, mosaic, hatching, ink, glass, coral, leaves")
    add_output(style, "OUT", "file to write, for instance painting.png", required=True)
    style.add_argument("--size", type=int, help="longer side of the result, in pixels (default: 256; with --fast 512, and "
                                                "smaller images stay as they are)")
    style.add_argument("--strength", type=float, help="from 0, the photograph unchanged, over 50, a painting (default), to "
                                                      "100, style alone; with --fast, 100 exaggerates the style")
    length = style.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="steps at each size: full, half, a quarter, ... (default: 40)")
    length.add_argument("--quick", action="store_const", const=QUICK_STEPS,
                        help=f"{QUICK_STEPS} steps at each size: nearly as good, in a few seconds")
    length.add_argument("--minutes", type=float, metavar="M", help="as many steps as fit")
    style.add_argument("--features", help="the loss network: texture (default), random, vgg19 or vgg16")
    style.add_argument("--weights", metavar="FILE", help="for vgg: torchvision's vgg19-dcbb9e9d.pth, vgg16-397923af.pth, or "
                       "such a .pth or .safetensors file; for texture, or with --fast: weights that you trained")
    style.add_argument("--colors", metavar="ORDER",
                       help="for vgg: rgb (torchvision, timm; default) or bgr (converted from Caffe)")
    style.add_argument("--style-scale", type=float, help="size of the strokes: 2 is twice as large, 0.5 half")
    style.add_argument("--blend", type=float, nargs="+", metavar="W", help="for several styles, the weight of each")
    style.add_argument("--keep-colors", metavar="HOW",
                       help="keep the photograph's colours: match (recolour the style) or luminance (transfer brightness only)")
    style.add_argument("--mask", dest="masks", metavar="FILE", action="append",
                       help="an image: white where the style applies, black where the photograph stays; or one --mask for each "
                            "of several styles, in their order: white where that style applies")
    style.add_argument("--feather", type=int, metavar="PIXELS",
                       help="soften the edges of masks by so many pixels to each side (default: 0, a hard cut)")
    style.add_argument("--init", help="start from the content (default) or from noise")
    style.add_argument("--optimizer", help="lbfgs (default), or adam, which needs about five times as many steps")
    style.add_argument("--statistics", help="of the style's features: gram (default), covariance or sliced")
    style.add_argument("--max-memory", type=float, metavar="GB", help="limit for the whole process: large images are tiled")
    style.add_argument("--every", type=int, metavar="K", help="write an image after every K steps, and a film of them")
    style.add_argument("--explain", action="store_const", const=True,
                       help="write OUT-explain.html: how the loss fell, and the Gram matrices of every layer")
    style.add_argument("--seed", type=int, help="for random filters, and for the noise to start from (default: 0)")
    style.add_argument("--again", metavar="JSON", help="the .json next to an image: make that image again")
    style.add_argument("--resume", action="store_true", help="continue the interrupted transfer to OUT, an image or a video")
    style.add_argument("--fast", action="store_true", help="one pass of a trained network, a second or two: for an image, a "
                                                           "folder of images, a film or a video, in one style")
    add_device(style)
    style.set_defaults(run="style")


def add_gallery(commands: Any) -> None:
    """`nnscratch gallery`."""
    gallery = commands.add_parser("gallery", help="a photograph in several styles, on one sheet", formatter_class=Defaults)
    gallery.add_argument("content", nargs="*", help="photographs; by default one that is included")
    add_output(gallery, "OUT", "file to write, for instance gallery.jpg", required=True)
    gallery.add_argument("--styles", nargs="+", metavar="STYLE",
                         help="style images, or names of drawn styles; by default all drawn styles")
    gallery.add_argument("--features", nargs="+", default=["texture"], help="a row for each loss network: texture, random")
    gallery.add_argument("--size", type=int, default=224, help="side of each image, in pixels")
    gallery.add_argument("--steps", type=int, default=40, help="steps at each size")
    gallery.add_argument("--seed", type=int, default=0, help="for the built-in styles")
    add_device(gallery)
    gallery.set_defaults(run="gallery")


def add_compare(commands: Any) -> None:
    """`nnscratch compare`."""
    compare = commands.add_parser("compare", help="a photograph in one style by several loss networks, with numbers: a page",
                                  formatter_class=Defaults)
    compare.add_argument("content", help="the photograph")
    compare.add_argument("style", help="the style image, or the name of a drawn style")
    add_output(compare, "OUT", "page to write, for instance networks.html", required=True)
    compare.add_argument("--features", nargs="+", default=["texture", "random", "vgg19"],
                         help="the loss networks: texture, random, and, where there are weights, vgg19 or vgg16")
    compare.add_argument("--weights", metavar="FILE", help="for vgg: torchvision's vgg19-dcbb9e9d.pth or vgg16-397923af.pth")
    compare.add_argument("--colors", metavar="ORDER", default="rgb", help="for vgg: rgb, or bgr (converted from Caffe)")
    compare.add_argument("--size", type=int, default=256, help="longer side of the results, in pixels")
    compare.add_argument("--strength", type=float, default=50.0, help="from 0, the photograph, to 100, style alone")
    compare.add_argument("--steps", type=int, default=40, help="steps at each size")
    compare.add_argument("--seed", type=int, default=0, help="for random filters")
    add_device(compare)
    compare.set_defaults(run="compare")


def add_train_generator(networks: Any) -> None:
    """`nnscratch train generator`. Only Options has defaults, so that --resume can tell what was given."""
    generator = networks.add_parser("generator", help="generates images like those of a data set, from noise")
    add_data(generator, "generator", "IDX, CIFAR, .npz, .npy, a folder of images (sub-folders are classes)")
    generator.add_argument("--method", help="gan (default), vae, glo, imle, or texture (--data: one colour image, or the name "
                                            "of a built-in style)")
    generator.add_argument("--preset", help="nano, tiny (default), small or dcgan64; texture has its own")
    generator.add_argument("--loss", help="non-saturating (default), hinge, least-squares or saturating")
    length = generator.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="number of steps (default: 2500; small 4000; texture 400)")
    length.add_argument("--minutes", type=float, metavar="M", help="as many steps as fit, without the classifier's training")
    generator.add_argument("--batch-size", type=int, help="images in a batch (default: 64; small 32; dcgan64 16; texture 4)")
    generator.add_argument("--learning-rate", type=float,
                           help="of both optimizers (default: 0.0005; dcgan64 0.0002; texture 0.005)")
    generator.add_argument("--unconditional", dest="conditional", action="store_const", const=False,
                           help="ignore the labels; groups of similar images are found instead")
    generator.add_argument("--groups", type=int,
                           help="number of groups to find where labels are missing or ignored (default: 100; 0: none)")
    generator.add_argument("--augment", action="store_const", const=True,
                           help="distort the discriminator's images: for small data sets")
    generator.add_argument("--r1", type=float,
                           help="weight of the gradient penalty on real images (default: 0; small and dcgan64 0.1)")
    generator.add_argument("--spectral-norm", action="store_const", const=True,
                           help="limit the discriminator's Lipschitz constant by spectral normalisation")
    generator.add_argument("--seed", type=int, help="for weights, batches and noise (default: 0)")
    add_resume(generator, "generator", "options and data; more --steps extend it")


def add_train_classifier(networks: Any) -> None:
    """`nnscratch train classifier`. Only ClassifierOptions has defaults, so that --resume can tell what was given."""
    classifier = networks.add_parser("classifier", help="says what an image shows, from labelled images")
    add_data(classifier, "classifier",
             "IDX, CIFAR, .npz, a folder whose sub-folders are classes, or one of train, val and test")
    classifier.add_argument("--steps", type=int, help="steps (default: each image is seen eight times, 1400 at least)")
    classifier.add_argument("--augment", help="shift, flip (left to right: not for letters), shift-flip or none (default: "
                                              "shift below 20,000 images, else none)")
    classifier.add_argument("--preset", help="standard (default) or small")
    classifier.add_argument("--batch-size", type=int, help="images in a batch (default: 64)")
    classifier.add_argument("--learning-rate", type=float, help="at the beginning (default: 0.001)")
    classifier.add_argument("--seed", type=int, help="for weights, batches and distortions (default: 0)")
    add_resume(classifier, "classifier", "options and data; more --steps extend it")


def add_train_texture(networks: Any) -> None:
    """`nnscratch train texture`."""
    texture = networks.add_parser("texture", help="the loss network of style transfer, from synthetic textures")
    add_training(texture, "texture", steps=2500)


def add_train_stylizer(networks: Any) -> None:
    """`nnscratch train stylizer`."""
    stylizer = networks.add_parser("stylizer", help="paints in one pass, in any style, or in one of your choice")
    stylizer.add_argument("style", nargs="?", help="one style image (default: patterns, built-in styles, those of --styles)")
    stylizer.add_argument("--contents", metavar="FOLDER", help="photographs to paint (default: the one that comes along)")
    stylizer.add_argument("--styles", metavar="FOLDER", help="paintings and textures beside those that nnscratch draws")
    add_training(stylizer, "stylizer", steps=6500)


def add_training(command: argparse.ArgumentParser, name: str, steps: int) -> None:
    """The options common to the trainings of networks for style transfer. They have no defaults, so that --resume can tell what
    was given."""
    add_output(command, "FOLDER", f"folder for all files (default: {name})", default=name)
    command.add_argument("--steps", type=int, help=f"number of steps (default: {steps})")
    command.add_argument("--seed", type=int, help="for weights and images (default: 0)")
    add_resume(command, name, "own options; more --steps extend it")


def add_data(command: argparse.ArgumentParser, name: str, paths: str) -> None:
    """What a network is trained on, and where everything goes."""
    command.add_argument("--data", help=f"glyphs (default), letters, shapes, textures, or a path: {paths}")
    command.add_argument("--size", type=int, help="side to resize the images to, 4 to 1024 pixels (default: as they are)")
    add_output(command, "FOLDER", f"folder for all files (default: {name})", default=name)


def add_resume(command: argparse.ArgumentParser, name: str, kept: str) -> None:
    """The last options of every training."""
    command.add_argument("--resume", action="store_true", help=f"continue the training in the folder, with its {kept}")
    add_device(command)
    command.set_defaults(run=f"train_{name}")


def add_bench(commands: Any) -> None:
    """`nnscratch bench`."""
    bench = commands.add_parser("bench", help="time layers and training steps on the CPU and on the GPU")
    bench.add_argument("--only", metavar="PART", help="layers, steps or sweep (batch sizes); default: all")
    bench.add_argument("--quick", action="store_true", help="a few cases, in less than a minute; default: several minutes")
    add_output(bench, "FOLDER", "folder for bench.json, bench.txt and roofline.png")
    add_device(bench)
    bench.set_defaults(run="bench")
