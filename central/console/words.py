"""Decisions in the reader's language: what is proposed, why, and what would change it."""

from collections.abc import Mapping
from typing import Any

from flask import g

from central.console.language import Label, house_zone, label, language
from central.deciding import wording
from central.deciding.capability import Capability
from central.deciding.outcome import Cause, Reason
from central.deciding.trace import Tree
from central.parts import parts
from central.store import catalogue
from central.store.decisions import Decision
from central.translations.catalogue import translator


def card_of(decision: Decision) -> Capability | None:
    """The card of the capability that decided; None when it has left the house."""
    return next((card for card in parts().capabilities if card.name == decision.capability), None)


def title(decision: Decision) -> str:
    """The name of the capability."""
    card = card_of(decision)
    return translator(language())(card.title) if card else decision.capability


def summary(decision: Decision, proposal: Mapping[str, Any] | None = None) -> str:
    """The proposal in one line; without one, what it is about and the first reason."""
    card, said = card_of(decision), dict(proposal or decision.proposal or {})
    if card is None:
        return decision.subject
    if not said:
        return ": ".join([name_of(decision.subject, "sku"), *reasons(decision)[:1]])
    return wording.summary(card, said | names_in(said), translator(language()), language(), house_zone())


def names_in(said: Mapping[str, Any]) -> dict[str, str]:
    """The labels of the things that a proposal names, in the place of their identifiers."""
    return {kind: name_of(said[kind], kind) for kind in ("sku", "supplier") if kind in said}


def name_of(key: str, kind: str) -> str:
    """What people call an item (`sku`), a supplier, a shelf (`location`), a machine or a camera."""
    if "names" not in g:
        g.names = _names()
    return label(g.names[kind].get(key), key)


def _names() -> dict[str, dict[str, Label]]:
    site = parts().site
    with parts().reading() as conn:
        return {
            "sku": {one.sku: one.label for one in catalogue.all_of(conn, catalogue.Item)},
            "supplier": {one.supplier: one.label for one in catalogue.all_of(conn, catalogue.Supplier)},
            "location": {one.location: one.label for one in catalogue.all_of(conn, catalogue.Shelf, site)},
            "machine": {one.machine: one.label for one in catalogue.all_of(conn, catalogue.Machine, site)},
            "camera": {one.camera: one.label for one in catalogue.all_of(conn, catalogue.Camera, site)},
        }


def reasons(decision: Decision) -> list[str]:
    """Why, worst first."""
    return _worded(decision, decision.reasons)


def would_change(decision: Decision) -> list[str]:
    """What would have made it another decision."""
    return _worded(decision, decision.would_change or [])


def cause(tree: Tree, decision: Decision) -> str:
    """A fact that a decision rests on."""
    card = card_of(decision)
    if card is None:
        return tree.reference
    fact = Cause(tree.kind, tree.reference, values=dict(tree.values))
    return wording.cause_sentence(card, fact, translator(language()), language(), house_zone())


def _worded(decision: Decision, codes: list[dict[str, Any]]) -> list[str]:
    card = card_of(decision)
    if card is None:
        return [code["code"] for code in codes]
    said = [Reason(code["code"], **code["values"]) for code in codes]
    return [wording.sentence(card, reason, translator(language()), language(), house_zone()) for reason in said]
