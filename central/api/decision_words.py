"""A decision in the words of who asks: its shape with sentences in the reader's language."""

from dataclasses import dataclass
from typing import Any

from central.api.decision_shapes import DecisionInFull, DecisionShape, Said, TraceShape, Verdict
from central.deciding import wording
from central.deciding.capability import Capability
from central.deciding.outcome import Cause, Reason
from central.deciding.trace import Tree
from central.store.decisions import Decision
from central.store.reviews import Review
from central.translations.catalogue import translator

_AS_STORED = (
    *("id", "capability", "subject", "state", "decided_at", "proposal", "effect", "currency", "confidence", "interval"),
    *("approve_by", "superseded_by"),
)


def verdict_shape(review: Review) -> Verdict:
    """A verdict as it is stored."""
    return Verdict(**{name: getattr(review, name) for name in Verdict.model_fields})


@dataclass(frozen=True)
class Reader:
    """Who asks, about a decision of `card`; None when its capability has left the house: then codes are all there is."""

    locale: str
    card: Capability | None

    def shape(self, decision: Decision, review: Review | None) -> DecisionShape:
        """The decision without what it rests on."""
        return DecisionShape(**self._fields(decision, review))

    def in_full(self, decision: Decision, review: Review | None, tree: Tree) -> DecisionInFull:
        """The decision with its inputs and its trace."""
        more = {"params_version": decision.params_version, "inputs": decision.inputs, "trace": self._tree(tree)}
        return DecisionInFull(**(self._fields(decision, review) | more))

    def _fields(self, decision: Decision, review: Review | None) -> dict[str, Any]:
        return {name: getattr(decision, name) for name in _AS_STORED} | {
            "summary": self._summary(decision),
            "reasons": [self._said(reason) for reason in decision.reasons],
            "would_change": [self._said(reason) for reason in decision.would_change or []],
            "review": verdict_shape(review) if review else None,
        }

    def _summary(self, decision: Decision) -> str | None:
        if self.card is None or decision.proposal is None:
            return None
        return wording.summary(self.card, decision.proposal, translator(self.locale), self.locale)

    def _said(self, stored: dict[str, Any]) -> Said:
        reason = Reason(stored["code"], **stored["values"])
        text = wording.sentence(self.card, reason, translator(self.locale), self.locale) if self.card else reason.code
        return Said(code=reason.code, values=dict(reason.values), text=text)

    def _tree(self, tree: Tree) -> TraceShape:
        cause = Cause(tree.kind, tree.reference, values=tree.values)
        words = translator(self.locale)
        text = wording.cause_sentence(self.card, cause, words, self.locale) if self.card else tree.reference
        return TraceShape(
            kind=tree.kind,
            reference=tree.reference,
            text=text,
            at=tree.at,
            source=tree.source,
            values=dict(tree.values),
            is_wrong=tree.is_wrong,
            rests_on=[self._tree(below) for below in tree.rests_on],
        )
