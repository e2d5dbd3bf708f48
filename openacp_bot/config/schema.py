"""The keys of the configuration file, their kinds and their defaults.

Whoever adds a key adds it to config.example.yaml and to the README's table; a test compares the three.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources import InitSettingsSource

KeyPath: TypeAlias = tuple[str | int, ...]

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)

LONGEST_DAYS = 36_500  # a hundred years: what is longer is meant as never, and timedelta has an end
LONGEST_MINUTES = LONGEST_DAYS * 24 * 60
LONGEST_DRAIN = 24 * 60 * 60
# Bot API, User and Chat: at most 52 significant bits. Discord, "Snowflakes": 64 bits.
PEOPLE = range(1, 2**52), "/start to @userinfobot tells them"
GROUPS = range(-(2**52) + 1, 2**52), "write /status in the group, and the log names its id"
SNOWFLAKES = range(1, 2**64), "right-click and Copy ID tells them (Settings, Advanced, Developer Mode)"
TOOL_KINDS = ("read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other")


class Section(BaseModel):
    """A part of the file in which every key is ours."""

    model_config = STRICT


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _text(value: object) -> object:
    """A bare number is meant as text where text is expected: `- 8080`, `version: 5.1`."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _off(value: object) -> object:
    """YAML reads a bare `off` as false."""
    return "off" if value is False else value


def _days(value: object) -> float | None:
    if value == "never":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_DAYS:
        raise ValueError("must be a number of days above 0, or never")
    return value


def _tool_kind(pattern: str) -> str:
    # A deny rule that misspells its kind would silently never match.
    if not re.search(r"[*?\[]", pattern) and pattern not in ("", *TOOL_KINDS):
        raise ValueError(f"is not a kind of tool; use {', '.join(TOOL_KINDS)}, or a pattern with *")
    return pattern


def _ids(value: object, *, kind: tuple[range, str]) -> object:
    """One number is meant as a list of one. Names can change hands, so only ids count."""
    given = value if isinstance(value, list) else [value]
    return [_id(one, "numeric ids, not names", kind) for one in given]


def _one_id(value: object, *, kind: tuple[range, str]) -> int | None:
    return None if value is None else _id(value, "a numeric id, not a name", kind)


def _id(value: object, wanted: str, kind: tuple[range, str]) -> int:
    known, ask = kind
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be {wanted}; {ask}")
    if value not in known:
        raise ValueError(f"must be {wanted}, and {value} cannot be one; {ask}")
    return value


Text = Annotated[str, BeforeValidator(_text)]
Ids = Annotated[list[int], BeforeValidator(partial(_ids, kind=PEOPLE))]
Chats = Annotated[list[int], BeforeValidator(partial(_ids, kind=GROUPS))]
OneChat = Annotated[int | None, BeforeValidator(partial(_one_id, kind=GROUPS))]
DiscordIds = Annotated[list[int], BeforeValidator(partial(_ids, kind=SNOWFLAKES))]
OneDiscordId = Annotated[int | None, BeforeValidator(partial(_one_id, kind=SNOWFLAKES))]
Minutes = Annotated[float, Field(gt=0, le=LONGEST_MINUTES)]


class McpServerSection(Section):
    """One entry of `agents.NAME.mcp_servers`."""

    name: Text = Field(min_length=1)
    type: Literal["stdio", "http", "sse"] = "stdio"
    command: Text = ""
    args: list[Text] = []
    env: dict[str, Text] = {}
    url: Text = ""
    headers: dict[str, Text] = {}

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> McpServerSection:
        needed, useless = ("command", "url") if self.type == "stdio" else ("url", "command")
        if not getattr(self, needed):
            raise ValueError(f"a server of type {self.type} needs {needed}")
        if getattr(self, useless):
            raise ValueError(f"a server of type {self.type} has no {useless}")
        return self


class AgentSection(Section):
    """`agents.NAME`: how to start one agent."""

    command: Text = Field(min_length=1)
    args: list[Text] = []
    env: dict[str, Text] = {}
    provider: Text = ""
    model: Text = ""
    models: list[Text] = []
    mcp_servers: list[McpServerSection] = []
    client_files: bool = False
    launcher: list[Text] = []


class WorkspaceSection(Section):
    base_dir: Text = "~/openacp-workspace"
    roots: list[Text] = []


class SessionsSection(Section):
    max_concurrent_sessions: int = Field(default=20, ge=1)
    idle_timeout_minutes: Minutes = 60
    silence_minutes: Minutes = 10
    naming: Literal["agent", "first_message"] = "agent"
    queue_limit: int = Field(default=20, ge=1)
    archive_after_days: Annotated[float | None, PlainValidator(_days)] = None
    min_free_mb: int = Field(default=500, ge=0)
    context_tokens: int = Field(default=30000, ge=0)


