"""Which product is it: eight pictures a product teach the gallery; told right, and strangers sent away?

Top-1 on the pictures of the split that were not taught: for the eight that the split draws, and for other eights drawn from
all pictures. Unknown: each product is left out of the gallery once (five groups drawn by seed, the rest taught) and its test
pictures must be sent away. At 5 %: the limit that sends away 5 % of the test pictures of taught products; `promised` is what
the limit does that the gallery set itself from taught pictures. Strangers, for scale, are things of another kind: pallets.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import vision_models
from benchmarks.datasets import data_folder, files
from benchmarks.report import Options, Result, run
from vision_models.inference.arrays import Floats
from vision_models.inference.gallery import Gallery, learnt
from vision_models.inference.preprocess import read_picture
from vision_models.inference.products import ProductDescriber, unreleased

GRAPH = Path(vision_models.__path__[0]) / "weights" / "products" / "products.onnx"
SIDE_PX, SHOTS, GROUPS, DRAWS, STRANGERS = 224, 8, 5, 5, 80
FALSE_REJECTS = 0.05
Described = dict[str, list[Floats]]
Distances = NDArray[np.float64]


def measure(options: Options) -> Result:
    """The split's own draw, further draws, unknowns and peers."""
    folder, seed = data_folder(options.data) / "vision" / "grocery-packages", options.seed or 0
    describer, clock = unreleased(GRAPH, SIDE_PX), time.process_time
    began_s = clock()
    taught, asked = (_described(describer, folder / split, 6 if options.quick else None) for split in ("train", "test"))
    pictures = sum(len(some) for split in (taught, asked) for some in split.values())
    describe_ms = (clock() - began_s) / pictures * 1000
    iconic = _iconic(describer, folder / "iconic", taught)
    with_iconic = {sku: [*some, *iconic.get(sku, [])] for sku, some in taught.items()}
    began_s = clock()
    gallery = learnt(with_iconic, describer.network)
    learn_s = clock() - began_s
    alone = learnt(taught, describer.network)
    draws = [] if options.quick else [top1(learnt(some, ""), rest) for some, rest in _draws(taught, asked, seed)]
    strangers = _strangers(
        describer, data_folder(options.data) / "vision" / "warehouse-boxes" / "images" / "test", options.quick
    )
    known, unknown, promised = unknowns(taught, asked, seed)
    figures = {
        "top1_8shot": round(top1(alone, asked), 4),
        "top1_8shot_and_iconic": round(top1(gallery, asked), 4),
        "top1_other_draws_mean": round(float(np.mean(draws)), 4) if draws else None,
        "top1_other_draws_least": round(min(draws), 4) if draws else None,
        "unknown_rejected_at_5pct": round(_rejected_at(known, unknown), 4),
        "strangers_rejected_at_5pct": round(_rejected_at(known, [_nearest(alone, one) for one in strangers]), 4),
        "promised_5pct_false_rejected": round(promised[0], 4),
        "promised_5pct_unknown_rejected": round(promised[1], 4),
        "describe_cpu_ms": round(describe_ms, 1),
        "learn_cpu_s": round(learn_s, 2),
    }
    peers = peers_of(taught, asked, seed)
    data = f"grocery-packages: {len(taught)} products, {SHOTS} taught each, {sum(map(len, asked.values()))} asked"
    rows = [("figure", "value"), *((name, str(value)) for name, value in figures.items()), *_peer_rows(peers)]
    return Result(figures, peers, rows, data, ("views of one picture each; CPU of one thread",))


def top1(gallery: Gallery, asked: Mapping[str, Sequence[Floats]]) -> float:
    """Share of pictures whose nearest product is theirs, unknown or not."""
    right = [gallery.name(one).nearest == sku for sku, some in asked.items() for one in some]
    return float(np.mean(right))


def unknowns(taught: Described, asked: Described, seed: int) -> tuple[list[float], list[float], tuple[float, float]]:
    """Each product left out once: distances over the gallery's own limit of pictures of taught and of left-out products, and
    which shares of the two lie beyond that limit."""
    order = np.random.default_rng(seed).permutation(sorted(taught))
    known: list[float] = []
    unknown: list[float] = []
    for group in range(GROUPS):
        out = set(order[group::GROUPS])
        gallery = learnt({sku: some for sku, some in taught.items() if sku not in out}, "")
        for sku, some in asked.items():
            (unknown if sku in out else known).extend(_nearest(gallery, one) for one in some)
    return known, unknown, (float(np.mean(np.array(known) > 1)), float(np.mean(np.array(unknown) > 1)))


