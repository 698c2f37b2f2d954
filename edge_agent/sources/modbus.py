"""A device on Modbus TCP, read whole by its sensor profile.

A device that answers with an exception (2: no such address, 4: failure) gives a reading in which every channel is missing,
counted as refused: the machine is there, its values are not. Silence is SourceLost.
"""

import time
from collections.abc import Mapping
from threading import Event as Flag

import structlog
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse

from edge_agent.clock import DeviceClock
from edge_agent.errors import ConfigError, SourceLost
from edge_agent.sample import Reading
from protocols.errors import BadProfile
from protocols.sensor_profiles.profile import Profile, decode, load

TIMEOUT_S = 2.0
MAX_REGISTERS = 125

_log = structlog.get_logger()


class ModbusDevice:
    """Reads one device every `interval_s`; connects when first read and after every loss."""

    def __init__(
        self,
        source_id: str,
        address: tuple[str, int],
        device_id: int,
        profile: Profile,
        asset: str,
        clock: DeviceClock,
        interval_s: float,
    ) -> None:
        self.dropped = 0
        self.refused = 0
        self._source_id, self._address, self._device_id = source_id, address, device_id
        self._profile, self._asset, self._clock, self._interval_s = profile, asset, clock, interval_s
        self._client = ModbusTcpClient(address[0], port=address[1], timeout=TIMEOUT_S, retries=1)
        self._due_s = time.monotonic()
        self._closed = Flag()

    @property
    def units(self) -> Mapping[str, str]:
        """Channel → unit, by the profile."""
        return {register.name: register.unit for register in self._profile.registers}

    def read(self, timeout_s: float) -> Reading | None:
        """The next reading, when it is due. Raises SourceLost."""
        wait_s = self._due_s - time.monotonic()
        if wait_s > timeout_s:
            self._closed.wait(timeout_s)
            return None
        self._closed.wait(max(0.0, wait_s))
        self._due_s = max(self._due_s + self._interval_s, time.monotonic())
        values = self._values()
        stamp = self._clock.now()
        return Reading(self._source_id, stamp.at, stamp.monotonic_ms, stamp.clock, self._asset, values)

    def close(self) -> None:
        """Hang up."""
        self._closed.set()
        self._client.close()  # type: ignore[no-untyped-call]

    def _values(self) -> Mapping[str, float | None]:
        where = f"{self._address[0]}:{self._address[1]} device {self._device_id}"
        try:
            if not self._client.connected and not self._client.connect():  # type: ignore[no-untyped-call]
                raise SourceLost(self._source_id, f"{where} refuses the connection; check power, address and port")
            answer = self._client.read_holding_registers(
                self._profile.first_address, count=self._profile.count, device_id=self._device_id
            )
        except (ModbusException, OSError) as error:
            self._client.close()  # type: ignore[no-untyped-call]
            raise SourceLost(self._source_id, f"{where} does not answer: {error}") from error
        if isinstance(answer, ExceptionResponse) or answer.isError():
            return self._missing(f"{where} answers exception {getattr(answer, 'exception_code', '?')}")
        try:
            return decode(self._profile, answer.registers)
        except BadProfile as error:
            return self._missing(str(error))

    def _missing(self, why: str) -> Mapping[str, float | None]:
        self.refused += 1
        if self.refused.bit_count() == 1:
            _log.error(
                "reading_refused", source=self._source_id, why=why, times=self.refused, remedy="check profile and device_id"
            )
        return {register.name: None for register in self._profile.registers}


def open_modbus(
    source_id: str, address: tuple[str, int], device_id: int, profile: str, asset: str, clock: DeviceClock, interval_s: float
) -> ModbusDevice:
    """The device at `address`, by the shipped profile of that name. Raises ConfigError."""
    try:
        known = load(profile)
    except BadProfile as error:
        raise ConfigError(f"[[source]] {source_id!r}: {error}") from error
    if known.count > MAX_REGISTERS:
        raise ConfigError(
            f"[[source]] {source_id!r}: profile {profile} spans {known.count} registers; at most {MAX_REGISTERS}"
        )
    return ModbusDevice(source_id, address, device_id, known, asset, clock, interval_s)
