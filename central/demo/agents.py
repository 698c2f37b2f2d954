"""What the demo's two agents read and conclude, from the house file and the simulator's addresses (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.fleet.agent_file import Duties, Table
from central.store.catalogue import Machine, Shelf

EYE = "eye-01"
EAR = "ear-01"
AGENTS: Mapping[str, str] = {EYE: "Eyes: three aisles and the belt", EAR: "Ears: conveyor, compressor, pump"}
BELT_CAMERA = "cam-4"
GATE, GATE_DEVICE_ID = "gate-1", 9  # at the belt
CONVEYOR = "conveyor-1"  # the machine that can be stopped
COUNT_INTERVAL_S = 20.0
LEARN_S = 40.0
WINDOW_S = 60.0
READ_INTERVAL_S = 1.0
TOP: Table = {"commit_interval_s": 1.0, "health_interval_s": 5.0}  # a newcomer watches: routine facts are not kept waiting


@dataclass(frozen=True)
class Simulated:
    """Where the simulator's doors are: a URL for each camera, one Modbus server with an id for each machine."""

    cameras: Mapping[str, str]
    modbus_host: str
    modbus_port: int
    modbus_device_ids: Mapping[str, int]


def duties(simulated: Simulated, shelves: Sequence[Shelf], machines: Sequence[Machine]) -> dict[str, Duties]:
    """The duties of each agent by its name."""
    return {EYE: _eyes(simulated, shelves), EAR: _ears(simulated, machines)}


def _eyes(simulated: Simulated, shelves: Sequence[Shelf]) -> Duties:
    sources: list[Table] = [{"id": camera, "kind": "camera", "url": url} for camera, url in simulated.cameras.items()]
    counting = [_counting(camera, [shelf for shelf in shelves if shelf.camera == camera]) for camera in simulated.cameras]
    judging: Table = {"kind": "defects", "source": BELT_CAMERA, "settings": {"line": "belt-1"}}
    gate = _coil(simulated, GATE, "reject_part", GATE_DEVICE_ID)
    return Duties(TOP, sources, [*(task for task in counting if task), judging], [gate])


def _coil(simulated: Simulated, actuator: str, action: str, device_id: int) -> Table:
    return {
        "id": actuator,
        "kind": "modbus_coil",
        "action": action,
        "host": simulated.modbus_host,
        "port": simulated.modbus_port,
        "device_id": device_id,
        "address": 0,
    }


def _counting(camera: str, shelves: Sequence[Shelf]) -> Table:
    regions: list[Table] = [
        {"location": shelf.location, "sku": shelf.sku, "roi": shelf.region, "capacity": shelf.capacity}
        for shelf in shelves
        if shelf.region
    ]
    settings: Table = {"interval_s": COUNT_INTERVAL_S, "regions": regions}
    return {"kind": "shelf_count", "source": camera, "settings": settings} if regions else {}


def _ears(simulated: Simulated, machines: Sequence[Machine]) -> Duties:
    sources: list[Table] = [
        {
            "id": machine.machine,
            "kind": "modbus",
            "host": simulated.modbus_host,
            "port": simulated.modbus_port,
            "device_id": simulated.modbus_device_ids[machine.machine],
            "profile": machine.profile or "",
            "asset": machine.machine,
            "interval_s": READ_INTERVAL_S,
        }
        for machine in machines
    ]
    settings: Table = {"learn_s": LEARN_S, "window_s": WINDOW_S}
    tasks: list[Table] = [
        {"kind": "equipment_anomaly", "source": machine.machine, "settings": settings} for machine in machines
    ]
    return Duties(TOP, sources, tasks, [_coil(simulated, CONVEYOR, "stop_conveyor", simulated.modbus_device_ids[CONVEYOR])])
