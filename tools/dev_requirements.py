"""Print what the checks need, as pip arguments: the `dev` extra and the dependencies of pyproject.toml."""

import shlex
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text())["project"]
print(shlex.join([*project["dependencies"], *project["optional-dependencies"]["dev"]]).replace("'", ""))