def peers_of(taught: Described, asked: Described, seed: int) -> dict[str, float]:
    """The nearest taught picture and logistic regression, on one description of the whole picture."""
    skus = sorted(taught)
    x, y = _whole(taught, skus)
    asked_x, asked_y = _whole(asked, skus)
    nearest = y[(asked_x @ x.T).argmax(axis=1)]
    line = LogisticRegression(max_iter=2000, C=10.0, random_state=seed).fit(x, y)
    return {
        "nearest_picture_top1": round(float(np.mean(nearest == asked_y)), 4),
        "logistic_regression_top1": round(float(np.mean(line.predict(asked_x) == asked_y)), 4),
        "logistic_regression_unknown_at_5pct": round(_line_unknown(taught, asked, seed), 4),
    }


def _line_unknown(taught: Described, asked: Described, seed: int) -> float:
    """The same question to logistic regression: its highest chance, at 5 % of taught products' pictures sent away."""
    order = np.random.default_rng(seed).permutation(sorted(taught))
    known: list[float] = []
    unknown: list[float] = []
    for group in range(GROUPS):
        kept = sorted(set(taught) - set(order[group::GROUPS]))
        line = LogisticRegression(max_iter=2000, C=10.0, random_state=seed).fit(*_whole(taught, kept))
        for sku, some in asked.items():
            doubts = -line.predict_proba(np.stack([one[0] for one in some])).max(axis=1)
            (known if sku in kept else unknown).extend(map(float, doubts))
    return _rejected_at(known, unknown)


def _whole(described: Described, skus: Sequence[str]) -> tuple[Floats, NDArray[np.int64]]:
    """One description a picture, of the whole of it, and whose."""
    rows = [(one[0] / np.linalg.norm(one[0]), place) for place, sku in enumerate(skus) for one in described[sku]]
    return np.stack([row for row, _ in rows]), np.array([place for _, place in rows], dtype=np.int64)


def _nearest(gallery: Gallery, described: Floats) -> float:
    return gallery.name(described).distance / gallery.limit


def _rejected_at(known: Sequence[float], unknown: Sequence[float]) -> float:
    """Share of unknown ones beyond the limit that 5 % of the known lie beyond."""
    return float(np.mean(np.array(unknown) > np.quantile(known, 1 - FALSE_REJECTS)))


def _draws(taught: Described, asked: Described, seed: int) -> Iterator[tuple[Described, Described]]:
    """Other eights of all pictures of each product, and the rest. Kinder than the split: it parts shops, these do not."""
    for draw in range(DRAWS):
        rng = np.random.default_rng((seed, draw))
        chosen: Described = {}
        rest: Described = {}
        for sku in taught:
            together = [*taught[sku], *asked[sku]]
            picked = set(rng.permutation(len(together))[:SHOTS].tolist())
            chosen[sku] = [one for place, one in enumerate(together) if place in picked]
            rest[sku] = [one for place, one in enumerate(together) if place not in picked]
        yield chosen, rest


def _described(describer: ProductDescriber, folder: Path, most_products: int | None) -> Described:
    products = sorted(path.parent for path in files(folder, "*/*.jpg"))
    names = sorted({path.name for path in products})[:most_products]
    return {name: _all_of(describer.describe, files(folder / name, "*.jpg")) for name in names}


def _all_of(describe: Callable[[NDArray[np.uint8]], Floats], paths: Sequence[Path]) -> list[Floats]:
    return [describe(read_picture(path)) for path in paths]


def _iconic(describer: ProductDescriber, folder: Path, taught: Described) -> Described:
    """The shop's clean picture of each product."""
    return {sku: _all_of(describer.describe, files(folder, f"{sku}_Iconic.jpg")) for sku in taught}


def _strangers(describer: ProductDescriber, folder: Path, is_quick: bool) -> list[Floats]:
    return _all_of(describer.describe, files(folder, "*.jpg")[: 10 if is_quick else STRANGERS])


def _peer_rows(peers: Mapping[str, float]) -> list[tuple[str, str]]:
    return [(f"peer: {name}", str(value)) for name, value in peers.items()]


if __name__ == "__main__":
    run("products", "which product is it, told from eight pictures each?", measure)
