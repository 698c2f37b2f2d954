"""Topics are built and parsed by the same functions."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import topics
from protocols.errors import BadTopic, ProtocolError

names = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=32)


@given(names, names, st.sampled_from(get_args(topics.Up)))
def test_parse_undoes_build(site: str, device: str, branch: topics.Up) -> None:
    """What `up` builds, `parse_up` reads."""
    assert topics.parse_up(topics.up(site, device, branch)) == topics.EdgeTopic(site, device, branch)


@given(st.text(max_size=120))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    """Any other text is refused with an error of the language, never another one."""
    try:
        topics.parse_up(text)
    except ProtocolError:
        return
    assert text.startswith(topics.ROOT)


@pytest.mark.parametrize(
    "topic", ["tallyhouse/v1/edge/s1/cam/up/other", "tallyhouse/v2/edge/s1/cam/up/events", "tallyhouse/v1/out/s1/a/b"]
)
def test_topics_outside_the_device_branch_are_refused(topic: str) -> None:
    """Another version, branch or tree is not a device's topic."""
    with pytest.raises(BadTopic, match="is not tallyhouse/v1/edge"):
        topics.parse_up(topic)


def test_a_sku_is_one_level_of_an_out_topic() -> None:
    """A slash in a SKU does not become a level of the topic."""
    assert topics.out("s1", "stock", "level", "milk/1 l") == "tallyhouse/v1/out/s1/stock/level/milk%2F1%20l"
