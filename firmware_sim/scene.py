"""A site as data: shelves, cameras, belt, machines, faults and trade.

Every value is frozen: the world built from a scene and a seed is always the same world. `scene_file.load` reads one
from TOML and checks it; keys and units are listed in docs/reference/scene.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=64)]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$")]
Port = Annotated[int, Meta(ge=0, le=65535)]
Channel = Literal["vibration_mm_s", "axial_mm_s", "temperature_c", "current_a", "speed_rpm", "pressure_bar"]
DefectKind = Literal["scratch", "dent", "stain"]
MachineFaultKind = Literal[
    "imbalance", "misalignment", "looseness", "bearing_wear", "cavitation", "belt_slip", "leak", "overheating"
]
SensorFaultKind = Literal["stuck", "bias", "drift", "spikes", "quantisation", "swapped_words", "dropout", "exception"]
UNIT_FAULTS: tuple[SensorFaultKind, ...] = ("dropout", "exception")  # of the whole unit, no channel


class Ports(Struct, frozen=True, forbid_unknown_fields=True):
    """TCP ports of the two servers; 0 lets the system choose."""

    modbus: Port = 0
    cameras: Port = 0


class Carton(Struct, frozen=True, forbid_unknown_fields=True):
    """How one SKU's carton looks: two colours `#rrggbb`, the shape of its print, tape as a share of its width."""

    body: Colour
    accent: Colour
    print: Literal["band", "label", "disc", "stripes", "plain", "split"]
    tape: Share = 0.0


class Sku(Struct, frozen=True, forbid_unknown_fields=True):
    """Something sold. daily_demand: units a trading day."""

    id: Name
    name: str
    name_zh: str
    carton: Carton
    daily_demand: NotNegative


class Camera(Struct, frozen=True, forbid_unknown_fields=True):
    """A camera and how often it takes a frame."""

    id: Name
    sees: Literal["shelves", "belt"]
    frames_per_s: Annotated[float, Meta(gt=0.0, le=30.0)]


class Shelf(Struct, frozen=True, forbid_unknown_fields=True):
    """A location with one SKU. roi: x, y, width, height as fractions of the frame of `camera`."""

    id: Name
    sku: Name
    camera: Name
    roi: tuple[Share, Share, Share, Share]
    boards: Annotated[int, Meta(ge=1, le=2)]
    rows: Count
    columns: Count
    starting_units: Annotated[int, Meta(ge=0)]

    @property
    def capacity(self) -> int:
        """Cartons that fit."""
        return self.boards * self.rows * self.columns


class Belt(Struct, frozen=True, forbid_unknown_fields=True):
    """An indexed belt: a part arrives, rests under the camera, leaves, and the belt is empty for a while.

    gate_device_id: of the gate on the Modbus server, whose coil 0 throws out the part that lies there; None without a gate.
    """

    camera: Name
    enter_s: Positive
    rest_s: Positive
    leave_s: Positive
    empty_s: Positive
    defect_share: Share
    defects: Annotated[tuple[DefectKind, ...], Meta(min_length=1)]
    gate_device_id: Annotated[int, Meta(ge=1, le=247)] | None = None

    @property
    def cycle_s(self) -> float:
        """Time from one part's arrival to the next one's."""
        return self.enter_s + self.rest_s + self.leave_s + self.empty_s


class Motor(Struct, frozen=True, forbid_unknown_fields=True):
    """An induction motor: speed without slip, slip and current at full load, current without load; how fast it runs up."""

    synchronous_rpm: Positive
    rated_slip: Annotated[float, Meta(gt=0.0, lt=0.5)]
    idle_a: Positive
    rated_a: Positive
    run_up_s: Positive = 1.0


class LoadCycle(Struct, frozen=True, forbid_unknown_fields=True):
    """Load as a share of rated torque, swinging between low and high.

    day: factors on it, evenly spread over the day from midnight, blended from one to the next. unsteady: how far it wanders
    besides, as a share, in swings that never repeat.
    """

    low: Share
    high: Share
    period_s: Positive
    day: Annotated[tuple[Share, ...], Meta(min_length=1)] = (1.0,)
    unsteady: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.0


class Duty(Struct, frozen=True, forbid_unknown_fields=True):
    """When a machine runs: from one hour of the day to another (past midnight, where that is the smaller), and within that
    run_s at a time with rest_s between; rest_s 0: without a pause."""

    from_h: Annotated[float, Meta(ge=0.0, lt=24.0)] = 0.0
    to_h: Annotated[float, Meta(gt=0.0, le=24.0)] = 24.0
    run_s: Positive = 3600.0
    rest_s: NotNegative = 0.0


