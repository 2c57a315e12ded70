"""Nothing is sent anywhere, and a checkpoint's own code runs only where that was allowed."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.hostile.promises import Sandbox, run_quietly

_RECIPE = """\
title: Small
models: {{w: "{model}"}}
compressions:
  fp32: {{}}
  int8: {{bits: 8}}
corpus: "{corpus}"
conditions: {{clean: true}}
evaluate: {{measure_cost: false, replicates: 100}}
"""


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Sockets that reach no other machine; what was tried is listed. No setting says offline."""
    tried: list[object] = []

    def refuse(*given: object, **_: object) -> None:
        tried.append(given[1:] or given)
        raise OSError("no network in this test")

    own_connect = socket.socket.connect

    def connect(this: socket.socket, address: object) -> None:
        if this.family != socket.AF_UNIX:
            refuse(this, address)
        own_connect(this, address)  # type: ignore[arg-type]

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket.socket, "sendto", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


def test_local_files_need_no_network(sandbox: Sandbox, no_network: list[object]) -> None:
    """Compress, corrupt, evaluate, report, rescore and audit ask for no name and no address."""
    model, corpus = sandbox.copy("model"), sandbox.copy("corpus")
    recipe = sandbox.write("mine.yaml", _RECIPE.format(model=model, corpus=corpus))
    few = ["--no-cost", "--replicates", "100"]
    for arguments in (
        ["compress", model, "--bits", "8", "--no-zip", "-o", "small"],
        ["corrupt", corpus, "--snr", "10", "--room", "small", "--workers", "1", "-o", "noisy"],
        ["evaluate", "small", corpus, "--baseline", model, *few, "-o", "scored"],
        ["report", "scored", "--format", "html", "-o", "page.html"],
        ["report", "small", "--format", "html", "-o", "layers.html"],
        ["rescore", "scored", "--normaliser", "none"],
        ["audit", recipe, "-o", "audited", "--workers", "1"],
        ["doctor"],
    ):
        outcome = run_quietly(arguments)
        assert outcome.code in (0, 4), (arguments, outcome.err)
    assert no_network == []
    page = (sandbox.here / "page.html").read_text(encoding="utf-8")
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def _with_own_code(sandbox: Sandbox) -> Path:
    """A checkpoint whose configuration class is Python beside it; importing it leaves a file."""
    model = sandbox.copy("model")
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    (model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (model / "own.py").write_text(
        f"open({str(sandbox.canary)!r}, 'w').close()\n"
        "from transformers import Wav2Vec2Config\n"
        "class OwnConfig(Wav2Vec2Config):\n"
        "    model_type = 'own'\n",
        encoding="utf-8",
    )
    return model


@pytest.mark.parametrize("command", ["compress", "evaluate"])
def test_own_code_runs_only_when_trusted(
    command: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --trust-remote-code it is named and not run; with it, it runs."""
    monkeypatch.setattr(
        "transformers.dynamic_module_utils.HF_MODULES_CACHE", str(sandbox.root / "modules")
    )
    model, corpus = _with_own_code(sandbox), sandbox.copy("corpus")
    arguments = {
        "compress": ["compress", model, "--bits", "8", "--no-zip", "-o", "out"],
        "evaluate": ["evaluate", model, corpus, "--no-cost"],
    }[command]
    outcome = run_quietly(arguments)
    assert outcome.code == 2
    assert "--trust-remote-code" in outcome.errors[0]
    assert not sandbox.canary.exists()
    run_quietly([*arguments, "--trust-remote-code"])
    assert sandbox.canary.exists()


def test_no_other_option_or_setting_trusts_code(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a recipe nor what transformers and the hub read from the environment."""
    for name in ("TRUST_REMOTE_CODE", "HF_TRUST_REMOTE_CODE", "TRANSFORMERS_TRUST_REMOTE_CODE"):
        monkeypatch.setenv(name, "1")
    model = _with_own_code(sandbox)
    recipe = sandbox.write("mine.yaml", _RECIPE.format(model=model, corpus=sandbox.copy("corpus")))
    outcome = run_quietly(["audit", recipe, "-o", "out", "--workers", "1"])
    assert outcome.code == 3  # not a cell of the matrix could be run
    assert "needs Python code that comes with it" in outcome.errors[0]
    recipe.write_text(recipe.read_text(encoding="utf-8") + "trust_remote_code: true\n")
    outcome = run_quietly(["audit", recipe, "-o", "out", "--workers", "1"])
    assert "trust_remote_code: unknown key" in outcome.errors[0]
    assert not sandbox.canary.exists()
