"""The same place for inputs as the hostile ones have."""

from __future__ import annotations

from tests.hostile.conftest import good as good
from tests.hostile.conftest import sandbox as sandbox
