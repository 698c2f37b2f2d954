"""How long the papers of a device are good, as its doctor tells."""

from datetime import timedelta
from pathlib import Path

import pytest

from central.fleet import certificates
from central.fleet.certificates import Signer
from edge_agent import config as configuration
from edge_agent.clock import DeviceClock
from edge_agent.doctor.check import Check
from edge_agent.doctor.examine import examined
from edge_agent.errors import ConfigError
from edge_agent.link.papers import Papers, keep
from protocols.signing import new_key, private_pem, public_text
from tests.parts.gate import now

LASTS = timedelta(days=90)


@pytest.fixture(scope="module")
def signer() -> Signer:
    """Some authority."""
    return certificates.new_authority("test", now())


def identity(folder: Path, signer: Signer, age: timedelta) -> Papers:
    """The papers of a device whose certificate is so old."""
    key = new_key()
    made = certificates.device_certificate(signer, "gate-07", key.public_key(), now() - age, LASTS)
    papers = Papers(folder / "device.key", folder / "device.crt", folder / "authority.crt")
    keep(papers.key, private_pem(key).decode())
    keep(papers.certificate, certificates.certificate_pem(made).decode())
    keep(papers.authority, certificates.certificate_pem(signer.certificate).decode())
    return papers


def told(folder: Path) -> Check:
    """What the doctor says of the certificate."""
    keep(
        folder / "agent.toml",
        f'site = "s1"\ndevice = "gate-07"\nkey_file = "device.key"\ncentre_key = "{public_text(new_key())}"\n'
        '[broker]\nport = 1\ncertificate_file = "device.crt"\nauthority_file = "authority.crt"\n',
    )
    checks = examined(configuration.load(folder / "agent.toml"), DeviceClock("boot"))
    return next(check for check in checks if check.name == "certificate")


@pytest.mark.parametrize(
    ("age_d", "is_well", "text"),
    [(0, True, "89 days left"), (59, True, "30 days left"), (61, False, "28 days left"), (92, False, "has ended")],
)
def test_the_doctor_counts_the_days_of_the_certificate(
    tmp_path: Path, signer: Signer, age_d: int, is_well: bool, text: str
) -> None:
    """One that should have been renewed is not well before it ends."""
    identity(tmp_path, signer, timedelta(days=age_d))
    check = told(tmp_path)
    assert check.ok is is_well
    assert text in check.text
    assert bool(check.remedy) is not is_well


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path, signer: Signer) -> None:
    """With the way to another one."""
    papers = identity(tmp_path, signer, timedelta())
    keep(papers.certificate, "nonsense")
    with pytest.raises(ConfigError, match=r"device\.crt: .*claim this device again"):
        papers.ends_at()
    assert not told(tmp_path).ok


def test_papers_are_kept_whole_and_private(tmp_path: Path) -> None:
    """What is left of a write that was cut is not in the way of the next."""
    file = tmp_path / "new" / "device.crt"
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / ".device.crt.new").write_text("half")
    keep(file, "whole")
    assert file.read_text() == "whole"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["device.crt"]


def test_certificate_and_authority_go_together(tmp_path: Path) -> None:
    """One without the other is a mistake in the file."""
    keep(
        tmp_path / "agent.toml",
        'site = "s1"\ndevice = "gate-07"\nkey_file = "k"\ncentre_key = "x"\n[broker]\ncertificate_file = "device.crt"\n',
    )
    with pytest.raises(ConfigError, match="certificate_file and authority_file of \\[broker\\] go together"):
        configuration.load(tmp_path / "agent.toml")
