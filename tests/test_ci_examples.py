"""The pipelines that the README shows run as written, step by step, as their runners would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

README = Path(__file__).resolve().parent.parent / "README.md"
BIN = Path(sys.executable).parent
INSTALLS = "pip install asrcompress"  # what runs here is the program under test

pytestmark = pytest.mark.skipif(
    not (BIN / "asrcompress").is_file(), reason="the command is not installed beside Python"
)


def _example(first_line: str) -> Any:
    """The YAML block of the README that begins with this comment."""
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (text,) = (block for block in blocks if block.startswith(first_line))
    return yaml.safe_load(text)


def _bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step as both runners start it: bash that stops at the first command that fails."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_github_workflow_runs(tmp_path: Path) -> None:
    """Its commands end well, the job's summary shows the verdict, and what is uploaded is there."""
    steps = _example("# .github/workflows/")["jobs"]["audit"]["steps"]
    summary = tmp_path / "summary.md"
    for step in steps:
        script = step.get("run", "")
        if script and script.strip() != INSTALLS:
            done = _bash(script, tmp_path, GITHUB_STEP_SUMMARY=str(summary))
            assert done.returncode == 0, done.stderr
    assert "Gates" in summary.read_text(encoding="utf-8").splitlines()[0]
    (uploaded,) = (
        step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")
    )
    assert (tmp_path / uploaded).exists()


def test_the_gitlab_pipeline_runs(tmp_path: Path) -> None:
    """Its script ends well, and the reports that GitLab is to show are there and can be read."""
    job = _example("# .gitlab-ci.yml")["audit"]
    script = "\n".join(line for line in job["script"] if line != INSTALLS)
    done = _bash(script, tmp_path)
    assert done.returncode == 0, done.stderr
    suites = ElementTree.parse(tmp_path / job["artifacts"]["reports"]["junit"]).getroot()
    assert suites.tag == "testsuites"
    assert suites.attrib["failures"] == "0"
    assert all((tmp_path / path).exists() for path in job["artifacts"]["paths"])
