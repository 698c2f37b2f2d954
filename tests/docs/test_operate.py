"""The operator's page names every command and every key."""

from pathlib import Path

import pytest
import typer.main
from pydantic import BaseModel
from typer.core import TyperCommand, TyperGroup, TyperOption

from central.cli.main import app
from central.config import CentralConfig
from central.house_file import HouseFile

PAGE = (Path(__file__).parents[2] / "docs/how-to/operate.md").read_text(encoding="utf-8")


def commands(command: object, words: tuple[str, ...] = ()) -> list[tuple[str, TyperCommand]]:
    """Every command below `command`, as people type it."""
    if isinstance(command, TyperGroup):
        return [found for name, below in command.commands.items() for found in commands(below, (*words, name))]
    assert isinstance(command, TyperCommand)
    return [(" ".join(words), command)]


COMMANDS = commands(typer.main.get_command(app))


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[words for words, _ in COMMANDS])
def test_a_command_is_documented_and_helps_itself(words: str, command: TyperCommand) -> None:
    """The page shows it; its help says what it does and has an example; each option is explained."""
    assert f"tallyhouse {words}" in PAGE
    assert command.help
    assert (command.epilog or "").startswith(f"Example: tallyhouse {words}")
    assert all(option.help for option in command.params if isinstance(option, TyperOption))


def test_every_key_of_the_configuration_is_documented() -> None:
    """A key that nobody can find is a key that nobody sets."""
    for name, field in CentralConfig.model_fields.items():
        section = field.annotation
        is_section = isinstance(section, type) and issubclass(section, BaseModel)
        keys = [f"{name}.{key}" for key in section.model_fields] if is_section else [name]  # type: ignore[union-attr]
        assert [key for key in keys if f"`{key}`" not in PAGE] == []


def test_every_key_of_a_house_file_is_documented() -> None:
    """Table by table."""
    rows = {line.split("|")[1].strip(" `"): line for line in PAGE.splitlines() if line.startswith("| `[[")}
    tables = {f"[[{name}]]": field.annotation.__args__[0] for name, field in HouseFile.model_fields.items()}  # type: ignore[union-attr]
    assert set(rows) == set(tables)
    for table, row in tables.items():
        assert [key for key in row.model_fields if f"`{key}`" not in rows[table]] == []
