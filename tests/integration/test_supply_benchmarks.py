"""The benchmarks of stock, lead times and buying work on data laid out as they say: days and orders made here."""

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
DAYS = 1300


def written(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """A table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def shops(folder: Path) -> None:
    """Six items that sell by chance."""
    units = np.random.default_rng(2).negative_binomial(1, 0.4, (6, DAYS))
    names = [f"d_{day}" for day in range(1, DAYS + 1)]
    sold = [[f"i{at}", "food", "CA", *row] for at, row in enumerate(units)]
    written(folder / "commerce" / "m5_made" / "sales.csv", [["id", "dept_id", "state_id", *names], *sold])
    ahead = [[f"d_{day}", day // 30 % 12 + 1, "", day % 2] for day in range(1, DAYS + 30)]
    written(folder / "commerce" / "m5_made" / "calendar.csv", [["d", "month", "event_name_1", "snap_CA"], *ahead])


def orders(folder: Path) -> None:
    """Deliveries that become slower, some without a date."""
    rng, first = np.random.default_rng(4), date(2010, 1, 1)
    names = ["PO Sent to Vendor Date", "Delivered to Client Date", "Vendor", "Shipment Mode"]
    rows: list[list[object]] = [["Date Not Captured", "01-Jan-10", "v0", "Air"]]
    for number in range(400):
        ordered = first + timedelta(days=number)
        came = ordered + timedelta(days=int(rng.integers(5, 20 + number // 10)))
        rows.append([f"{ordered:%m/%d/%y}", f"{came:%d-%b-%y}", f"v{number % 5}", "Air"])
    written(folder / "commerce" / "scms_made" / "some_delivery_history.csv", [names, *rows])


def told(name: str, folder: Path) -> dict[str, dict[str, float]]:
    """The last line of a quick run."""
    command = [sys.executable, f"benchmarks/{name}.py", "--data", str(folder), "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_year_of_chance_is_lived_again(tmp_path: Path) -> None:
    """Figures and peers are there, and a promise is kept where nothing changes."""
    shops(tmp_path)
    whole = told("inventory", tmp_path)
    assert set(whole["figures"]) == {"fill_gain_pp_at_peer_stock", "abs_promised_minus_achieved_pp"}
    assert whole["figures"]["abs_promised_minus_achieved_pp"] < 3
    assert "gain_over_boosted_quantile" in whole["peers"]


def test_deliveries_that_become_slower_are_followed(tmp_path: Path) -> None:
    """Better than what was true of the first part."""
    orders(tmp_path)
    whole = told("lead_time", tmp_path)
    assert whole["figures"]["pinball_90"] < whole["peers"]["all_earlier_lines"]
    assert whole["figures"]["coverage_90"] > 0.6


def test_a_small_house_buys_within_its_rules(tmp_path: Path) -> None:
    """No rule is broken, and greed is not cheaper."""
    whole = told("buying", tmp_path)
    assert whole["figures"]["violations"] == 0
    assert whole["figures"]["cost_over_greedy"] <= 1
