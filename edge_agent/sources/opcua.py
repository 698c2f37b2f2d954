"""A machine's control on OPC-UA: the values of its nodes, asked for every `interval_s` (extra `opcua`, IEC 62541).

A node whose status is not good gives no value for its channel; a server that does not answer is SourceLost.
"""

from collections.abc import Mapping

import structlog
from asyncua.sync import Client, SyncNode
from asyncua.ua import DataValue
from asyncua.ua.uaerrors import UaError

from edge_agent.clock import DeviceClock
from edge_agent.errors import ConfigError, SourceLost
from edge_agent.sample import Reading
from edge_agent.sources.ticks import Ticks

TIMEOUT_S = 2.0

_log = structlog.get_logger()


class OpcUaServer:
    """Reads the nodes that `channels` names (channel → node id, as `ns=2;s=Pump.Vibration`)."""

    def __init__(
        self,
        source_id: str,
        url: str,
        channels: Mapping[str, str],
        units: Mapping[str, str],
        asset: str,
        clock: DeviceClock,
        interval_s: float,
    ) -> None:
        self.dropped = 0
        self.refused = 0
        self._source_id, self._url, self._channels, self._units = source_id, url, channels, units
        self._asset, self._clock = asset, clock
        self._ticks = Ticks(interval_s)
        self._client: Client | None = None
        self._nodes: list[SyncNode] = []

    @property
    def units(self) -> Mapping[str, str]:
        """Channel → unit, as the agent's file says."""
        return self._units

    def read(self, timeout_s: float) -> Reading | None:
        """The next reading, when it is due. Raises SourceLost."""
        if not self._ticks.wait(timeout_s):
            return None
        try:
            client = self._client or self._connected()
            answers = client.read_attributes(self._nodes)
        except (UaError, OSError, TimeoutError) as error:
            self._hang_up()
            why = f"{self._url} does not answer: {error or type(error).__name__}; check address and network"
            raise SourceLost(self._source_id, why) from error
        stamp = self._clock.now()
        values = {name: self._value(name, answer) for name, answer in zip(self._channels, answers, strict=True)}
        return Reading(self._source_id, stamp.at, stamp.monotonic_ms, stamp.clock, self._asset, values)

    def close(self) -> None:
        """Hang up."""
        self._ticks.stop()
        self._hang_up()

    def _connected(self) -> Client:
        client = Client(self._url, timeout=TIMEOUT_S)
        client.connect()
        self._client = client
        try:
            self._nodes = [client.get_node(node) for node in self._channels.values()]
        except ValueError as error:
            raise ConfigError(f"[[source]] {self._source_id!r}: channels: {error}; write ns=2;s=Name or ns=2;i=7") from error
        return client

    def _hang_up(self) -> None:
        client, self._client, self._nodes = self._client, None, []
        if client is not None:
            try:
                client.disconnect()
            except (UaError, OSError, TimeoutError):
                _log.debug("opcua_gone", source=self._source_id)

    def _value(self, name: str, answer: DataValue) -> float | None:
        content = answer.Value.Value if answer.Value is not None else None
        is_good = answer.StatusCode is None or answer.StatusCode.is_good()
        if is_good and isinstance(content, (int, float)):  # a bool is 0 or 1
            return float(content)
        self.refused += 1
        if self.refused.bit_count() == 1:
            status = answer.StatusCode.name if answer.StatusCode is not None else "no number"
            remedy = "check the node id and that the node holds a number"
            _log.error("node_refused", source=self._source_id, channel=name, why=status, times=self.refused, remedy=remedy)
        return None
