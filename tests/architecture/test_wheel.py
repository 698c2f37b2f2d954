"""What the wheel ships: every file that a program opens at run time lies in a package that the build takes whole."""

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
NEEDED = (
    "protocols/sensor_profiles/*.toml",
    "firmware_sim/scenes/*.toml",
    "central/demo/*.toml",
    "central/capabilities/*/*/*.html",
    "central/console/templates/**/*.html",
    "central/console/static/*.css",
    "central/console/static/*.js",
    "central/console/static/*.svg",
    "central/console/static/vendor/*.js",
    "central/translations/*.po",
    "central/store/migrations/versions/*.py",
    "vision_models/weights/*/*.onnx",
    "vision_models/weights/*/manifest.json",
    "vision_models/weights/*.pub",
)


def ignored(paths: list[str]) -> list[str]:
    """Those of `paths` that git ignores, which the build leaves out."""
    asked = subprocess.run(
        ["git", "check-ignore", "--stdin"], cwd=ROOT, input="\n".join(paths), capture_output=True, text=True, check=False
    )
    return asked.stdout.splitlines()


def test_the_build_takes_the_five_packages_whole() -> None:
    """No pattern picks or leaves out files: what lies in a package and is not ignored is in the wheel."""
    assert WHEEL == {"packages": ["protocols", "vision_models", "edge_agent", "firmware_sim", "central"]}


@pytest.mark.parametrize("pattern", NEEDED)
def test_what_is_opened_at_run_time_is_shipped(pattern: str) -> None:
    """Each kind of data is there, inside a package, and not ignored."""
    shipped = [str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)]
    assert shipped
    assert {Path(path).parts[0] for path in shipped} <= set(WHEEL["packages"])
    assert ignored(shipped) == []
