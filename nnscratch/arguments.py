"""What can be written behind `nnscratch`: the commands, and what each of them takes."""
import argparse
import sys

from nnscratch.version import __version__


class Parser(argparse.ArgumentParser):
    """argparse, with its complaint in our form: one sentence, and the way to the help."""

    def error(self, message):
        print(f"nnscratch: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def parser():
    top = Parser(prog="nnscratch", description="Convolutional networks from scratch, every gradient by hand.")
    top.add_argument("--version", action="version", version=f"nnscratch {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)

    demo = commands.add_parser("demo", help="check every gradient, stylise a photograph, train a generator, in a few minutes")
    add_device(demo)
    demo.set_defaults(run="demo")

    style = commands.add_parser("style", help="paint a photograph in the style of another image")
    style.add_argument("content", nargs="?", help="the photograph: any file Pillow reads")
    style.add_argument("style", nargs="*", help="the image whose style it gets, or several, whose styles are mixed; or one "
                                              "of ours: night, mosaic, hatching, ink, glass, coral, leaves")
    style.add_argument("-o", "--output", required=True, metavar="OUT", help="where to write, for instance painting.png")
    style.add_argument("--size", type=int, help="longer side of the result, in pixels (default: 256; with --fast 512)")
    # No defaults: those of Settings count, and --again and --fast can tell what was given.
    style.add_argument("--strength", type=float, help="from 0, the photograph as it is, by way of 50, a painting (default), "
                                                      "to 100, where it is nothing but the start; with --fast, 100 exaggerates")
    style.add_argument("--steps", type=int, help="steps at each size: full, half, a quarter, ... (default: 40)")
    style.add_argument("--minutes", type=float, metavar="M", help="as many steps as fit, in place of --steps")
    style.add_argument("--features", help="what measures style: texture (default), random, vgg19 or vgg16")
    style.add_argument("--weights", metavar="FILE", help="for vgg: a .safetensors file with torchvision's names; for texture, "
                                                         "or with --fast: what you trained")
    style.add_argument("--colours", help="for vgg: rgb (torchvision, timm; default) or bgr (converted from Caffe)")
    style.add_argument("--style-scale", type=float, help="size of the strokes: 2 twice as large, 0.5 half")
    style.add_argument("--blend", type=float, nargs="+", metavar="B", help="for several styles, how much of each")
    style.add_argument("--keep-colors", metavar="HOW",
                       help="the photograph's: match (recolour the style) or luminance (transfer light and dark alone)")
    style.add_argument("--mask", dest="masks", metavar="FILE", action="append",
                       help="an image: white where the style is to come, black where the photograph is to stay; or one --mask "
                            "for each of several styles, in their order: white where that one is to come")
    style.add_argument("--init", help="begin from the content (default) or from noise")
    style.add_argument("--optimizer", help="lbfgs (default), or adam, which wants some five times as many steps")
    style.add_argument("--statistics", help="of the style's features: gram (default), covariance or sliced")
    style.add_argument("--max-memory", type=float, metavar="GB", help="what the whole process may take: large images are cut")
    style.add_argument("--every", type=int, metavar="K", help="write an image after every K steps, and a film of them")
    style.add_argument("--seed", type=int, help="draws random filters, and the noise to begin from (default: 0)")
    style.add_argument("--again", metavar="JSON", help="the .json beside an image: make that image once more")
    style.add_argument("--resume", action="store_true", help="go on with the transfer to OUT that was stopped")
    style.add_argument("--fast", action="store_true", help="in one pass of a trained network, in a second or two: an image, "
                                                           "a folder of them or a GIF, in one style")
    add_device(style)
    style.set_defaults(run="style")

    gallery = commands.add_parser("gallery", help="a photograph in all of our own styles, on one sheet",
                                  formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    gallery.add_argument("content", nargs="*", help="photographs; by default one that comes along")
    gallery.add_argument("-o", "--output", required=True, metavar="OUT", help="where to write, for instance gallery.jpg")
    gallery.add_argument("--features", nargs="+", default=["texture"], help="a row for each: texture, random")
    gallery.add_argument("--size", type=int, default=224, help="side of each image, in pixels")
    gallery.add_argument("--steps", type=int, default=40, help="steps at each size")
    gallery.add_argument("--seed", type=int, default=0, help="draws the styles")
    add_device(gallery)
    gallery.set_defaults(run="gallery")

    train = commands.add_parser("train", help="train a network on data of this package or your own")
    what = train.add_subparsers(title="what to train", required=True, metavar="WHAT", parser_class=Parser)
    add_train_generator(what)
    texture = what.add_parser("texture", help="the loss network that style transfer tells styles by, from images made here",
                              formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_training(texture, "texture", steps=2500)
    stylizer = what.add_parser("stylizer", help="the network that paints in one pass: any style, or one of your choice",
                               formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    stylizer.add_argument("style", nargs="?", help="one style image; by default all that we can draw")
    stylizer.add_argument("--upsampling", default="resize", help="resize (and convolve) or transposed (convolution)")
    add_training(stylizer, "stylizer", steps=2000)

    generate = commands.add_parser("generate", help="draw images with a trained generator",
                                   formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    generate.add_argument("-o", "--output", required=True, metavar="OUT", help="where to write, for instance digits.png")
    generate.add_argument("--from", dest="path", metavar="FILE", help="best.safetensors of a training; default: ours")
    generate.add_argument("--grid", type=rows_and_columns, metavar="8x8", help="rows x columns")
    generate.add_argument("--walk", type=int, nargs="?", const=60, metavar="FRAMES", help="a film (.gif) of a walk")
    generate.add_argument("--side", type=int, metavar="PIXELS",
                          help="of an image, for a generator of textures: any multiple of 16 up to 2048")
    generate.add_argument("--class", dest="label", metavar="NAME", help="images of this class alone")
    generate.add_argument("--seed", type=int, default=0, help="draws the noise")
    add_device(generate)
    generate.set_defaults(run="generate")

    judge = commands.add_parser("judge", help="measure what a generator draws, beside real images: a report",
                                formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    judge.add_argument("--from", dest="path", metavar="FILE", help="best.safetensors of a training; default: ours")
    judge.add_argument("--data", default="glyphs", help="what it was trained on")
    judge.add_argument("--size", type=int, help="side that the images were shrunk to")
    judge.add_argument("--out", default="judged", metavar="FOLDER", help="where report.html and report.json go")
    judge.add_argument("--count", type=int, default=5000, help="images to draw")
    judge.add_argument("--seed", type=int, default=0, help="draws the noise")
    add_device(judge)
    judge.set_defaults(run="judge")

    article = commands.add_parser("article", help="the seed article's own network, and why it cannot generate, in numbers")
    article.set_defaults(run="article")

    check = commands.add_parser("check", help="check every gradient, and that wrong ones are caught")
    add_device(check)
    check.set_defaults(run="check")

    bench = commands.add_parser("bench", help="time layers and training steps on the CPU and on the GPU")
    bench.add_argument("--only", metavar="PART", help="layers, steps or sweep (batch sizes); default: all")
    bench.add_argument("--quick", action="store_true", help="a few cases, in less than a minute; default: several minutes")
    bench.add_argument("-o", "--output", metavar="FOLDER", help="where bench.json, bench.txt and roofline.png go")
    add_device(bench)
    bench.set_defaults(run="bench")

    info = commands.add_parser("info", help="versions, BLAS, threads, and why there is no GPU")
    info.set_defaults(run="info")
    return top


def add_training(command, name, steps):
    """What the trainings of networks for style have in common."""
    command.add_argument("--out", default=name, metavar="FOLDER", help="where everything goes")
    command.add_argument("--steps", type=int, default=steps, help="how many")
    command.add_argument("--seed", type=int, default=0, help="draws weights and images")
    command.add_argument("--resume", action="store_true", help="go on with the training in the folder, with its own options")
    add_device(command)
    command.set_defaults(run=f"train_{name}")


def add_train_generator(commands):
    generator = commands.add_parser("generator", help="noise in, images like those of the data out")
    # No defaults but those of Options: so that --resume can tell what was given.
    generator.add_argument("--data", help="glyphs (default), letters, shapes, textures, or a path: IDX, CIFAR, .npz, .npy, a "
                                          "folder of images (sub-folders are classes)")
    generator.add_argument("--size", type=int, help="side to shrink the images to (default: as they are)")
    generator.add_argument("--out", default="generator", metavar="FOLDER", help="where everything goes (default: generator)")
    generator.add_argument("--method", help="gan (default), vae, glo, imle, or texture (data: one "
                                                "colour image, or a style by name)")
    generator.add_argument("--preset", help="nano, tiny (default), small or dcgan64; texture has its own")
    generator.add_argument("--loss", help="non-saturating (default), hinge, least-squares or saturating")
    length = generator.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="how many (default: 2500; texture 400)")
    length.add_argument("--minutes", type=float, metavar="M", help="as many steps as fit, beside the judge's training")
    generator.add_argument("--batch-size", type=int, help="images a step (default: 64; texture 4)")
    generator.add_argument("--batch", dest="batch_size", type=int, help=argparse.SUPPRESS)  # as version 0.1 spelled it
    generator.add_argument("--learning-rate", type=float, help="of both optimizers (default: 0.0005; texture 0.005)")
    generator.add_argument("--unconditional", dest="conditional", action="store_const", const=False,
                           help="do not use the labels; groups of like images are found instead")
    generator.add_argument("--groups", type=int,
                           help="how many to find where labels are absent or not used (default: 100; 0: none)")
    generator.add_argument("--augment", action="store_const", const=True,
                           help="distort what the discriminator sees: for few images")
    generator.add_argument("--r1", type=float, help="weight of the gradient penalty on real images (default: 0)")
    generator.add_argument("--spectral-norm", action="store_const", const=True,
                           help="keep the discriminator from growing steep")
    generator.add_argument("--seed", type=int, help="draws weights, batches and noise (default: 0)")
    generator.add_argument("--resume", action="store_true",
                           help="go on with the training in the folder, with its options and data; more --steps make it longer")
    add_device(generator)
    generator.set_defaults(run="train_generator")


def rows_and_columns(text):
    """"8x10" -> (8, 10)"""
    rows, _, columns = text.lower().partition("x")
    if not (rows.isdigit() and columns.isdigit() and 0 < int(rows) * int(columns) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is no grid, expected rows x columns such as 8x8, 10,000 images at most")
    return int(rows), int(columns)


def add_device(command):
    command.add_argument("--device", default="auto", help='"auto" (the GPU if there is one), "cpu" or "gpu"')
