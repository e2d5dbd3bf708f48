"""Who may do what. Closed by default; the same check stands before every kind of inbound."""

from __future__ import annotations

from openacp_bot.core.model import SessionRecord, UserRef
from openacp_bot.core.settings import AccessList, Settings

LOCAL = frozenset({"web", "cli"})  # the page's key holder and the CLI are the admin `local`
NOBODY = AccessList()


def may_enter(settings: Settings, who: UserRef) -> bool:
    """Whether this person may use the daemon at all."""
    if who.adapter in LOCAL:
        return True
    listed = settings.access.get(who.adapter, NOBODY)
    if not who.id:
        return False
    return listed.everyone or who.id in listed.users or not listed.roles.isdisjoint(who.roles)


def is_surface(settings: Settings, who: UserRef) -> bool:
    """Whether this is a configured surface itself, which has no id: it looks at all that it shows, and reports what
    became of places, and does nothing else."""
    return not who.id and who.adapter in settings.access


def is_admin(settings: Settings, who: UserRef) -> bool:
    """Listed admins; where none is listed, the only allowed user."""
    if who.adapter in LOCAL:
        return True
    listed = settings.access.get(who.adapter, NOBODY)
    if listed.admins:
        return who.id in listed.admins
    return listed.users == frozenset({who.id}) and not listed.everyone and not listed.roles


def owns(settings: Settings, who: UserRef, record: SessionRecord) -> bool:
    """Finish, archive, delete and the end buttons are for the owner and admins."""
    return is_admin(settings, who) or record.owner == who.key


def may_answer(settings: Settings, who: UserRef, requester: UserRef | None) -> bool:
    """Whether this person may answer a permission question: `permissions.approvers`."""
    if is_admin(settings, who):
        return True
    match settings.permissions.approvers:
        case "admins":
            return False
        case "requester":
            return requester is not None and requester.key == who.key
        case _:
            return may_enter(settings, who)
