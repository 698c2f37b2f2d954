"""What the import contracts cannot say about the house."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocols", "vision_models", "edge_agent", "firmware_sim", "central")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOP_LEVEL = {
    *PACKAGES, "tests", "scripts", "docs", "benchmarks", "pyproject.toml", "requirements.lock",
    "requirements-dev.lock", "requirements-build.lock", "requirements-edge.lock", "requirements-central.lock",
    "Dockerfile.edge", "Dockerfile.central", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md",
    "SECURITY.md", "LICENSE", ".gitignore", ".ci", ".dockerignore",
}  # fmt: skip
REGISTERS_BLUEPRINTS = {"central/api/__init__.py", "central/console/__init__.py"}
READS_THE_ENVIRONMENT = {"edge_agent/config.py", "central/config.py"}


def sources() -> Iterator[Path]:
    """Every Python file of the five packages."""
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def name(path: Path) -> str:
    """Path from the root, as people write it."""
    return path.relative_to(ROOT).as_posix()


def tracked() -> set[str]:
    """Names at the top of the repository, as git knows them."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {line.split("/")[0] for line in listed.splitlines()}


def test_the_top_level_is_the_plan() -> None:
    """A new file at the top needs a decision, not a habit."""
    assert tracked() <= TOP_LEVEL


@pytest.mark.parametrize("path", list(sources()), ids=name)
def test_a_module_says_what_it_is(path: Path) -> None:
    """Each file opens with a docstring whose first line is a sentence."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    first = docstring.splitlines()[0]
    assert len(first) > 10
    assert first[-1] in ".:;?!" or len(docstring.splitlines()) > 1


@pytest.mark.parametrize("path", [p for p in sources() if p.name == "__init__.py"], ids=name)
def test_a_package_file_holds_a_docstring_only(path: Path) -> None:
    """Import from the file that defines a thing; only `api` and `console` assemble their blueprints here."""
    if name(path) not in REGISTERS_BLUEPRINTS:
        assert len(ast.parse(path.read_text(encoding="utf-8")).body) == 1


def test_nothing_is_called_utils() -> None:
    """A function without a noun has no home yet."""
    homeless = {"utils", "util", "helpers", "common", "misc", "manager"}
    assert not [name(p) for p in sources() if homeless & {part.removesuffix(".py") for part in p.relative_to(ROOT).parts}]


@pytest.mark.parametrize("path", list(sources()), ids=name)
def test_only_config_reads_the_environment(path: Path) -> None:
    """What a machine is stands in one file a package."""
    text = path.read_text(encoding="utf-8")
    assert name(path) in READS_THE_ENVIRONMENT or ("os.environ" not in text and "os.getenv" not in text)


def test_most_files_fit_a_page_or_two() -> None:
    """95 % of the files stay under 300 lines and none passes 400."""
    written = [path for path in sources() if "migrations" not in path.parts]  # a migration is a list, written once
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in written)
    assert lengths[int(len(lengths) * 0.95)] < 300
    assert lengths[-1] <= 400


def test_every_pattern_of_the_contracts_finds_modules() -> None:
    """A wildcard that matches nothing would pass for ever without checking anything."""
    modules = {name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in sources()}
    for contract in PYPROJECT["tool"]["importlinter"]["contracts"]:
        for key in ("source_modules", "modules", "containers", "protected_modules", "allowed_importers"):
            for pattern in contract.get(key, []):
                assert any(_matches(pattern.split("."), module.split(".")) for module in modules), (
                    f"{contract['name']}: {pattern}"
                )


def _matches(pattern: list[str], module: list[str]) -> bool:
    if pattern and pattern[-1] == "**":
        return len(module) >= len(pattern) and _matches(pattern[:-1], module[: len(pattern) - 1])
    return len(pattern) == len(module) and all(p in ("*", m) for p, m in zip(pattern, module, strict=True))
