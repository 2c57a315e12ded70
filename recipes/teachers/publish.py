"""Write a teacher's averaged weights as a plain transformers folder.

python publish.py --work WORK --model wavlm --stage learn   # gives WORK/teacher-wavlm/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from export import averaged, write_model
from layouts import LAYOUTS, build
from plan import PLAN


def main() -> None:
    """Publish one teacher."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", choices=tuple(LAYOUTS), required=True)
    parser.add_argument("--stage", choices=tuple(PLAN), required=True)
    options = parser.parse_args()
    model = build(options.model)
    model.load_state_dict(averaged(options.work / f"{options.model}-{options.stage}.pt"))
    write_model(model, options.work / f"teacher-{options.model}")


if __name__ == "__main__":
    main()
