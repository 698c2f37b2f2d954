"""The TOML that a device's agent is started with (`tallyhouse-edge run --config agent.toml`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"]
Table = Mapping[str, Value]


@dataclass(frozen=True)
class Centre:
    """What a device must know of the centre: its broker, the public key that its words are signed with, and its address.

    url: where a certificate is renewed; None for a device that signs in with a password. release_keys: of those whose models
    the house rolls out.
    """

    host: str
    port: int
    public_key: str
    url: str | None = None
    release_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Papers:
    """Names of the files beside agent.toml that a device signs with and signs in with: a password, or a certificate."""

    key: str
    password: str | None = None
    certificate: str | None = None
    authority: str | None = None


WITH_CERTIFICATE = Papers(key="device.key", certificate="device.crt", authority="authority.crt")


@dataclass(frozen=True)
class Duties:
    """What an agent reads, concludes and moves: rows of `[[source]]`, `[[task]]`, `[[actuator]]`; more keys at the top."""

    top: Table = field(default_factory=dict)
    sources: Sequence[Table] = ()
    tasks: Sequence[Table] = ()
    actuators: Sequence[Table] = ()


def agent_text(*, site: str, device: str, centre: Centre, duties: Duties, papers: Papers) -> str:
    """The whole file; its paths are relative to its own folder."""
    top: Table = {
        "site": site,
        "device": device,
        "data_dir": "data",
        "key_file": papers.key,
        "centre_key": centre.public_key,
        **({} if centre.url is None else {"centre_url": centre.url}),
        **({"release_keys": centre.release_keys} if centre.release_keys else {}),
        **duties.top,
    }
    broker: Table = {"host": centre.host, "port": centre.port, **_sign_in(device, papers)}
    tables = [f"[broker]\n{_lines(broker)}"]
    tables += [f"[[source]]\n{_lines(source)}" for source in duties.sources]
    tables += [f"[[task]]\n{_lines(task)}" for task in duties.tasks]
    tables += [f"[[actuator]]\n{_lines(actuator)}" for actuator in duties.actuators]
    return f"# Written by the centre; compare with `tallyhouse-edge config example`.\n{_lines(top)}\n" + "\n".join(tables)


def _sign_in(device: str, papers: Papers) -> Table:
    if papers.certificate is not None and papers.authority is not None:
        return {"certificate_file": papers.certificate, "authority_file": papers.authority}
    return {"username": device} | ({} if papers.password is None else {"password_file": papers.password})


def _lines(table: Table) -> str:
    return "".join(f"{key} = {_inline(value)}\n" for key, value in table.items())


def _inline(value: Value) -> str:
    match value:
        case Mapping():
            return "{ " + ", ".join(f"{_quoted(key)} = {_inline(part)}" for key, part in value.items()) + " }"
        case str():
            return _quoted(value)
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            return "[" + ", ".join(_inline(part) for part in value) + "]"


def _quoted(text: str) -> str:
    """A JSON string is a basic string of TOML, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
