"""Tasks go where there is room for them, and what is measured has its node for itself."""

from __future__ import annotations

from asrcompress.audit.engines._ray_nodes import MAX_LOSSES, Losses, Node, Nodes
from asrcompress.audit.tasks import Task


def _cell(name: str, gpus: float = 0.0) -> Task:
    return Task(f"cell-{name}", "cell", name, name, gpus=gpus)


def _cost(gpus: float = 0.0) -> Task:
    return Task("cost-c", "cost", "c", "cost", is_alone=True, gpus=gpus)


def _nodes(threads: int, *nodes: Node) -> Nodes:
    found = Nodes(threads)
    for node in nodes:
        found.join(node)
    return found


def _begin(nodes: Nodes, task: Task) -> str | None:
    """Where it begins, by the node's id."""
    node = nodes.place(task)
    if node is None:
        return None
    nodes.start(task, node)
    return node.id


def test_a_node_takes_as_many_tasks_as_its_cores_hold() -> None:
    """5 cores hold two tasks of 2 threads; the least busy node comes first."""
    nodes = _nodes(2, Node("a", "h1", 5, 0), Node("b", "h2", 2, 0))
    assert [_begin(nodes, _cell(name)) for name in "1234"] == ["a", "b", "a", None]
    nodes.stop(_cell("2"))
    assert _begin(nodes, _cell("4")) == "b"


def test_a_node_takes_as_many_tasks_as_it_has_gpus() -> None:
    """Cores alone do for corpora, which compute on no GPU."""
    nodes = _nodes(1, Node("a", "h1", 8, 2))
    assert [_begin(nodes, _cell(name, 1.0)) for name in "123"] == ["a", "a", None]
    assert _begin(nodes, _cell("corpus")) == "a"


def test_a_node_without_enough_cores_or_gpus_takes_nothing() -> None:
    """The head of a cluster often has no cores to give."""
    nodes = _nodes(2, Node("head", "h0", 0, 0), Node("small", "h1", 1, 1))
    assert nodes.freest() is None
    assert _begin(nodes, _cell("1")) is None
    assert not nodes.could_hold(0.0)
    nodes.join(Node("good", "h2", 2, 0))
    assert nodes.could_hold(0.0)
    assert not nodes.could_hold(1.0)


def test_what_is_measured_waits_for_its_node_and_keeps_others_off() -> None:
    """The largest node is emptied and then taken whole, while the other one goes on."""
    nodes = _nodes(1, Node("small", "h1", 1, 0), Node("large", "h2", 2, 0))
    assert [_begin(nodes, _cell(name)) for name in "123"] == ["small", "large", "large"]
    assert _begin(nodes, _cost()) is None  # from now on it waits for the large one
    nodes.stop(_cell("2"))
    assert _begin(nodes, _cell("4")) is None
    nodes.stop(_cell("1"))
    assert _begin(nodes, _cell("4")) == "small"
    assert _begin(nodes, _cost()) is None
    nodes.stop(_cell("3"))
    assert _begin(nodes, _cost()) == "large"
    assert _begin(nodes, _cell("5")) is None
    nodes.stop(_cost())
    assert _begin(nodes, _cell("5")) == "large"


def test_everything_is_measured_on_one_node_as_long_as_it_is_there() -> None:
    """A larger node that comes later does not take over; one that is left does."""
    nodes = _nodes(1, Node("a", "h1", 2, 0))
    assert _begin(nodes, _cost()) == "a"
    nodes.stop(_cost())
    nodes.join(Node("b", "h2", 64, 8))
    assert _begin(nodes, _cost()) == "a"
    nodes.stop(_cost())
    nodes.leave("a")
    assert _begin(nodes, _cost()) == "b"


def test_a_node_that_left_takes_nothing() -> None:
    """Its tasks are given back one by one, and go elsewhere."""
    nodes = _nodes(1, Node("a", "h1", 1, 0), Node("b", "h2", 1, 0))
    assert [_begin(nodes, _cell(name)) for name in "12"] == ["a", "b"]
    nodes.leave("a")
    nodes.stop(_cell("1"))
    assert _begin(nodes, _cell("1")) is None
    nodes.stop(_cell("2"))
    assert _begin(nodes, _cell("1")) == "b"
    assert "a" not in nodes


def test_the_wanted_node_is_taken_where_it_has_room() -> None:
    """It has the model loaded, say."""
    a, b = Node("a", "h1", 1, 0), Node("b", "h2", 1, 0)
    nodes = _nodes(1, a, b)
    assert nodes.place(_cell("1"), wanted=b) == b
    nodes.start(_cell("1"), b)
    assert nodes.place(_cell("2"), wanted=b) == a


def test_a_task_may_be_lost_three_times() -> None:
    """With the fourth time it has failed; each task has its own count, and memory only one."""
    losses = Losses()
    tried = [losses.add(_cell("1"), is_memory=False) for _ in range(MAX_LOSSES + 1)]
    assert tried == [True, True, True, False]
    assert [losses.add(_cell("2"), is_memory=True) for _ in range(2)] == [True, False]
    assert (losses.count(_cell("1")), losses.count(_cell("2")), losses.total) == (4, 2, 6)
