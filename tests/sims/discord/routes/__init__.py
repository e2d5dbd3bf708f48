"""The routes; importing this registers them all."""

import tests.sims.discord.routes.callbacks
import tests.sims.discord.routes.channels
import tests.sims.discord.routes.commands
import tests.sims.discord.routes.followups
import tests.sims.discord.routes.guilds
import tests.sims.discord.routes.messages
import tests.sims.discord.routes.reactions
import tests.sims.discord.routes.threads
import tests.sims.discord.routes.users  # noqa: F401
