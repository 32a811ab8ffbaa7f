"""The course: src/ is what people write and review, solutions/ has the answers; build.py makes the .ipynb files from src/."""
