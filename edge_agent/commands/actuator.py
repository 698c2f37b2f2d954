"""Something that this device can move: a coil of a device on Modbus TCP, written and read back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from edge_agent.errors import CommandFailed

TIMEOUT_S = 2.0


@dataclass(frozen=True)
class ModbusCoil:
    """One coil. Two commands may use it at once: each has a connection of its own."""

    actuator_id: str
    host: str
    port: int
    device_id: int
    address: int

    def write(self, is_on: bool) -> None:
        """Set the coil and see that it is set. Raises CommandFailed."""
        with self._connected() as client:
            if client.write_coil(self.address, is_on, device_id=self.device_id).isError():
                raise CommandFailed(f"{self._where} refuses to set the coil; check device_id and address of the actuator")
            seen = client.read_coils(self.address, count=1, device_id=self.device_id)
            if seen.isError() or seen.bits[0] != is_on:
                raise CommandFailed(f"{self._where} did not keep the coil {'on' if is_on else 'off'}; look at the machine")

    @property
    def _where(self) -> str:
        return f"actuator {self.actuator_id} ({self.host}:{self.port} device {self.device_id} coil {self.address})"

    @contextmanager
    def _connected(self) -> Iterator[ModbusTcpClient]:
        client = ModbusTcpClient(self.host, port=self.port, timeout=TIMEOUT_S, retries=0)
        try:
            if not client.connect():  # type: ignore[no-untyped-call]
                raise CommandFailed(f"{self._where} refuses the connection; check power, address and port")
            yield client
        except (ModbusException, OSError) as error:
            raise CommandFailed(f"{self._where} does not answer: {error}; whether it moved is not known") from error
        finally:
            client.close()  # type: ignore[no-untyped-call]
