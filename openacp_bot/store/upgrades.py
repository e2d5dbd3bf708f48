"""The tables, as numbered upgrades: entry n brings a file from version n to n + 1.

1. An entry that was released is never changed; a change of the tables is a new entry.
2. An entry is plain statements without BEGIN, COMMIT or PRAGMA; it is carried out whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

FIRST = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    agent TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    workspace TEXT NOT NULL,
    source TEXT NOT NULL,
    owner TEXT NOT NULL,
    created_at REAL NOT NULL,
    active_at REAL NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    conversation TEXT NOT NULL,
    current_model TEXT NOT NULL,
    title TEXT NOT NULL,
    title_rank INTEGER NOT NULL,
    sought TEXT NOT NULL,               -- what a search looks at: the shown title, in folded case
    task TEXT NOT NULL,
    sticky TEXT NOT NULL,
    pinned INTEGER NOT NULL,
    held INTEGER NOT NULL,
    bypass INTEGER NOT NULL,
    verbosity TEXT,
    options TEXT NOT NULL,
    grants TEXT NOT NULL,
    prompts INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    archived_at REAL,
    handed_over INTEGER NOT NULL,
    deleted_at REAL                     -- unseen from then on, until it is erased
) STRICT;
CREATE INDEX sessions_active ON sessions (pinned, active_at) WHERE deleted_at IS NULL AND archived_at IS NULL;
CREATE INDEX sessions_archive ON sessions (pinned, active_at) WHERE deleted_at IS NULL AND archived_at IS NOT NULL;
CREATE INDEX sessions_live ON sessions (active_at) WHERE deleted_at IS NULL AND state IN ('initializing', 'active');
CREATE INDEX sessions_states ON sessions (state) WHERE deleted_at IS NULL AND archived_at IS NULL;
CREATE INDEX sessions_deleted ON sessions (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX sessions_workspaces ON sessions (workspace, active_at) WHERE deleted_at IS NULL;
CREATE INDEX sessions_tasks ON sessions (task, active_at) WHERE task <> '';
CREATE UNIQUE INDEX sessions_sticky ON sessions (sticky)
    WHERE sticky <> '' AND deleted_at IS NULL AND archived_at IS NULL;

CREATE TABLE processes (
    pid INTEGER NOT NULL,
    started REAL NOT NULL,
    session TEXT NOT NULL,              -- no reference: an orphan survives its session
    PRIMARY KEY (pid, started)
) STRICT;

CREATE TABLE places (
    id TEXT PRIMARY KEY,
    session TEXT REFERENCES sessions ON DELETE SET NULL,
    adapter TEXT NOT NULL,
    space TEXT NOT NULL,
    topic TEXT,                         -- NULL: not opened yet; empty: a chat without topics
    title TEXT NOT NULL,
    wanted TEXT NOT NULL,
    url TEXT NOT NULL,
    opening_at REAL,                    -- a call that opens it has left
    created_at REAL NOT NULL
) STRICT;
CREATE INDEX places_sessions ON places (session);
CREATE INDEX places_spaces ON places (adapter, space);
CREATE UNIQUE INDEX places_addresses ON places (adapter, space, topic) WHERE topic IS NOT NULL AND wanted = 'open';

CREATE TABLE inbox (
    key TEXT PRIMARY KEY,
    at REAL NOT NULL,
    effect TEXT NOT NULL
) STRICT;

CREATE TABLE prompts (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    asked_at REAL NOT NULL,
    kind TEXT NOT NULL,
    place TEXT,
    message TEXT NOT NULL,
    files TEXT NOT NULL,
    position REAL NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT NOT NULL,
    started_at REAL,
    ended_at REAL
) STRICT;
CREATE INDEX prompts_waiting ON prompts (session, position) WHERE state IN ('gathering', 'queued');
CREATE INDEX prompts_running ON prompts (started_at) WHERE state = 'started';
CREATE INDEX prompts_started ON prompts (session, started_at);
CREATE INDEX prompts_ended ON prompts (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX prompts_messages ON prompts (message) WHERE message <> '';

CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    key TEXT NOT NULL,
    first INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    turn TEXT,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    body TEXT,                          -- NULL: kept in its own table (prompts, questions)
    blob TEXT NOT NULL DEFAULT ''       -- the file that holds it whole; body is then an outline
) STRICT;
CREATE UNIQUE INDEX items_keys ON items (session, key);
CREATE INDEX items_order ON items (session, first);
CREATE INDEX items_revs ON items (session, rev);

CREATE TABLE texts (
    item INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
    part INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (item, part)
) STRICT;

CREATE TABLE questions (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    turn TEXT,
    asked_at REAL NOT NULL,
    expires_at REAL,
    body TEXT NOT NULL,
    settled TEXT                        -- NULL: open
) STRICT;
CREATE INDEX questions_sessions ON questions (session);
CREATE INDEX questions_open ON questions (asked_at) WHERE settled IS NULL;

CREATE TABLE menus (
    id TEXT PRIMARY KEY,
    actions TEXT NOT NULL,
    session TEXT,
    presser TEXT,
    question TEXT,
    expires_at REAL,
    spent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX menus_sessions ON menus (session) WHERE session IS NOT NULL;

CREATE TABLE expecting (
    adapter TEXT NOT NULL,
    space TEXT NOT NULL,
    topic TEXT NOT NULL,
    who TEXT NOT NULL,
    token TEXT NOT NULL,
    field TEXT NOT NULL,
    given TEXT NOT NULL,
    expires_at REAL NOT NULL,
    PRIMARY KEY (adapter, space, topic, who)
) STRICT;

CREATE TRIGGER deleted_sessions_take_no_prompts BEFORE INSERT ON prompts
    WHEN EXISTS (SELECT 1 FROM sessions WHERE id = NEW.session AND deleted_at IS NOT NULL)
    BEGIN SELECT raise(ABORT, 'the session was deleted'); END;
CREATE TRIGGER deleted_sessions_take_no_questions BEFORE INSERT ON questions
    WHEN EXISTS (SELECT 1 FROM sessions WHERE id = NEW.session AND deleted_at IS NOT NULL)
    BEGIN SELECT raise(ABORT, 'the session was deleted'); END;
CREATE TRIGGER deleted_sessions_take_no_places BEFORE INSERT ON places
    WHEN EXISTS (SELECT 1 FROM sessions WHERE id = NEW.session AND deleted_at IS NOT NULL)
    BEGIN SELECT raise(ABORT, 'the session was deleted'); END;

CREATE TABLE cards (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL REFERENCES places,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    rank INTEGER NOT NULL,
    final INTEGER NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    not_before REAL NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    UNIQUE (place, kind, ref)
) STRICT;
CREATE INDEX cards_open ON cards (place) WHERE settled = 0;
CREATE INDEX cards_refs ON cards (ref);

CREATE TABLE pages (
    card TEXT NOT NULL REFERENCES cards ON DELETE CASCADE,
    number INTEGER NOT NULL,
    message TEXT,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    PRIMARY KEY (card, number)
) STRICT;

CREATE TABLE gates (
    gate TEXT PRIMARY KEY,
    closed_until REAL NOT NULL
) STRICT;

CREATE TABLE usage (
    session TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    at REAL NOT NULL,
    used INTEGER NOT NULL,
    cost REAL,
    currency TEXT NOT NULL
) STRICT;
CREATE INDEX usage_sessions ON usage (session, at);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    decision TEXT NOT NULL,
    session TEXT NOT NULL,
    rule TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
"""

