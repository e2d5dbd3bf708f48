"""A real ACP agent process, driven by words in the prompt: `python tests/stub_agent.py [flags]`.

A prompt is one or more steps separated by `;`; what is no known word is echoed as `You said: …`. Each step streams
what it has to say; the turn then ends with `end_turn`, unless a step says otherwise.

    hello | echo TEXT | think TEXT | chunks N [TEXT] | big MEGABYTES | slow N SECONDS (N chunks, stops at cancel)
    ids (chunks with messageId a, a, b) | image | link PATH | file | title TEXT | usage | commands | notice | compaction
    plan | tool | edit PATH (a call with a diff) | run (terminal_output_delta and terminal_exit) | unfinished (a call)
    permission [TITLE] | permission first (no tool_call before) | two permissions | long options (ids of 300 characters)
    no options | odd option | ask later (a permission after the turn) | withdraw (asks, then $/cancel_request)
    impatient (asks, and ends the turn at cancel without waiting) | form | url
    read PATH [LINE LIMIT] | reads N PATH (all at once, then how many characters came) | write PATH TEXT | terminal
    request METHOD | notify METHOD | odd update | odd stop
    wait (for cancel, then `cancelled`) | wait error (then an error) | deaf SECONDS (not even then) | never
    error TEXT | login (error -32000) | late TEXT (0.05 s after the result) | stop REASON | null (a null result)
    garbage (lines that are no protocol) | stderr KILOBYTES | die CODE TEXT | leave CODE (exits after the turn)
    stray [deaf] (the pid of a process that is no child of the agent, in a session of its own)
    close stdout | env NAME | cwd | mcp | caps | family (pids) | option ID (its value) | sessions (what was called)

Flags:
    --load (replays two messages) --load-fails --load-empty ({}, no replay) --resume --resume-fails --close-delete
    --options (config options mode, model, fast) --old (modes and models) --refuse-options --takes image,audio,embedded
    --mcp http,sse --string-ids (of its requests) --string-answers (ids of its answers are strings) --greet
    --banner N --version N --silent --deaf-new --login --exit CODE --stderr TEXT
    --trust (asks before session/new answers) --model NAME (only remembered)
    --ignore-term --ignore-all (not even stdin's end) --grandchild (holds stdout) --daemon (a child in its own session)
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SWITCHES = (
    "load load-fails load-empty resume resume-fails close-delete options old refuse-options string-ids string-answers "
    "greet silent deaf-new login trust ignore-term ignore-all grandchild daemon"
)
LOGINS = [
    {"id": "browser", "name": "Sign in", "description": "Opens a browser."},
    {"type": "terminal", "id": "cli", "name": "Terminal", "args": ["--login"], "env": {"STUB_LOGIN": "1"}},
]


def flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in SWITCHES.split():
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--banner", type=int, default=0)
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--exit", type=int)
    for name in ("takes", "mcp", "stderr", "model"):
        parser.add_argument(f"--{name}", default="")
    return parser.parse_args()


class Refusal(Exception):
    """An error answer."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({"data": data} if data is not None else {})


class Wire:
    """Lines out, and the answers to our own requests."""

    def __init__(self, string_ids: bool, string_answers: bool) -> None:
        self._lock = threading.Lock()
        self._string_ids = string_ids
        self._string_answers = string_answers
        self._last = 0
        self._answers: dict[int | str, Json] = {}
        self._answered = threading.Condition()

    def raw(self, data: bytes) -> None:
        with self._lock:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def send(self, message: Json) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def reply(self, id: int | str, work: Callable[[], Any]) -> None:
        try:
            answer: Json = {"result": work()}
        except Refusal as refusal:
            answer = {"error": refusal.error}
        except Exception as error:  # noqa: BLE001 the root of a request: a slip in a test's words must not hang it
            answer = {"error": {"code": -32603, "message": repr(error)}}
        self.send({"id": str(id) if self._string_answers else id, **answer})

    def request(self, method: str, params: Json) -> int | str:
        self._last += 1
        id: int | str = f"req-{self._last}" if self._string_ids else self._last
        self.send({"id": id, "method": method, "params": params})
        return id

    def answer(self, id: int | str) -> Json:
        with self._answered:
            self._answered.wait_for(lambda: id in self._answers)
            return self._answers.pop(id)

    def ask(self, method: str, params: Json) -> Json:
        return self.answer(self.request(method, params))

    def answered(self, message: Json) -> None:
        with self._answered:
            self._answers[message["id"]] = message
            self._answered.notify_all()


