"""What a container engine would complain of, and what belongs into which image."""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = {"Dockerfile.edge": "requirements-edge.lock", "Dockerfile.central": "requirements-central.lock"}
INSTRUCTIONS = {
    "FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "ENTRYPOINT", "CMD", "ENV", "EXPOSE", "HEALTHCHECK",
}  # fmt: skip
# pydantic is there because typer needs it; the agent itself does not import it
NOT_ON_A_DEVICE = {"flask", "sqlalchemy", "alembic", "gunicorn", "scipy", "torch", "ultralytics", "pytest"}
NOT_AT_THE_CENTRE = {"pymodbus", "sqlite-utils", "torch", "ultralytics", "pytest"}
# the packages that the image runs, and what `tallyhouse-models evaluate` imports: a release is measured at the centre
AT_THE_CENTRE = {"protocols", "central", "vision_models"}
MEASURES_RELEASES = {"onnxruntime", "opencv-python-headless", "numpy", "scikit-learn"}


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, its continuations joined."""

    word: str
    rest: str


def instructions(name: str) -> list[Instruction]:
    """The file without comments; a line that is neither ends the test."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", (ROOT / name).read_text(encoding="utf-8")))
    found = [Instruction(*line.split(" ", 1)) for line in text.splitlines() if line.strip()]
    assert {instruction.word for instruction in found} <= INSTRUCTIONS
    return found


def stages(name: str) -> list[list[Instruction]]:
    """The instructions of each stage, FROM first."""
    parts: list[list[Instruction]] = []
    for instruction in instructions(name):
        if instruction.word == "FROM":
            parts.append([])
        parts[-1].append(instruction)
    return parts


def pins(lock: str) -> dict[str, set[str]]:
    """The pinned versions of each package; several where a marker chooses."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"(?m)^([A-Za-z0-9_.-]+)==([^ ;\\]+)", (ROOT / lock).read_text(encoding="utf-8")):
        found.setdefault(name.lower(), set()).add(version)
    return found


def runs(part: list[Instruction]) -> list[str]:
    return [instruction.rest for instruction in part if instruction.word == "RUN"]


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_built_in_two_stages_on_a_multi_architecture_base(name: str) -> None:
    """What builds stays behind; the base exists for amd64 and arm64."""
    bases = [part[0].rest.split(" AS ")[0] for part in stages(name)]
    assert bases == ["python:3.11-slim-bookworm"] * 2


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_does_not_run_as_root(name: str) -> None:
    """The last user is one that the image itself makes, before anything is started as it."""
    last = stages(name)[-1]
    users = [instruction.rest for instruction in last if instruction.word == "USER"]
    assert users == ["tallyhouse"]
    assert any("useradd --uid 10001" in run and run.endswith("tallyhouse") for run in runs(last))


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_copied_exists_and_is_let_into_the_build(name: str) -> None:
    """A COPY of a missing file is found here instead of in the engine."""
    let_in = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for instruction in (i for part in stages(name) for i in part if i.word == "COPY" and not i.rest.startswith("--from")):
        *copied, _target = instruction.rest.split()
        for source in copied:
            assert (ROOT / source).exists()
            assert source in let_in or (source.startswith("requirements-") and "requirements-*.lock" in let_in)


@pytest.mark.parametrize("name", IMAGES)
def test_programs_start_without_a_shell(name: str) -> None:
    """Exec form: SIGTERM reaches the program, which then stops cleanly; the program is one that this project installs."""
    programs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    last = {instruction.word: instruction.rest for instruction in stages(name)[-1]}
    assert Path(json.loads(last["ENTRYPOINT"])[0]).name in programs
    assert json.loads(last["CMD"])


@pytest.mark.parametrize(("name", "lock"), IMAGES.items())
def test_python_packages_come_with_hashes_and_debian_ones_leave_no_lists(name: str, lock: str) -> None:
    """Nothing unpinned from the index; no cache in a layer."""
    every = [run for part in stages(name) for run in runs(part)]
    installed = [step for run in every for step in run.split("&&") if _installs(step) and "--no-index" not in step]
    assert [step.split()[-1] for step in installed] == ["requirements-build.lock", lock]
    assert all("--no-cache-dir --require-hashes --only-binary :all: -r" in " ".join(step.split()) for step in installed)
    for run in (run for run in every if "apt-get install" in run):
        assert "--no-install-recommends" in run
        assert "rm -rf /var/lib/apt/lists/*" in run


def _installs(step: str) -> bool:
    return "/pip " in step and " install " in step


@pytest.mark.parametrize(
    ("lock", "unwanted"), [("requirements-edge.lock", NOT_ON_A_DEVICE), ("requirements-central.lock", NOT_AT_THE_CENTRE)]
)
def test_an_image_holds_what_its_work_needs_and_no_more(lock: str, unwanted: set[str]) -> None:
    """No web server on a device, no field bus at the centre; and each version is the one that the tests ran with."""
    image, tested = pins(lock), pins("requirements.lock")
    assert not set(image) & unwanted
    assert {name: versions for name, versions in image.items() if versions != tested.get(name)} == {}


def test_the_centre_can_measure_the_models_that_it_releases() -> None:
    """The accuracy gate runs a program of `vision_models` there: the package is copied, what it imports is installed."""
    copied = {i.rest.split()[0] for i in stages("Dockerfile.central")[0] if i.word == "COPY"}
    assert copied >= AT_THE_CENTRE
    assert set(pins("requirements-central.lock")) >= MEASURES_RELEASES