class RuleSection(Section):
    """One entry of `permissions.rules`."""

    decide: Literal["deny", "ask", "allow"]
    audience: Literal["attended", "unattended", "all"] = Field(default="all", alias="for")
    kind: Annotated[Text, AfterValidator(_tool_kind)] = ""
    path: Text = ""
    command: Text = ""
    agent: Text = ""


class PermissionsSection(Section):
    approvers: Literal["allowed", "requester", "admins"] = "allowed"
    timeout_minutes: Minutes = 30
    rules: list[RuleSection] = []


class DisplaySection(Section):
    verbosity: Literal["low", "medium", "high"] = "medium"


class WebSection(Section):
    enabled: bool = True
    host: Text = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8765, ge=0, le=65535)
    tls_cert: Text = ""
    tls_key: Text = ""
    insecure: bool = False


class TelegramWebhookSection(Section):
    url: Text = ""
    listen_host: Text = Field(default="127.0.0.1", min_length=1)
    listen_port: int = Field(default=8443, ge=1, le=65535)
    secret: Text = ""


class TelegramSection(Section):
    token: Text = ""
    token_file: Text = ""
    api_base_url: Text = ""
    chat_id: OneChat = None
    chat_ids: Chats = []
    allowed_user_ids: Ids = []
    admin_user_ids: Ids = []
    allow_everyone: bool = False
    general: Annotated[Literal["all", "mention", "off"] | None, BeforeValidator(_off)] = None
    streaming: bool = True
    rich_messages: bool = False
    ephemeral_answers: bool = False
    mode: Annotated[Literal["polling", "webhook"], BeforeValidator(_lowered)] = "polling"
    webhook: TelegramWebhookSection = TelegramWebhookSection()


class DiscordSection(Section):
    token: Text = ""
    token_file: Text = ""
    api_base_url: Text = ""
    guild_id: OneDiscordId = None
    channel_id: OneDiscordId = None
    allowed_user_ids: DiscordIds = []
    allowed_role_ids: DiscordIds = []
    admin_user_ids: DiscordIds = []
    allow_everyone: bool = False
    mention_anywhere: bool = False
    streaming: bool = True


class ShutdownSection(Section):
    drain_seconds: float = Field(default=120, ge=0, le=LONGEST_DRAIN)


class LoggingSection(Section):
    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lowered)] = "info"
    format: Literal["auto", "text", "json"] = "auto"


class Root(BaseSettings):
    """The whole file."""

    model_config = SettingsConfigDict(extra="forbid", strict=True, frozen=True)

    data_dir: Text = ""
    default_agent: Text = ""
    timezone: Text = "UTC"
    agents: dict[str, AgentSection] = {}
    workspace: WorkspaceSection = WorkspaceSection()
    sessions: SessionsSection = SessionsSection()
    permissions: PermissionsSection = PermissionsSection()
    display: DisplaySection = DisplaySection()
    telegram: TelegramSection = TelegramSection()
    discord: DiscordSection = DiscordSection()
    web: WebSection = WebSection()
    shutdown: ShutdownSection = ShutdownSection()
    logging: LoggingSection = LoggingSection()

    @classmethod
    def of(cls, *layers: dict[str, Any]) -> Root:
        """From plain values, the strongest layer first; raises ValidationError."""
        return cls(layers=layers)  # type: ignore[call-arg]  # read by the sources below

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Ours alone: `config.layers` reads file and environment, because it remembers where a value stood."""
        layers: tuple[dict[str, Any], ...] = init_settings.init_kwargs["layers"]  # type: ignore[attr-defined]
        return tuple(InitSettingsSource(settings_cls, layer) for layer in layers)


def is_text(path: KeyPath) -> bool:
    """Whether a key takes text, so that its value in the environment is not to be read as YAML."""
    kind = _kind(path)
    return kind is str or getattr(kind, "__origin__", None) is str


def known_keys(path: KeyPath) -> tuple[str, ...]:
    """The keys that may stand at a path; none where a value or names stand."""
    kind = _kind(path)
    return tuple(_keys(kind)) if _is_section(kind) else ()


def _kind(path: KeyPath) -> Any:
    """The annotation of the key at a path."""
    kind: Any = Root
    for step in path:
        # of dict[str, X] and list[X]: X
        kind = _keys(kind).get(str(step)) if _is_section(kind) else getattr(kind, "__args__", (None,))[-1]
    return kind


def _keys(section: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in section.model_fields.items()}


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
