"""A schema accepts what it describes, and names the entry that it does not, in one sentence."""
import pytest

from nnscratch.errors import InputError, printable
from nnscratch.schema import check, each, flag, mapping, number, one_of, optional, record, text, whole

HEADER = record(step=whole(0, 100), rate=number(0, 1), names=each(text(5), most=2), done=flag, kind=one_of("a", "b", 1),
                source=optional(record(data=text())), accuracy=mapping(number(0, 1)))
GOOD = {"step": 3, "rate": 0.5, "names": ["x", "y"], "done": True, "kind": "a", "source": {"data": "d"}, "accuracy": {"q": 1},
        "more": object()}
WRONG = [
    ("step", -1), ("step", 101), ("step", 10**30), ("step", 3.0), ("step", True), ("step", "3"), ("step", None),
    ("rate", 2), ("rate", float("nan")), ("rate", float("inf")), ("rate", 10**400), ("rate", "0.5"), ("rate", True),
    ("names", ["x", 1]), ("names", ["x"] * 3), ("names", "xy"), ("names", ["letters"]), ("names", None),
    ("done", 1), ("kind", "c"), ("kind", True), ("source", {}), ("source", {"data": 3}), ("source", []),
    ("accuracy", {"q": 2}), ("accuracy", [])]


def test_a_right_header_passes():
    check(GOOD, HEADER, "file")
    check(GOOD | {"source": None}, HEADER, "file")


@pytest.mark.parametrize("name,value", WRONG)
def test_a_wrong_entry_is_named(name, value):
    with pytest.raises(InputError, match=rf"^file: {name}[^\n]*; the file is damaged") as caught:
        check(GOOD | {name: value}, HEADER, "file")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", [name for name in GOOD if name != "more"])
def test_a_missing_entry_is_named(name):
    with pytest.raises(InputError, match=f"^file: {name} is missing"):
        check({key: value for key, value in GOOD.items() if key != name}, HEADER, "file")


def test_a_place_deep_inside_is_named():
    with pytest.raises(InputError, match=r"^file: history\[1\]\.step is 'x', expected a whole number"):
        check({"history": [{"step": 1}, {"step": "x"}]}, record(history=each(record(step=whole()))), "file")


@pytest.mark.parametrize("name", ["two\nlines", "\x1b[2Jcleared", "bell\a", "half \udcff", "\u202eturned", "a\x00b", "\u2028"])
def test_names_cannot_break_a_sentence(name):
    shown = str(InputError(f"cannot open {name}"))
    assert shown.isprintable()
    assert shown.encode() and shown == f"cannot open {printable(name)}"


@pytest.mark.parametrize("name", ["plain.png", "größe", "图像", "a b", "no\u00a0break", "C:\\images\\new"])
def test_ordinary_names_stay_as_they_are(name):
    assert printable(name) == name