class Conversation:
    """One session: its words, and what it was told."""

    def __init__(self, id: str, wire: Wire, params: Json, agent: Agent) -> None:
        self.id = id
        self.cwd = params.get("cwd", "")
        self.mcp = params.get("mcpServers", [])
        self.cancelled = threading.Event()
        self.settings: dict[str, Any] = {"mode": "ask", "model": "small", "fast": False}
        self.after: Callable[[], None] | None = None
        self._wire = wire
        self._agent = agent
        self._calls = 0

    def prompt(self, text: str) -> Any:
        self.after = None
        result: Any = "end_turn"
        for step in text.split(";"):
            result = self._step(step.strip()) or result
        return {"stopReason": result} if isinstance(result, str) else None

    def ended(self) -> None:
        """What a step wanted to happen after the turn."""
        if self.after:
            self.after()

    def update(self, what: str, /, **fields: Any) -> None:
        update = {"sessionUpdate": what, **fields}
        self._wire.send({"method": "session/update", "params": {"sessionId": self.id, "update": update}})

    def say(self, text: str, kind: str = "agent_message_chunk", **fields: Any) -> None:
        self.update(kind, content={"type": "text", "text": text}, **fields)

    def _step(self, step: str) -> Any:
        words = step.split()
        names = ["_".join(words[:2]), words[0] if words else ""]
        for count, name in zip((2, 1), names, strict=True):
            if work := getattr(self, f"do_{name}", None):
                takes = work.__code__.co_argcount - 1
                return work(*step.split(maxsplit=count)[count:][:takes])
        return self.say(f"You said: {step}")

    # --- saying

    def do_hello(self, rest: str = "") -> None:
        self.say("Hello ")
        self.say("from the stub.")

    def do_echo(self, text: str = "") -> None:
        self.say(text)

    def do_think(self, text: str = "hm") -> None:
        self.say(text, "agent_thought_chunk")

    def do_chunks(self, rest: str) -> None:
        count, _, text = rest.partition(" ")
        head = {"jsonrpc": "2.0", "method": "session/update"}
        lines = []
        for number in range(int(count)):
            update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text or f"{number} "}}
            lines.append(json.dumps({**head, "params": {"sessionId": self.id, "update": update}}).encode())
            if len(lines) == 500 or number == int(count) - 1:
                self._wire.raw(b"\n".join(lines) + b"\n")
                lines.clear()

    def do_big(self, megabytes: str) -> None:
        self.say("x" * (int(megabytes) * 1024 * 1024))

    def do_slow(self, rest: str) -> str | None:
        count, seconds = rest.split()
        for number in range(int(count)):
            self.say(f"{number} ")
            if self.cancelled.wait(float(seconds)):
                return "cancelled"
        return None

    def do_ids(self) -> None:
        for id, text in (("a", "one "), ("a", "two "), ("b", "three")):
            self.say(text, messageId=id)

    def do_image(self) -> None:
        self.update("agent_message_chunk", content={"type": "image", "data": PIXEL, "mimeType": "image/png"})

    def do_link(self, path: str) -> None:
        link = {"type": "resource_link", "uri": f"file://{path}", "name": os.path.basename(path)}
        self.update("agent_message_chunk", content=link)

    def do_file(self) -> None:
        resource = {"uri": "file:///notes/plan.md", "text": "# Plan", "mimeType": "text/markdown"}
        self.update("agent_message_chunk", content={"type": "resource", "resource": resource})

    def do_title(self, text: str) -> None:
        self.update("session_info_update", title=text)

    def do_usage(self) -> None:
        self.update("usage_update", used=1200, size=200000, cost={"amount": 0.25, "currency": "USD"})

    def do_commands(self) -> None:
        commands = [{"name": "review", "description": "Review it", "input": {"hint": "what"}}]
        self.update("available_commands_update", availableCommands=commands)

    def do_notice(self) -> None:
        self.update("notice", severity="warning", title="Nearly out of credit")

    def do_compaction(self) -> None:
        self.update("compaction_update", compactionId="c", status="completed")

    # --- tools

    def do_plan(self) -> None:
        entries = [("Look", "completed", "high"), ("Change", "in_progress", "medium"), ("Test", "pending", "low")]
        self.update("plan", entries=[{"content": c, "status": s, "priority": p} for c, s, p in entries])

    def call(self, title: str, kind: str, **fields: Any) -> str:
        self._calls += 1
        id = f"call-{self._calls}"
        self.update("tool_call", toolCallId=id, title=title, kind=kind, status="in_progress", **fields)
        return id

    def done(self, id: str, text: str = "", **fields: Any) -> None:
        content = {"content": [{"type": "content", "content": {"type": "text", "text": text}}]} if text else {}
        self.update("tool_call_update", toolCallId=id, status="completed", **content, **fields)

    def do_tool(self) -> None:
        id = self.call(
            "Read notes", "read", locations=[{"path": "/notes.txt", "line": 3}], rawInput={"path": "/notes.txt"}
        )
        self.done(id, "the notes")

    def do_edit(self, path: str = "/notes.txt") -> None:
        diff = {"type": "diff", "path": path, "oldText": "old\n", "newText": "new\n"}
        self.done(self.call(f"Edit {path}", "edit", content=[diff]))

    def do_run(self) -> None:
        id = self.call("ls", "execute", rawInput={"command": ["bash", "-lc", "ls -l"]})
        self.update("tool_call_update", toolCallId=id, content=[{"type": "terminal", "terminalId": "t"}])
        for text in (".", ".", "done\n"):
            self.update(
                "tool_call_update", toolCallId=id, _meta={"terminal_output_delta": {"data": text, "terminal_id": "t"}}
            )
        meta = {"terminal_exit": {"exit_code": 2, "terminal_id": "t"}}
        self.done(id, rawOutput={"aggregated_output": "..done\n"}, _meta=meta)

    def do_unfinished(self) -> None:
        self.call("Never ends", "other")

    # --- questions

    def permit(self, title: str = "Write file", options: list[Json] | None = None, announce: bool = True) -> Json:
        self._calls += 1
        call = {"toolCallId": f"call-{self._calls}", "title": title, "kind": "edit", "rawInput": {"path": "a.txt"}}
        if announce:
            self.update("tool_call", **call, status="pending")
        diff = {"type": "diff", "path": "a.txt", "oldText": None, "newText": "new\n"}
        options = options or [
            {"optionId": "yes", "name": "Allow", "kind": "allow_once"},
            {"optionId": "no", "name": "Reject", "kind": "reject_once"},
        ]
        return {"sessionId": self.id, "toolCall": {**call, "content": [diff]}, "options": options}

    def settle(self, params: Json, answer: Json) -> None:
        outcome = answer.get("result", {}).get("outcome", {})
        chosen = outcome.get("optionId") or outcome.get("outcome") or f"error {answer.get('error', {}).get('code')}"
        status = "completed" if chosen == "yes" else "failed"
        self.update("tool_call_update", toolCallId=params["toolCall"]["toolCallId"], status=status)
        self.say(f"[{params['toolCall']['title']}: {chosen}]")

    def permission(self, params: Json) -> None:
        self.settle(params, self._wire.ask("session/request_permission", params))

    def do_permission(self, title: str = "Write file") -> None:
        self.permission(self.permit(title))

    def do_permission_first(self) -> None:
        self.permission(self.permit("Straight", announce=False))

    def do_two_permissions(self) -> None:
        both = [self.permit("First"), self.permit("Second")]
        asked = [(params, self._wire.request("session/request_permission", params)) for params in both]
        for params, id in asked:
            self.settle(params, self._wire.answer(id))

    def do_long_options(self) -> None:
        kinds = ("allow_once", "allow_always", "reject_once")
        self.permission(
            self.permit(options=[{"optionId": kind[0:5].ljust(300, "x"), "name": kind, "kind": kind} for kind in kinds])
        )

    def do_odd_option(self) -> None:
        self.permission(self.permit(options=[{"optionId": "maybe", "name": "Perhaps", "kind": "allow_on_sundays"}]))

    def do_no_options(self) -> None:
        params = {**self.permit(), "options": [{"name": "without an id"}, 3]}
        self.permission(params)

    def do_ask_later(self) -> None:
        self.after = lambda: self.permission(self.permit("Later"))

    def do_withdraw(self) -> None:
        params = self.permit("Withdrawn")
        id = self._wire.request("session/request_permission", params)
        self._wire.send({"method": "$/cancel_request", "params": {"requestId": id}})
        self.settle(params, self._wire.answer(id))

    def do_impatient(self) -> str:
        self._wire.request("session/request_permission", self.permit("Impatient"))
        self.cancelled.wait()
        return "cancelled"

    def do_form(self) -> None:
        schema = {
            "type": "object",
            "properties": {
                "colour": {
                    "type": "string",
                    "oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}],
                },
                "size": {"type": "integer", "title": "Size", "default": 3},
                "sure": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string", "enum": ["x", "y", "z"]}},
                "note": {"type": "string", "description": "Anything else"},
            },
            "required": ["colour", "sure"],
        }
        params = {"sessionId": self.id, "mode": "form", "message": "Which one?", "requestedSchema": schema}
        self.say("[form: " + json.dumps(self._wire.ask("elicitation/create", params).get("result")) + "]")

    def do_url(self) -> None:
        params = {
            "sessionId": self.id,
            "mode": "url",
            "message": "Go",
            "url": "https://example.org",
            "elicitationId": "e",
        }
        self.say("[url: " + json.dumps(self._wire.ask("elicitation/create", params).get("result")) + "]")

    # --- requests

    def told(self, method: str, params: Json) -> None:
        answer = self._wire.ask(method, {"sessionId": self.id, **params})
        self.say(json.dumps(answer.get("result", answer.get("error"))))

    def do_read(self, rest: str) -> None:
        path, *range_ = rest.split()
        bounds = dict(zip(("line", "limit"), map(int, range_), strict=False))
        self.told("fs/read_text_file", {"path": path, **bounds})

    def do_reads(self, rest: str) -> None:
        count, path = rest.split()
        params = {"sessionId": self.id, "path": path}
        asked = [self._wire.request("fs/read_text_file", params) for _ in range(int(count))]
        self.say(str(sum(len(self._wire.answer(id)["result"]["content"]) for id in asked)))

    def do_write(self, rest: str) -> None:
        path, _, text = rest.partition(" ")
        self.told("fs/write_text_file", {"path": path, "content": text})

    def do_terminal(self) -> None:
        self.told("terminal/create", {"command": "ls"})

    def do_request(self, method: str) -> None:
        self.told(method, {})

    def do_notify(self, method: str) -> None:
        self._wire.send({"method": method, "params": {"sessionId": self.id}})

    def do_odd_update(self) -> None:
        self.update("telepathy", strength=3)

    # --- ends

    def do_stop(self, reason: str) -> str:
        return reason

    def do_odd_stop(self) -> str:
        return "bored"

    def do_null(self) -> Json:
        return {"nothing": True}

    def do_wait(self) -> str:
        self.cancelled.wait()
        return "cancelled"

    def do_wait_error(self) -> None:
        self.cancelled.wait()
        raise Refusal(-32603, "aborted")

    def do_deaf(self, seconds: str) -> None:
        time.sleep(float(seconds))

    def do_never(self) -> None:
        threading.Event().wait()

    def do_error(self, text: str = "failed") -> None:
        raise Refusal(-32603, "Internal error", {"details": text})

    def do_login(self) -> None:
        raise Refusal(-32000, "Authentication required")

    def do_late(self, text: str) -> None:
        def after() -> None:
            time.sleep(0.05)
            self.say(text)

        self.after = after

    # --- faults

    def do_garbage(self) -> None:
        lines = [
            b"Debugger attached.",
            b"42",
            b"[1]",
            b"null",
            b'"words"',
            b"{",
            b"\xff\xfe",
            b'{"id": 9999, "result": {}}',
        ]
        lines += [b'{"jsonrpc":"2.0","id":9998,"error":"no object"}', b'{"method":"session/update","params":[1]}', b""]
        self._wire.raw(b"\n".join(lines) + b"\n")

    def do_stderr(self, kilobytes: str) -> None:
        os.write(2, b"noise " * 170 * int(kilobytes))

    def do_die(self, rest: str) -> None:
        code, _, text = rest.partition(" ")
        os.write(2, f"{text}\n".encode())
        os._exit(int(code))

    def do_leave(self, code: str) -> None:
        self.after = lambda: os._exit(int(code))

    def do_stray(self, deaf: str = "") -> None:
        ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" if deaf else ""
        stray = [sys.executable, "-c", f"{ignore}print('up', flush=True); import time; time.sleep(120)"]
        parent = (
            "import subprocess, sys;"
            "stray = subprocess.Popen(sys.argv[1:], start_new_session=True, stdin=subprocess.DEVNULL,"
            " stdout=subprocess.PIPE, stderr=subprocess.DEVNULL);"
            "stray.stdout.readline(); print(stray.pid)"
        )
        self.say(subprocess.check_output([sys.executable, "-c", parent, *stray]).decode().strip())

    def do_close_stdout(self) -> None:
        os.close(1)
        threading.Event().wait()

    # --- what it knows

    def do_env(self, name: str) -> None:
        self.say(f"{name}={os.environ.get(name, '-')}")

    def do_cwd(self) -> None:
        self.say(os.getcwd())

    def do_mcp(self) -> None:
        self.say(json.dumps(self.mcp))

    def do_caps(self) -> None:
        self.say(json.dumps(self._agent.client))

    def do_family(self) -> None:
        self.say(json.dumps([os.getpid(), *self._agent.children]))

    def do_option(self, id: str) -> None:
        self.say(f"{id}={self.settings.get(id)} flag={self._agent.flags.model or '-'}")

    def do_sessions(self) -> None:
        self.say(json.dumps(self._agent.called))


