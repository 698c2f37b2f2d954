"""A device on Modbus, over TCP or a serial line (RTU), read whole by its sensor profile.

A device that answers with an exception (2: no such address, 4: failure) gives a reading in which every channel is missing,
counted as refused: the machine is there, its values are not. Silence is SourceLost.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse

from edge_agent.clock import DeviceClock
from edge_agent.errors import ConfigError, SourceLost
from edge_agent.sample import Reading
from edge_agent.sources.ticks import Ticks
from protocols.errors import BadProfile
from protocols.sensor_profiles.profile import Profile, decode, load

TIMEOUT_S = 2.0
MAX_REGISTERS = 125

_log = structlog.get_logger()


@dataclass(frozen=True)
class Line:
    """How a device is reached: the client, and what people call the place."""

    client: ModbusTcpClient | ModbusSerialClient
    where: str


def tcp_line(host: str, port: int) -> Line:
    """Over Ethernet."""
    return Line(ModbusTcpClient(host, port=port, timeout=TIMEOUT_S, retries=1), f"{host}:{port}")


def serial_line(path: str, baud: int, parity: str) -> Line:
    """Over RS-485: eight bits, and without parity two stop bits (Modbus over Serial Line V1.02, §2.5.1)."""
    stop_bits = 2 if parity == "N" else 1
    client = ModbusSerialClient(
        path, baudrate=baud, parity=parity, bytesize=8, stopbits=stop_bits, timeout=TIMEOUT_S, retries=1
    )
    return Line(client, f"{path} at {baud} baud")


class ModbusDevice:
    """Reads one device every `interval_s`; connects when first read and after every loss."""

    def __init__(
        self,
        source_id: str,
        line: Line,
        device_id: int,
        profile: Profile,
        asset: str,
        clock: DeviceClock,
        interval_s: float,
    ) -> None:
        self.dropped = 0
        self.refused = 0
        self._source_id, self._line, self._device_id = source_id, line, device_id
        self._profile, self._asset, self._clock = profile, asset, clock
        self._ticks = Ticks(interval_s)

    @property
    def units(self) -> Mapping[str, str]:
        """Channel → unit, by the profile."""
        return {register.name: register.unit for register in self._profile.registers}

    def read(self, timeout_s: float) -> Reading | None:
        """The next reading, when it is due. Raises SourceLost."""
        if not self._ticks.wait(timeout_s):
            return None
        values = self._values()
        stamp = self._clock.now()
        return Reading(self._source_id, stamp.at, stamp.monotonic_ms, stamp.clock, self._asset, values)

    def close(self) -> None:
        """Hang up."""
        self._ticks.stop()
        self._line.client.close()  # type: ignore[no-untyped-call]

    def _values(self) -> Mapping[str, float | None]:
        client, where = self._line.client, f"{self._line.where} device {self._device_id}"
        try:
            if not client.connected and not client.connect():
                raise SourceLost(self._source_id, f"{where} refuses the connection; check power, address and port")
            answer = client.read_holding_registers(
                self._profile.first_address, count=self._profile.count, device_id=self._device_id
            )
        except (ModbusException, OSError) as error:
            client.close()  # type: ignore[no-untyped-call]
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


def checked_profile(source_id: str, name: str) -> Profile:
    """The shipped profile of that name, if one question can read all of it. Raises ConfigError."""
    try:
        known = load(name)
    except BadProfile as error:
        raise ConfigError(f"[[source]] {source_id!r}: {error}") from error
    if known.count > MAX_REGISTERS:
        raise ConfigError(f"[[source]] {source_id!r}: profile {name} spans {known.count} registers; at most {MAX_REGISTERS}")
    return known
