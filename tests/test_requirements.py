"""What an installation brings along."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = {each.name: each for each in map(Requirement, PROJECT["dependencies"])}
PINNED = dict(
    re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
)


def test_the_releases_that_stole_credentials_cannot_be_installed() -> None:
    """GHSA-w37p-236h-pfx3; excluded by name, so that a lower floor would not let them in."""
    named = {str(each) for each in WANTED["lightning"].specifier}
    assert {"!=2.6.2", "!=2.6.3"} <= named


def test_what_is_tested_may_be_installed() -> None:
    lower = {name.lower(): version for name, version in PINNED.items()}
    for name, requirement in WANTED.items():
        assert requirement.specifier.contains(lower[name]), name