class Agent:
    """The process: its methods, and its conversations."""

    def __init__(self, flags: argparse.Namespace) -> None:
        self.flags = flags
        self.client: Json = {}
        self.children: list[int] = []
        self.called: list[str] = []
        self._wire = Wire(flags.string_ids, flags.string_answers)
        self._conversations: dict[str, Conversation] = {}

    def serve(self) -> None:
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if "method" not in message:
                self._wire.answered(message)
            elif message["method"] == "session/cancel":
                self._conversations[message["params"]["sessionId"]].cancelled.set()
            elif "id" in message:
                if message["method"] == "session/prompt":  # here, so that a cancel right behind it counts
                    self._conversations[message["params"]["sessionId"]].cancelled.clear()
                threading.Thread(target=self._answer, args=(message,), daemon=True).start()
        if self.flags.ignore_all:
            threading.Event().wait()

    def _answer(self, message: Json) -> None:
        method, params = message["method"], message["params"]
        if method.startswith("session/") and method != "session/prompt":
            self.called.append(method)
        work = getattr(self, method.replace("session/", "session_"), None)
        if method == "session/prompt":
            self._prompt(message["id"], self._conversations[params["sessionId"]], params["prompt"])
        elif work is None:
            self._wire.reply(message["id"], lambda: self._unknown(method))
        else:
            self._wire.reply(message["id"], lambda: work(params))

    def _prompt(self, id: int | str, conversation: Conversation, blocks: list[Json]) -> None:
        text = blocks[0]["text"]
        if blocks[1:]:
            conversation.say(f"[blocks: {' '.join(block['type'] for block in blocks)}] ")
        self._wire.reply(id, lambda: conversation.prompt(text))
        conversation.ended()

    def _unknown(self, method: str) -> None:
        raise Refusal(-32601, f"no such method: {method}")

    def initialize(self, params: Json) -> Json:
        self.client = params["clientCapabilities"]
        if self.flags.silent:
            threading.Event().wait()
        given = self.flags
        session: Json = {"resume": {}} if given.resume or given.resume_fails else {}
        session |= {"close": {}, "delete": {}} if given.close_delete else {}
        takes = {"embeddedContext" if name == "embedded" else name: True for name in given.takes.split(",") if name}
        return {
            "protocolVersion": given.version,
            "agentInfo": {"name": "stub", "version": "1"},
            "agentCapabilities": {
                "loadSession": given.load or given.load_fails or given.load_empty,
                "promptCapabilities": takes,
                "mcpCapabilities": {name: True for name in given.mcp.split(",") if name},
                "sessionCapabilities": session,
            },
            "authMethods": LOGINS,
        }

    def session_new(self, params: Json) -> Json:
        if self.flags.login:
            raise Refusal(-32000, "Authentication required")
        if self.flags.deaf_new:
            threading.Event().wait()
        id = f"stub-{os.getpid()}-{len(self._conversations) + 1}"
        conversation = self._conversations[id] = Conversation(id, self._wire, params, self)
        if self.flags.trust:
            conversation.permission(conversation.permit("Trust this folder"))
        if self.flags.greet:
            threading.Timer(0.02, conversation.say, args=("Welcome.",)).start()
        return {"sessionId": id, **self._settings(conversation)}

    def session_load(self, params: Json) -> Json:
        conversation = self._taken_up(params, fails=self.flags.load_fails)
        if self.flags.load_empty:
            return {}
        conversation.say("an old question", "user_message_chunk")
        conversation.say("an old answer")
        conversation.do_commands()
        conversation.do_title("An old title")
        return self._settings(conversation)

    def session_resume(self, params: Json) -> Json:
        return self._settings(self._taken_up(params, fails=self.flags.resume_fails))

    def _taken_up(self, params: Json, *, fails: bool) -> Conversation:
        if fails:
            raise Refusal(-32002, "Resource not found")
        id = params["sessionId"]
        self._conversations[id] = Conversation(id, self._wire, params, self)
        return self._conversations[id]

    def session_close(self, params: Json) -> Json:
        return {}

    def session_delete(self, params: Json) -> Json:
        return {}

    def session_set_config_option(self, params: Json) -> Json:
        return self._set(params, params["configId"], params["value"])

    def session_set_mode(self, params: Json) -> Json:
        self._set(params, "mode", params["modeId"])
        return {}

    def session_set_model(self, params: Json) -> Json:
        self._set(params, "model", params["modelId"])
        return {}

    def _set(self, params: Json, option: str, value: Any) -> Json:
        conversation = self._conversations[params["sessionId"]]
        if self.flags.refuse_options or value == "huge":
            raise Refusal(-32602, f"no such value: {value}")
        conversation.settings[option] = value
        return self._settings(conversation)

    def _settings(self, conversation: Conversation) -> Json:
        now = conversation.settings
        if self.flags.options:
            choices = {"mode": ("ask", "auto"), "model": ("small", "large")}
            selects = [
                {"id": id, "name": id.title(), "category": id, "type": "select", "currentValue": now[id]}
                | {"options": [{"value": value, "name": value.title()} for value in values]}
                for id, values in choices.items()
            ]
            return {
                "configOptions": [
                    *selects,
                    {"id": "fast", "name": "Fast", "type": "boolean", "currentValue": now["fast"]},
                ]
            }
        if self.flags.old:
            models = [{"modelId": value, "name": value.title()} for value in ("small", "large")]
            modes = [{"id": value, "name": value.title()} for value in ("ask", "auto")]
            return {
                "modes": {"currentModeId": now["mode"], "availableModes": modes},
                "models": {"currentModelId": now["model"], "availableModels": models},
            }
        return {}

    def begin(self) -> None:
        """What happens before the first line is read."""
        if self.flags.stderr:
            os.write(2, f"{self.flags.stderr}\n".encode())
        self._wire.raw(b"Welcome to the stub!\n" * self.flags.banner)
        if self.flags.exit is not None:
            os._exit(self.flags.exit)
        if self.flags.ignore_term or self.flags.ignore_all:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sleeper = [sys.executable, "-c", "import time; time.sleep(120)"]
        if self.flags.grandchild:
            self.children.append(subprocess.Popen(sleeper).pid)
        if self.flags.daemon:
            self.children.append(subprocess.Popen(sleeper, start_new_session=True, stdout=subprocess.DEVNULL).pid)


if __name__ == "__main__":
    agent = Agent(flags())
    agent.begin()
    agent.serve()
    os._exit(0)