SECOND = """
ALTER TABLE places ADD COLUMN shown TEXT;                           -- NULL: not made yet
ALTER TABLE places ADD COLUMN named TEXT NOT NULL DEFAULT '';
ALTER TABLE places ADD COLUMN renames INTEGER NOT NULL DEFAULT 0;
ALTER TABLE places ADD COLUMN insists INTEGER NOT NULL DEFAULT 0;
ALTER TABLE places ADD COLUMN refused TEXT NOT NULL DEFAULT '';
ALTER TABLE places ADD COLUMN asked_in TEXT;
ALTER TABLE places ADD COLUMN lost_at REAL NOT NULL DEFAULT 0;
UPDATE places SET shown = 'open', named = title WHERE topic IS NOT NULL;
DROP INDEX places_spaces;
CREATE INDEX places_topics ON places (adapter, space, topic);

ALTER TABLE prompts ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';    -- one for each chat message, if they are not all
CREATE INDEX prompts_parts ON prompts (asked_at) WHERE parts <> '[]';

ALTER TABLE inbox ADD COLUMN reply TEXT NOT NULL DEFAULT '';        -- what was said to it

CREATE INDEX items_turns ON items (session, turn);

DROP TABLE pages;
DROP TABLE cards;
CREATE TABLE cards (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    ref TEXT NOT NULL,
    place TEXT,                         -- NULL: it stands at the address
    adapter TEXT NOT NULL,
    space TEXT,                         -- with topic, the address; NULL: it stands in the place
    topic TEXT,
    session TEXT NOT NULL,              -- no reference: the answer to a deletion survives the session
    body TEXT NOT NULL,
    answers TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    not_before REAL NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    UNIQUE (kind, ref)
) STRICT;
CREATE INDEX cards_open ON cards (adapter) WHERE settled = 0;
CREATE INDEX cards_sessions ON cards (session);

CREATE TABLE pages (
    card TEXT NOT NULL REFERENCES cards ON DELETE CASCADE,
    number INTEGER NOT NULL,
    message TEXT,
    state TEXT NOT NULL,
    rings INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    PRIMARY KEY (card, number)
) STRICT;
CREATE INDEX pages_messages ON pages (message) WHERE message IS NOT NULL;

CREATE TABLE notes (
    adapter TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (adapter, key)
) STRICT;
"""

THIRD = """
ALTER TABLE expecting ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
"""

UPGRADES: Sequence[str] = (FIRST, SECOND, THIRD)
