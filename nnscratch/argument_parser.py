"""argparse with the project's errors and help, and with other spellings of options; the options of many commands."""
import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from nnscratch.errors import printable

__all__: list[str] = []  # for arguments*.py


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Adds "(default: ...)" to the help of options that have one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """argparse with the project's errors, one sentence that points to --help, and with other spellings of options."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments in any accepted spelling."""
        return super().parse_known_args(shown_spellings(sys.argv[1:] if args is None else args), namespace)

    def error(self, message: str) -> NoReturn:
        """Print one sentence and exit with code 2."""
        print(f"nnscratch: {printable(message)}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def shown_spellings(words: Sequence[str]) -> list[str]:
    """The arguments with each option as --help shows it; others are accepted."""
    words, others = list(words), {"--out": "--output", "--batch": "--batch-size"}
    end = words.index("--") if "--" in words else len(words)  # after it there are no options
    for k, word in enumerate(words[:end]):
        if word.startswith("--"):
            name, *value = word.split("=", 1)
            name = others.get(name, name).replace("colour", "color")
            words[k] = "=".join([name, *value])
    return words


def add_output(command: argparse.ArgumentParser, metavar: str, text: str, **options: Any) -> None:
    """-o or --output, which every command that writes files has."""
    command.add_argument("-o", "--output", metavar=metavar, help=text, **options)


def add_device(command: argparse.ArgumentParser) -> None:
    """--device, the one that computes."""
    command.add_argument("--device", default="auto", help='"auto" (the GPU if there is one), "cpu" or "gpu"')
