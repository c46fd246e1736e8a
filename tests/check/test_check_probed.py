"""Probes: what they make is handed over as it is, and what they tell is plain; tensors are copied and compared."""

import numpy as np
import pytest

from labkit.check.calls import Here, Misuse, copied

ready_made = ("labkit.*",)


class Box:
    """Stands for a module: something that cannot be told in plain values."""

    def __init__(self, numbers):
        self.numbers = numbers


def look(call, numbers):
    """A probe: the numbers of a box after a call that has to return the box."""
    box = Box(numbers)
    if call(box) is not box:
        raise Misuse("another box is returned")
    return [box.numbers]


def test_what_a_probe_makes_is_handed_over_itself_and_its_case_is_kept():
    def doubled(box):
        box.numbers *= 2
        return box

    case = np.arange(3.0)
    outcome = Here(doubled).probed(look, (case,))
    assert outcome.error is None and outcome.foul is None
    assert np.array_equal(outcome.value[0], [0, 2, 4]) and np.array_equal(case, [0, 1, 2])


def test_a_misuse_that_a_probe_finds_is_a_diagnosis():
    assert Here(lambda box: Box(box.numbers)).probed(look, (np.ones(2),)).value == "another box is returned"


def test_the_error_of_the_call_is_that_of_the_outcome_whatever_the_probe_catches():
    def careless(call, numbers):
        try:
            return [call(Box(numbers))]
        except Exception:
            return ["caught"]

    def answer(box):
        return box.no_such_thing

    outcome = Here(answer).probed(careless, (np.ones(2),), ("box",))
    assert "raises AttributeError" in outcome.error and "AttributeError" in outcome.raised


def test_a_probe_that_fails_on_what_comes_back_says_so():
    def probe(call, numbers):
        return [call(Box(numbers)).numbers.no_such_thing]

    outcome = Here(lambda box: box).probed(probe, (np.ones(2),))
    assert outcome.error.startswith("this could not be judged (AttributeError")


def test_a_stub_is_one_through_a_probe_too():
    def stub(box): ...

    assert Here(stub).probed(look, (np.ones(2),)).value is None


def test_what_may_not_be_called_is_noticed_in_a_probe():
    def borrowing(box):
        from labkit import losses

        losses.softmax(np.ones((2, 3)))
        return box

    assert "labkit.losses" in Here(borrowing).probed(look, (np.ones(2),), (), ready_made).foul
    assert Here(lambda box: box).probed(look, (np.ones(2),), (), ready_made).foul is None


def test_tensors_are_handed_over_as_copies_and_a_change_is_noticed():
    torch = pytest.importorskip("torch")

    def in_place(x, others):
        others["w"] += 1
        return x * 2

    x, others = torch.ones(3, requires_grad=True), {"w": torch.zeros(2)}
    outcome = Here(in_place).call((x, others), {})
    assert outcome.error is None and outcome.changed == (1,)
    assert others["w"].tolist() == [0, 0] and outcome.value.requires_grad
    twin = copied(x)
    assert twin is not x and twin.is_leaf and twin.requires_grad
