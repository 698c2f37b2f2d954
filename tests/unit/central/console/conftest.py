"""The web server over a furnished house, without a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from central.app import create_app
from central.console import live
from central.console.access import COOKIE
from tests.journeys.console_house import ConsoleHouse, empty, furnished


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """One house for all that only look at it."""
    house = furnished(tmp_path_factory.mktemp("house"))
    yield house
    house.engine.dispose()


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[ConsoleHouse]:
    """A house in which nothing was loaded, with its two people."""
    house = empty(tmp_path)
    house.people()
    yield house
    house.engine.dispose()


@pytest.fixture(scope="session")
def app(house: ConsoleHouse) -> Iterator[Flask]:
    """The web server over the furnished house."""
    app = create_app(house.parts, secret_key=b"of this test only")
    yield app
    live.stop(app)


@pytest.fixture
def li(app: Flask, house: ConsoleHouse) -> FlaskClient:
    """The admin's browser."""
    return signed_in(app, house, "li")


@pytest.fixture
def wang(app: Flask, house: ConsoleHouse) -> FlaskClient:
    """The viewer's browser."""
    return signed_in(app, house, "wang")


def signed_in(app: Flask, house: ConsoleHouse, name: str) -> FlaskClient:
    """A browser that holds a session."""
    client = app.test_client()
    client.set_cookie(COOKIE, house.session_of(name))
    return client
