"""Images in and out: `images` reads, writes and shows files; `paintings` draws a style image of our own."""
