"""`nnscratch style`: read two pictures, transfer, write one; all that can go wrong is asked before the work begins."""
from nnscratch import backend
from nnscratch.data.pictures import check_writable, read_picture, write_picture
from nnscratch.style.transfer import SMALLEST_SIDE, check, transfer_style

WIDEST = 4  # the longer side of the style, at most, in shorter sides of the content


def stylise(content_path, style_path, output_path, *, size, style_weight, steps, seed, device):
    """The whole job of the command. Returns the Transfer; the picture is written also when Ctrl-C ended it early."""
    check_writable(output_path)
    content = read_picture(content_path, size, minimum=SMALLEST_SIDE)
    # Enlarging a style would only blur it; beside a ribbon of a content, a large style would be nearly all the work.
    style_size = min(size, WIDEST * min(content.shape[1:3]))
    style = read_picture(style_path, style_size, minimum=SMALLEST_SIDE, enlarge=False)
    check(content, style, style_weight, steps, seed)  # transfer_style will too, but by then a progress bar stands there
    backend.use(device)
    print(f"{content.shape[2]}x{content.shape[1]} pixels on {backend.describe_device()}")
    result = with_progress(content, style, style_weight=style_weight, steps=steps, seed=seed)
    write_picture(output_path, result.picture)
    print(f"{'stopped early; best picture so far' if result.interrupted else 'picture'} written to {output_path}")
    return result


def with_progress(content, style, **options):
    """transfer_style with a progress bar that shows the loss and the time left."""
    from tqdm import tqdm
    with tqdm(total=1.0, desc="stylising", bar_format="{l_bar}{bar}| {elapsed}, {remaining} left{postfix}") as bar:
        def progress(share, record):
            text = f"{record['size']} pixels, loss {record['loss']:.3f}, content {record['content']:.3f}"
            bar.set_postfix_str(f"{text}, style {record['style']:.4f}", refresh=False)
            bar.update(share - bar.n)
        return transfer_style(content, style, progress=progress, **options)