class Thermal(Struct, frozen=True, forbid_unknown_fields=True):
    """Two heat nodes: rise of winding over case and of case over ambient at full load, and their time constants.

    swing_c: how far the hall is warmer by day and cooler by night than ambient_c; weather_c: the same from days to days.
    """

    ambient_c: Annotated[float, Meta(ge=-40.0, le=60.0)]
    winding_rise_c: Positive
    case_rise_c: Positive
    winding_tau_s: Positive
    case_tau_s: Positive
    swing_c: NotNegative = 0.0
    weather_c: NotNegative = 0.0


class Vibration(Struct, frozen=True, forbid_unknown_fields=True):
    """RMS velocity when healthy, and what each fault adds at severity 1 and rated speed.

    axial_share: healthy vibration along the shaft as a share of that across it; None without such a sensor.
    """

    healthy_mm_s: Positive
    imbalance_mm_s: NotNegative
    bearing_mm_s: NotNegative
    looseness_mm_s: NotNegative
    misalignment_mm_s: NotNegative = 0.0
    cavitation_mm_s: NotNegative = 0.0
    axial_share: Share | None = None


class Pressure(Struct, frozen=True, forbid_unknown_fields=True):
    """Delivery pressure at the highest and at the lowest load of the cycle.

    holds: a receiver keeps it at low_bar while the machine stands; otherwise it is gone.
    """

    low_bar: Positive
    high_bar: Positive
    holds: bool = False


class Machine(Struct, frozen=True, forbid_unknown_fields=True):
    """A machine on the Modbus server: its device id, its register map and its physics.

    duty: None for one that always runs. restart_s: coil 0 stops it, and a person at the machine starts it again after so
    long; None for one without that coil.
    """

    id: Name
    device_id: Annotated[int, Meta(ge=1, le=247)]
    profile: Name
    motor: Motor
    load: LoadCycle
    thermal: Thermal
    vibration: Vibration
    pressure: Pressure | None = None
    restart_s: Positive | None = None
    duty: Duty | None = None


class MachineFault(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that wears or breaks: severity rises within ramp_s and ends (repaired) after lasts_s."""

    machine: Name
    kind: MachineFaultKind
    start_s: NotNegative
    ramp_s: Positive
    lasts_s: Positive
    severity: Share = 1.0


class SensorFault(Struct, frozen=True, forbid_unknown_fields=True):
    """A sensor that lies, or a machine's whole unit that is silent (dropout) or answers an exception: no channel.

    amount: in the channel's unit (bias, spikes; of one step: quantisation), unit per hour (drift), or the exception's code.
    """

    machine: Name
    kind: SensorFaultKind
    start_s: NotNegative
    lasts_s: Positive
    channel: Channel | None = None
    amount: float = 0.0


class Faults(Struct, frozen=True, forbid_unknown_fields=True):
    """The schedule; the whole of it repeats every repeat_s."""

    repeat_s: Positive
    machine: tuple[MachineFault, ...] = ()
    sensor: tuple[SensorFault, ...] = ()


class Trade(Struct, frozen=True, forbid_unknown_fields=True):
    """How customers buy, what leaves unseen by the till, and when the clerk refills."""

    day_s: Positive
    rush_s: NotNegative
    rush_factor: Annotated[float, Meta(ge=1.0)]
    largest_basket_units: Count
    unrecorded_share: Share
    low_share: Share
    refill_after_s: NotNegative


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole site."""

    name: Name
    site: Name
    seed: Annotated[int, Meta(ge=0)]
    skus: tuple[Sku, ...]
    cameras: tuple[Camera, ...]
    shelves: tuple[Shelf, ...]
    belt: Belt
    machines: tuple[Machine, ...]
    faults: Faults
    trade: Trade
    ports: Ports = Ports()

    def shelves_seen_by(self, camera_id: str) -> tuple[Shelf, ...]:
        """Shelves in the frame of one camera, in the scene's order."""
        return tuple(shelf for shelf in self.shelves if shelf.camera == camera_id)

    def sku(self, sku_id: str) -> Sku:
        """The SKU of that id; the scene was checked, so it is there."""
        return next(sku for sku in self.skus if sku.id == sku_id)

    def camera(self, camera_id: str) -> Camera | None:
        """The camera of that id, if the scene has it."""
        return next((camera for camera in self.cameras if camera.id == camera_id), None)
