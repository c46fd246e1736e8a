"""Topological order of a directed graph."""


def topological_order(graph):
    """The nodes of a directed graph in an order in which each comes after all that it depends on.

    graph: dict node -> the nodes it depends on, as in `graphlib`.
    Raises ValueError, naming a cycle, if there is one.

    The construction in the homework's proof (§3.1): take away a node that depends on no other; what is left has no
    cycle either, so it has such a node again.
    """
    waiting, users = {node: set(needs) for node, needs in graph.items()}, {}
    for node, needs in list(waiting.items()):
        for need in needs:
            waiting.setdefault(need, set())
            users.setdefault(need, []).append(node)
    order = [node for node, needs in waiting.items() if not needs]
    for node in order:  # it grows as it is walked
        for user in users.get(node, ()):
            waiting[user].remove(node)
            if not waiting[user]:
                order.append(user)
    if len(order) < len(waiting):  # each node left needs another one left: go from one to the next until one returns
        path = [next(node for node, needs in waiting.items() if needs)]
        while (need := next(iter(waiting[path[-1]]))) not in path:
            path.append(need)
        raise ValueError("there is a cycle: " + " needs ".join(map(str, [*path[path.index(need) :], need])))
    return order
