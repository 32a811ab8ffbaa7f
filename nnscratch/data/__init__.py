"""Pictures in and out: `pictures` reads, writes and shows files; `paintings` draws a style picture of our own."""
