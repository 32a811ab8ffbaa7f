"""Answers to the exercises, a module for each notebook, n01.py and so on. Each has

    WRONG   (exercise, wrong answer, text that its diagnosis must contain)
    RIGHT   (exercise, a right answer in another style than the solution); optional
    SHAPES_SHOWN   texts of WRONG whose smallest failing input is too large to be shown with its numbers; optional
"""
import importlib
from pathlib import Path

MODULES = [importlib.import_module(f"course_answers.{path.stem}") for path in sorted(Path(__file__).parent.glob("n[0-9]*.py"))]
WRONG = [answer for module in MODULES for answer in module.WRONG]
RIGHT = [answer for module in MODULES for answer in getattr(module, "RIGHT", [])]
SHAPES_SHOWN = [text for module in MODULES for text in getattr(module, "SHAPES_SHOWN", [])]
