"""A form in the conversation as a document: what was asked and what was answered."""

from __future__ import annotations

from openacp_bot.core.events import QuestionAsked, Said
from openacp_bot.core.export import conversation
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import Field, Question, Settlement
from tests.chat.scenes import ALICE, MASKED, NOW, RECORD, SECRET


def exported(question: Question) -> str:
    return conversation(RECORD, [Said(RECORD.id, None, 1, NOW, QuestionAsked(question))], mask=Mask()).text


def test_a_form_is_kept_with_what_was_answered() -> None:
    fields = (
        Field("name", "Name\nin full"),
        Field("sizes", "Sizes", "choices", (("s", "Small"), ("l", "Large"))),
        Field("key", "Key"),
        Field("why", "Why", required=False),
        Field("long", "Long"),
    )
    values = (("name", "Bob\nBuilder"), ("sizes", '["s","l"]'), ("key", SECRET), ("why", " "), ("long", "x" * 900))
    how = Settlement("answered", NOW, "submit", "Submit", ALICE, allowed=True, values=values)
    text = exported(Question("q", RECORD.id, None, "Who?", ALICE, NOW, None, fields=fields, settled=how))

    assert text.endswith(
        "- ❓ Who? → Answered by Alice, 2023-11-14 22:13:20 UTC\n"
        "  - Name in full: Bob Builder\n"
        "  - Sizes: Small, Large\n"
        f"  - Key: {MASKED}\n"
        f"  - Long: {'x' * 900}\n"
    )
