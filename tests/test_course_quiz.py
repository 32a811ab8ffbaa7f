"""The quizzes: every answer is computed a second time, no typical mistake gives it, and a sheet is reproducible."""
import re
from collections import Counter

import numpy as np
import pytest
import quiz_answers
import quiz_answers_more

from nnscratch.course.quiz import ITEMS, WIDTH, network, neuron, sheet, speed, upsampling
from nnscratch.course.quiz.__main__ import main
from nnscratch.course.quiz.question import ask, format_number, integers, question

SEEDS = range(60)
ALL = [item for items in ITEMS.values() for item in items]
every_item = pytest.mark.parametrize("item", ALL, ids=lambda item: item.__name__)


def worked_out(name):
    return getattr(quiz_answers, name, None) or getattr(quiz_answers_more, name)


@pytest.mark.slow
@every_item
def test_the_answer_is_right(item):
    """By loops or numeric derivatives, for many seeds; as printed, no wrong answer equals the answer or another wrong one."""
    for seed in SEEDS:
        asked = ask(item, seed)
        np.testing.assert_allclose(asked.answer, worked_out(item.__name__)(**asked.given), rtol=1e-6, atol=1e-6)
        answers = [format_number(answer) for answer in (asked.answer, *asked.wrong.values())]
        assert len(set(answers)) == len(answers) >= 3


@pytest.mark.slow
@every_item
def test_the_question_is_well_formed(item):
    """Its text shows every number that was drawn; seeds differ; the same seed gives the same text; plain characters."""
    texts = set()
    for seed in SEEDS[:20]:
        asked = ask(item, seed)
        assert all(format_number(value) in asked.text for value in asked.given.values())
        assert asked.text == ask(item, seed).text
        assert asked.text.count("$") % 2 == 0 and (asked.text + "".join(asked.wrong)).isascii()
        assert asked.text.endswith("?") or asked.text.endswith(".)") or "row by row." in asked.text
        texts.add(asked.text)
    assert len(texts) >= 3


@pytest.mark.slow
@every_item
def test_there_are_many_questions(item):
    """Three hundred seeds give at least twenty questions; a constant answer is right for at most 60 % of them."""
    asked = [ask(item, seed) for seed in range(300)]
    assert len({one.text for one in asked}) >= 20
    assert Counter(format_number(one.answer) for one in asked).most_common(1)[0][1] <= 180


@pytest.mark.slow
def test_the_questions_state_their_conventions():
    """Which of two equal pixels wins, and where counting begins; a reason is true for all numbers drawn; a quotient
    terminates."""
    def asked(item):
        return [ask(item, seed) for seed in range(300)]

    assert all("Of several equal maxima the first counts" in one.text for one in asked(network.max_backward))
    assert all("counted from 0" in one.text for one in asked(upsampling.stripes))
    kernels = asked(upsampling.live_taps)
    assert any(one.answer > one.given["k"]**2 / 2 for one in kernels) and not any("most" in reason for one in kernels
                                                                                  for reason in one.wrong)
    assert all(np.isclose(one.answer, round(one.answer, 2), atol=1e-9) for one in asked(speed.amdahl))


def test_a_neuron_is_sometimes_inactive():
    """Otherwise relu would not matter; and then a typical wrong answer is the sum itself."""
    silent = [one for one in (ask(neuron.neuron, seed) for seed in range(100)) if one.answer == 0]
    assert 10 < len(silent) < 60
    for one in silent:
        assert one.given["x"] @ one.given["w"] + one.given["b"] in one.wrong.values()


def test_every_notebook_has_four_or_five_items():
    assert list(ITEMS) == [f"{k:02}" for k in range(19)]
    assert all(4 <= len(items) <= 5 for items in ITEMS.values())
    assert len({item.__name__ for item in ALL}) == len(ALL), "the name is part of the seed"


def test_numbers_that_hide_a_mistake_are_drawn_again():
    """2 and 2: the sum equals the product. An item whose answers are always equal raises, and does not loop forever."""
    def sum_of_two(rng):
        a, b = integers(rng, 2, low=1, high=3)
        return question("{a} and {b}: what is their sum?", {"a": a, "b": b}, a + b, {"multiplied": a * b})

    assert {format_number(ask(sum_of_two, seed).given["a"]) for seed in SEEDS} == {"1", "2", "3"}
    assert not [1 for seed in SEEDS if list(ask(sum_of_two, seed).given.values()) == [2, 2]]

    def hopeless(rng):
        return question("What is 0?", {}, 0, {"its negative": -0.0})

    with pytest.raises(RuntimeError, match="hopeless found no numbers"):
        ask(hopeless, 0)


def test_number_format():
    assert [format_number(value) for value in (3.0, -0.0, 1 / 3, -2.5, 151e6)] == ["3", "0", "0.3333", "-2.5", "151000000"]
    assert format_number(np.array([1, -2.0])) == "(1, -2)" and format_number([[1, 2], [3, 0.5]]) == "[[1, 2], [3, 0.5]]"
    assert format_number(2e-5) == "0"  # no question uses such a number; two answers could look alike
    drawn = integers(np.random.default_rng(0), 1000)
    assert set(drawn) == {-3, -2, -1, 1, 2, 3, 4} and 0 in integers(np.random.default_rng(0), 1000, low=0)


def test_a_sheet(capsys):
    """Questions alone, or with answers; the same seed, the same sheet; bounded line width, whole formulas, no other lists."""
    for notebook in ITEMS:
        given, solved = sheet(notebook, 7), sheet(notebook, 7, answers=True)
        assert "Answer" not in given and solved.count("Answer: ") == len(ITEMS[notebook])
        assert re.findall(r"^\d\. ", given, re.M) == [f"{k}. " for k in range(1, len(ITEMS[notebook]) + 1)]
        for line in solved.splitlines():
            assert len(line) <= WIDTH and line.count("$") % 2 == 0, line
        assert not re.search(r"^\s*([-+*] |\d\. )", re.sub(r"(?m)^(\d\. |   - )", "x", solved), re.M)
    assert main(["4", "--seed", "7"]) == 0 and main(["04", "--seed", "7"]) == 0
    first, second = capsys.readouterr().out.split("# Notebook ")[1:]
    assert first == second and "# Notebook " + first == sheet("04", 7) + "\n" and sheet("04", 8) != sheet("04", 7)


@pytest.mark.parametrize("given, complaint", [
    (["19"], "expected a notebook from 00 to 18, got '19'"), (["x"], "'x'"), ([], "notebook"),
    (["04", "--seed", "-1"], "--seed: expected an integer of at least 0, got -1"), (["04", "--seed", "a"], "invalid int")])
def test_bad_input_gives_one_sentence(given, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(given)
    out, error = capsys.readouterr()
    assert stop.value.code == 2 and out == "" and complaint in error and error.count("\n") == 1
