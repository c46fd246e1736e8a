"""Graphs of every form, changes in place, what the user is told, and topological order against graphlib."""

import graphlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import autodiff
from labkit.autodiff import Dual, Tensor, backward, gradient, nodes, topological_order

X = np.random.default_rng(0).uniform(0.3, 1.7, (3, 4))


# graphs of every form


def test_nodes_used_again_and_diamonds():
    x = Tensor(3.0)
    a = x * x
    y = a * a + a + x - a * 0.5
    assert backward(y, x) == 4 * 27 + 6 + 1 - 3 and backward(y, a) == 18 + 0.5
    z = Tensor(1.0)
    for _ in range(60):
        z = z + z
    assert z.value == 2.0**60 and len(nodes(z)) == 61
    assert backward(z, nodes(z)[0]) == 2.0**60  # 2**60 paths, 61 nodes


def test_a_chain_of_any_length():
    x = Tensor(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    assert backward(y, x) == pytest.approx(1.00001**100_000)
    assert backward(y, x, graph=True).value == pytest.approx(1.00001**100_000)
    assert len(nodes(y)) == 100_001
    del y


def test_a_second_backward_gives_the_same_again():
    x = Tensor(X)
    y = np.sum(np.exp(x) * x)
    first = backward(y, x)
    first += 1  # it is the caller's own
    np.testing.assert_array_equal(backward(y, x), np.exp(X) * X + np.exp(X))


def test_gradients_are_the_callers_own():
    a, b = Tensor(X), Tensor(X)
    seed = np.ones(X.shape)
    da, db = backward(a + b, [a, b], seed)
    da += 5
    db *= 3
    assert (db == 3).all() and (seed == 1).all()
    (again,) = backward(a + b, [a], seed)
    assert (again == 1).all() and again.flags.writeable


def test_several_inputs_those_on_which_nothing_depends_and_those_in_the_middle():
    a, b, c = Tensor(2.0), Tensor(5.0), Tensor([1.0, 2.0])
    middle = a * b
    y = np.exp(middle * 0.1)
    da, dc, dm, dy = backward(y, [a, c, middle, y])
    assert da == pytest.approx(0.5 * np.e) and (dc == [0, 0]).all() and dm == pytest.approx(0.1 * np.e) and dy == 1


def test_what_changes_in_place_is_either_harmless_or_refused():
    x, c = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    index = np.array([0, 0])
    t = Tensor(x)
    picked = np.where(c > 3.5, t, 0)
    y = np.sum((t * c)[index]) + np.sum(picked)
    x[:], c[:], index[:] = 100, 100, 1
    np.testing.assert_array_equal(backward(y, t), [6, 1])
    with pytest.raises(ValueError, match="read-only"):
        t.value[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        (t * 2).value[0] = 5
    with pytest.raises(TypeError, match="item assignment"):
        t[0] = 5
    with pytest.raises(TypeError):
        c += t
    u = t
    u += 1  # a new node, not a change of t
    assert (t.value == [1, 2]).all() and (u.value == [2, 3]).all()
    np.testing.assert_array_equal(backward(np.sum(u * t), t), [3, 5])


def test_a_view_of_a_locked_array_is_copied_a_locked_array_is_not():
    base = np.ones(4)
    view = base[:2]
    view.flags.writeable = False
    t = Tensor(np.array([2.0, 3.0]))
    y = np.sum(t * view)
    base[:] = 7
    np.testing.assert_array_equal(backward(y, t), [1, 1])
    base.flags.writeable = False
    assert (t * base[:2]).values[1] is not base and np.shares_memory(Tensor(base).value, base)


def test_work_in_place_within_an_operation_of_ones_own_is_refused():
    def forward(x):
        x *= 2
        return x, None

    def in_place_backward(dout, cache):
        dout *= 2
        return dout

    with pytest.raises(ValueError, match="read-only"):
        autodiff.operation(forward, in_place_backward)(Tensor(X))
    double = autodiff.operation(lambda x: (2 * x, None), in_place_backward, name="double")
    with pytest.raises(ValueError, match="read-only"):
        gradient(lambda x: np.sum(double(x) + x))(X)


# what the user is told


@pytest.mark.parametrize(
    "wrong, kind, words",
    [
        (lambda: backward(Tensor(X) * 2, Tensor(X)), ValueError, "only one number has a gradient"),
        (lambda: backward(Tensor(X), Tensor(X), seed=1.0), ValueError, "seed must be shaped like output"),
        (lambda: backward(3.0, Tensor(X)), TypeError, "must be Tensors"),
        (lambda: gradient(lambda x: float(np.sum(x)))(X), ValueError, "not computed from its argument"),
        (lambda: gradient(lambda x: x)(X), ValueError, "only one number has a gradient"),
        (lambda: np.linalg.inv(Tensor(X)), TypeError, "no derivative of inv: add"),
        (lambda: np.arctan2(Tensor(X), 1), TypeError, "no derivative of arctan2: add"),
        (lambda: np.add.reduce(Tensor(X)), TypeError, "no derivative of reduce"),
        (lambda: np.asarray(Tensor(X)), TypeError, r"its \.value is the array"),
        (lambda: np.array([Tensor(1.0), Tensor(2.0)]), TypeError, r"its \.value is the array"),
        (lambda: Tensor(X)[Tensor(1)], TypeError, "an index has no derivative"),
        (lambda: autodiff.softmax_loss(Tensor(X), [0, 1]), ValueError, "a label from 0 to C-1 for each row"),
        (lambda: autodiff.softmax_loss(Tensor(X), [0, 1, -1]), ValueError, "a label from 0 to C-1 for each row"),
        (lambda: autodiff.softmax_loss(X, [[0], [1], [2]]), ValueError, "a label from 0 to C-1 for each row"),
        (lambda: Tensor("no"), TypeError, "only real numbers"),
        (lambda: Tensor(np.ones(2) * 1j), TypeError, "only real numbers"),
        (lambda: Tensor(Tensor(1.0)), TypeError, "already"),
        (lambda: Dual(Tensor(1.0), 1.0), TypeError, "plain numbers"),
        (lambda: Tensor(np.ones(2)) + np.ones(3), ValueError, "broadcast"),
    ],
)
def test_errors_say_what_is_wrong(wrong, kind, words):
    with pytest.raises(kind, match=words):
        wrong()


def test_tensors_are_read_like_arrays():
    x = Tensor(X, name="x")
    assert x.shape == X.shape and x.ndim == 2 and x.size == 12 and len(x) == 3 and x.dtype == float and x.name == "x"
    assert float(x[0, 0]) == X[0, 0] and (x > 1).dtype == bool and (x == X).all() and not (x != x).any()
    assert repr(Tensor(2.0)) == "Tensor(2.0)" and repr(Tensor(2.0) * 3) == "Tensor(6.0, from ×)"
    assert repr(Dual(2.0, 1.0) * 3) == "Dual(6.0, tangent 3.0)"
    assert np.argmax(x, axis=1).tolist() == X.argmax(axis=1).tolist() and np.shape(x) == X.shape
    first, second, third = x
    assert (second.value == X[1]).all() and len({x, x * 1, x}) == 2 and bool(x[0, 0] > 0)


# order


def is_order(order, graph):
    place = {node: i for i, node in enumerate(order)}
    return len(place) == len(order) and all(place[need] < place[node] for node in graph for need in graph[node])


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
@settings(max_examples=300, deadline=None)
def test_topological_order_exists_exactly_where_graphlib_finds_one(edges):
    graph = {}
    for a, b in edges:
        graph.setdefault(a, []).append(b)
    try:
        expected = list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError:
        with pytest.raises(ValueError, match="there is a cycle") as problem:
            topological_order(graph)
        cycle = [int(word) for word in str(problem.value).split(": ")[1].split(" needs ")]
        assert cycle[0] == cycle[-1] and all(b in graph[a] for a, b in zip(cycle, cycle[1:]))
    else:
        order = topological_order(graph)
        assert sorted(order) == sorted(expected) and is_order(order, graph)


def test_topological_order_of_a_long_chain_and_of_nothing():
    assert topological_order({i: [i + 1] for i in range(50_000)}) == list(range(50_000, -1, -1))
    assert topological_order({}) == [] and topological_order({"a": []}) == ["a"]
    with pytest.raises(ValueError, match="a needs a"):
        topological_order({"a": ["a"]})


def test_the_order_of_making_is_a_topological_order():
    w = Tensor(np.array([1.0, 2.0]))
    y = np.sum(np.exp(w) * w[0] + autodiff.sigmoid(w))
    graph = {node: [x for x in node.inputs if isinstance(x, Tensor)] for node in nodes(y)}
    assert is_order(nodes(y), graph) and is_order(topological_order(graph), graph) and nodes(y)[-1] is y
