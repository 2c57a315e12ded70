"""Processes that measure: asked in turn, and told of in one line where they fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asrcompress.core.errors import InputError, ModelError
from asrcompress.evaluate import child
from asrcompress.evaluate.child import Asked, Child

ECHO = """
import json, os, sys, time
for line in sys.stdin:
    task = json.loads(line)
    if "say" in task: print(json.dumps({"said": task["say"], "pid": os.getpid()}), flush=True)
    if "fail" in task: print(json.dumps({"error": task["fail"], "kind": "InputError"}), flush=True)
    if "sleep" in task: time.sleep(task["sleep"])
    if "noise" in task: sys.stderr.write("x" * task["noise"])
    if "babble" in task: print("no JSON", flush=True)
    if "die" in task: sys.stderr.write("first\\nlast words\\n"); sys.exit(task["die"])
"""


@pytest.fixture(autouse=True)
def _echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "echo_child.py").write_text(ECHO, encoding="utf-8")
    monkeypatch.setattr(child, "HOME", tmp_path)


def _child(timeout_s: float | None = 30.0) -> Child:
    return Child(Asked("echo_child", "speed", "model-x", timeout_s, "leave it out"))


def test_two_processes_answer_in_turns() -> None:
    """Each is a process of its own that keeps answering, and ends when the block does."""
    with _child() as one, _child() as other:
        pids = [process.ask({"say": "hm"})["pid"] for process in (one, other, one)]
    assert pids[0] == pids[2] != pids[1]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_much_on_stderr_does_not_block() -> None:
    """More than a pipe holds."""
    with _child() as one:
        assert one.ask({"noise": 1 << 20, "say": "still here"})["said"] == "still here"


def test_an_error_comes_back_as_it_was() -> None:
    with _child() as one, pytest.raises(InputError, match=r"^bad corpus: here$"):
        one.ask({"fail": "bad corpus: here"})


def test_death_is_told_with_its_last_words() -> None:
    told = r"^cannot measure the speed: model-x; got exit status 7, last words; leave it out$"
    with _child() as one:
        assert one.ask({"say": 1})["said"] == 1
        with pytest.raises(ModelError, match=told):
            one.ask({"die": 7})
        with pytest.raises(ModelError, match="exit status 7"):
            one.ask({"say": "anything"})  # nor does it hang when asked again


def test_what_is_no_answer_is_an_error() -> None:
    with _child() as one, pytest.raises(ModelError, match="cannot measure the speed: model-x"):
        one.ask({"babble": 1})


def test_timeout() -> None:
    """A process that says nothing is ended."""
    with _child(0.2) as one, pytest.raises(ModelError, match=r"model-x; got no answer in 0\.2 s"):
        one.ask({"sleep": 60})


def test_failing_work_ends_the_processes() -> None:
    """Whatever fails in the block, no process is left behind."""
    pids: list[int] = []

    def work() -> None:
        with _child() as one, _child(0.2) as other:
            pids.extend(process.ask({"say": 1})["pid"] for process in (one, other))
            other.ask({"sleep": 60})

    with pytest.raises(ModelError):
        work()
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
