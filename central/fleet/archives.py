"""Where the archives of releases, the labelled frames and the shipped models lie, and what devices are told to fetch."""

import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from central.errors import Refused
from central.store.releases import Release
from protocols.messages.model_release import ModelRelease

PATH = "/api/v1/releases/"
SHIPPED: Mapping[str, str] = MappingProxyType({"shelf_count": "shelf", "defects": "defects"})


@dataclass(frozen=True)
class Archives:
    """`folder` holds archives by hash, `labelled` a folder of frames a kind of task. url: of the console, as devices reach
    it. keys: of releasers this house trusts, base64; none: the one of the models that ship with the program."""

    folder: Path
    labelled: Path
    url: str
    keys: tuple[str, ...] = ()

    @property
    def people_said(self) -> Path:
        """Where the pictures lie on whose labels people agree, a folder a kind of task."""
        return self.labelled / "people"

    @property
    def trusted_keys(self) -> tuple[str, ...]:
        """One of these must have signed."""
        return self.keys or ((weights() / "release.pub").read_text().strip(),)

    def file(self, sha256: str) -> Path:
        """Where the archive of that hash lies."""
        return self.folder / f"{sha256.partition(':')[2]}.tar"

    def keep(self, sha256: str, archive: bytes) -> None:
        """Store an archive under its hash, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.file(sha256).with_suffix(".new")
        with fresh.open("wb") as out:
            out.write(archive)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.file(sha256))

    def offered(self, release: Release) -> ModelRelease:
        """What a device's twin says of a release."""
        url = f"{self.url}{PATH}{release.sha256}"
        return ModelRelease(model=release.model, url=url, sha256=release.sha256, size_bytes=release.size_bytes)

    def unpacked(self, release: Release, folder: Path) -> Path:
        """The bundle of a release in `folder`. Raises Refused when its archive is gone or damaged."""
        try:
            with tarfile.open(self.file(release.sha256), "r:") as archive:
                for member in archive.getmembers():
                    _write_out(archive, member, folder)
        except (OSError, tarfile.TarError) as error:
            raise Refused(f"the archive of {release.model} cannot be read ({error}); add the release again") from error
        return folder


def _write_out(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One file of a bundle, which has no folders in it. Raises TarError for anything else: nothing may leave `folder`."""
    content = archive.extractfile(member) if member.isfile() and Path(member.name).name == member.name else None
    if content is None or member.name in ("", ".", ".."):
        raise tarfile.TarError(f"{member.name!r} is no plain file of a bundle")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / member.name).write_bytes(content.read())


def weights() -> Path:
    """The folder of the models that ship with the program: files, of which the centre imports nothing. Raises Refused."""
    found = find_spec("vision_models")
    if found is None or not found.submodule_search_locations:
        raise Refused("the models that ship with the program are not installed; install the package again")
    return Path(found.submodule_search_locations[0]) / "weights"


def shipped(kind: str) -> Path:
    """The folder of the shipped model of a kind. Raises Refused."""
    if kind not in SHIPPED:
        raise Refused(f"no model for {kind!r} ships with the program; there are: {', '.join(SHIPPED)}")
    return weights() / SHIPPED[kind]
