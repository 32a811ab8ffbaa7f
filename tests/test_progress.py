"""Progress bars: in place in a terminal, a line now and then elsewhere."""
import io
import sys
import time

import pytest

from nnscratch import progress
from nnscratch.progress import progress_bar


class Stream(io.StringIO):
    """An error stream that says whether it is a terminal."""

    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize("total", [30, 1.0], ids=["counted in steps", "counted in fractions"])
def test_a_log_file_gets_a_line_now_and_then(monkeypatch, total):
    """No terminal: a line at the beginning, one each interval, one at the end; no carriage returns and no empty lines."""
    monkeypatch.setattr(sys, "stderr", stream := Stream(terminal=False))
    monkeypatch.setattr(progress, "LINE_INTERVAL", 0.1)
    start = time.perf_counter()
    with progress_bar(total=total, desc="training") as bar:
        for _ in range(30):
            time.sleep(0.01)
            bar.set_postfix_str("loss 1", refresh=False)
            bar.update(total / 30)
    seconds = time.perf_counter() - start
    lines = stream.getvalue().split("\n")
    assert "\r" not in stream.getvalue() and lines[-1] == "" and all(lines[:-1])
    assert 3 <= len(lines) - 1 <= 2 + seconds / 0.1
    assert lines[0].startswith("training:   0%") and lines[-2].startswith("training: 100%") and "loss 1" in lines[-2]


def test_a_terminal_gets_one_line_that_changes(monkeypatch):
    """A terminal: everything on one line."""
    monkeypatch.setattr(sys, "stderr", stream := Stream(terminal=True))
    assert sum(progress_bar([1, 2, 3], desc="adding", mininterval=0)) == 6
    assert stream.getvalue().count("\r") >= 3 and stream.getvalue().count("\n") == 1


def test_the_interval_is_ten_seconds():
    """A training of four minutes leaves 26 lines in a log file."""
    assert progress.LINE_INTERVAL == 10
