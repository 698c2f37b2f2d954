"""Whether an inspection keeps both risks, reckoned anew by counting combinations: it never asks the planner."""

from math import ceil, exp, lgamma

from central.capabilities.supply.supplier_quality.model import MOST, Inputs, Inspection, Params, limiting_quality
from central.deciding.outcome import Reason, Violation
from central.methods.acceptance import CONSUMER_RISK

MOST_COUNTED = 10_000
SLACK = 1e-4


def check(_inputs: Inputs, proposal: Inspection, params: Params) -> list[Violation]:
    """What is wrong with it: a sample larger than the lot, more borne than looked at, or a bad lot that passes too often."""
    if proposal.sample > proposal.lot_units:
        return [
            Violation(Reason("sample_beyond_lot", sample=proposal.sample, lot_units=proposal.lot_units), _whole(proposal))
        ]
    if proposal.accept >= proposal.sample:
        return [Violation(Reason("accepts_anything", accept=proposal.accept, sample=proposal.sample), _whole(proposal))]
    limiting = limiting_quality(params, proposal.severity)
    risk = chance_to_pass(proposal, limiting)
    if risk > CONSUMER_RISK + SLACK and proposal.sample < proposal.lot_units:
        return [Violation(Reason("bad_lot_passes", chance=round(risk, 4), limit=round(limiting, 6)), _whole(proposal))]
    return []


def chance_to_pass(proposal: Inspection, share: float) -> float:
    """The chance that a lot with this share of bad pieces is accepted; 1 where it cannot be counted."""
    lot, sample, accept = proposal.lot_units, proposal.sample, proposal.accept
    if accept > MOST_COUNTED or lot > MOST:
        return 1.0
    bad_pieces = max(1, min(lot, ceil(share * lot)))
    good_pieces = lot - bad_pieces
    borne = range(max(0, sample - good_pieces), min(accept, sample, bad_pieces) + 1)
    ways = (_log_ways(bad_pieces, bad) + _log_ways(good_pieces, sample - bad) for bad in borne)
    return sum(exp(some - _log_ways(lot, sample)) for some in ways)


def _log_ways(of: int, chosen: int) -> float:
    return lgamma(of + 1) - lgamma(chosen + 1) - lgamma(of - chosen + 1)


def _whole(proposal: Inspection) -> Reason:
    return Reason("look_at_more", lot_units=proposal.lot_units)
