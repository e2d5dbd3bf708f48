"""Interactions: what a client offers a person, and how the bot is told what they did."""

from __future__ import annotations

import secrets
import time
from typing import Any

from tests.sims.discord.ids import moved
from tests.sims.discord.interactions import Interaction
from tests.sims.discord.permissions import rights_in
from tests.sims.discord.realm import Realm
from tests.sims.discord.sessions import Intent
from tests.sims.discord.wire import channel_json, member_json, message_json, user_json
from tests.sims.discord.world import Channel, Command, Json, User


class Asking(Realm):
    """A realm in which the bot can be asked. `late`: seconds that pass until it is told; `clock`: by how many Discord's
    clock is ahead of ours."""

    late = 0.0
    clock = 0.0

    def interact(self, user: User, channel: Channel, kind: int, data: Json, **what: Any) -> Interaction:
        """Something that the bot must answer within its time."""
        now = time.time() - self.late
        interaction = Interaction(
            moved(self.new_id(), self.clock - self.late),
            "aW50ZXJhY3Rpb24" + secrets.token_urlsafe(48), kind, user, channel, data, now,
            now + self.answer_seconds, now + self.token_seconds, **what,
        )  # fmt: skip
        self.interactions[interaction.id] = interaction
        self.repeat(interaction)
        return interaction

    def repeat(self, interaction: Interaction) -> None:
        """It is told (once more)."""
        self.tell("INTERACTION_CREATE", self._interaction_json(interaction), Intent.NONE)

    def _interaction_json(self, interaction: Interaction) -> Json:
        channel, user = interaction.channel, interaction.user
        shown: Json = {
            "id": str(interaction.id), "application_id": str(self.bot.id), "type": interaction.kind, "version": 1,
            "token": interaction.token, "data": interaction.data, "channel_id": str(channel.id),
            "channel": channel_json(channel, self.bot) | {"permissions": str(int(rights_in(channel, user)))},
            "app_permissions": str(int(rights_in(channel, self.bot))), "locale": "en-US", "entitlements": [],
            "entitlement_sku_ids": [], "attachment_size_limit": channel.file_limit,
        }  # fmt: skip
        if interaction.message is not None:
            shown["message"] = message_json(interaction.message, self.bot)
        if channel.guild is None:
            owners = {"1": str(user.id)}
            return shown | {"user": user_json(user), "context": 1, "authorizing_integration_owners": owners}
        guild = channel.guild
        member = member_json(guild.members[user.id]) | {"permissions": str(int(rights_in(channel, user)))}
        return shown | {
            "guild_id": str(guild.id), "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "guild_locale": "en-US", "member": member, "context": 0,
            "authorizing_integration_owners": {"0": str(guild.id)},
        }  # fmt: skip

    def offered(self, channel: Channel) -> list[Command]:
        """The commands that a client shows there; a guild's own stand beside the global ones."""
        guild = channel.guild.id if channel.guild else None
        known = [one for one in self.commands.values() if one.guild in (None, guild)]
        return [one for one in known if _shown_in(one.shape, guild is None)]

    def command(self, channel: Channel, name: str) -> Command:
        """The one of that name, the guild's own first."""
        found = [one for one in self.offered(channel) if one.name == name]
        assert found, f"no command {name} among {sorted(one.name for one in self.offered(channel))}"
        return max(found, key=lambda one: one.guild is not None)


def _shown_in(shape: Json, direct: bool) -> bool:
    """A command may be for guilds or for direct messages only."""
    contexts = shape.get("contexts")
    if contexts is not None:
        return int(direct) in contexts
    return not direct or shape.get("dm_permission") is not False
