// The one connection: comes back by itself, and repeats what a person did until the daemon has it.

const FIRST_WAIT = 300;
const LONGEST_WAIT = 10000;
const SILENCE = 40000; // the daemon says something at least every 15 s
const REPEAT_AFTER_TROUBLE = 3000;
const KEPT = "openacp unsent";

function uniqueId() {
  // randomUUID is missing where the page is not a secure context: another machine over plain HTTP.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Link {
  /** `on`: open(), frame(frame), state(sentence or ""), unsent(sayings). */
  constructor(on) {
    this.on = on;
    this.boot = "";
    this.longest = Infinity; // characters of one message; the daemon says
    this.socket = null;
    this.wait = FIRST_WAIT;
    this.failures = 0;
    this.heard = Date.now();
    this.acts = new Map(); // id → {saying, resolve}
    this.asks = new Map(); // number → {saying, resolve, reject}
    this.number = 0;
    this.timer = 0;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    setInterval(() => this.watchSilence(), 5000);
    this.restoreUnsent();
  }

  connect() {
    clearTimeout(this.timer);
    const socket = (this.socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`));
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.closed(event);
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  say(saying) {
    if (this.isOpen) this.socket.send(JSON.stringify(saying));
  }

  /** Something that a person did: `send`, `command` or `press`. Resolves with the reply (or null), however long it takes. */
  act(op, saying) {
    const id = uniqueId();
    return new Promise((resolve) => {
      this.acts.set(id, { saying: { op, id, ...saying }, resolve });
      this.keepUnsent();
      this.say(this.acts.get(id).saying);
    });
  }

  /** A look at something; rejects with the daemon's sentence. */
  ask(op, saying = {}) {
    const number = ++this.number;
    return new Promise((resolve, reject) => {
      this.asks.set(number, { saying: { op, number, ...saying }, resolve, reject });
      this.say(this.asks.get(number).saying);
    });
  }

  /** Messages that the daemon has not taken yet. */
  unsent() {
    return [...this.acts.values()].map((act) => act.saying).filter((saying) => saying.op === "send");
  }

  opened() {
    this.wait = FIRST_WAIT;
    this.failures = 0;
    this.heard = Date.now();
    this.on.state("");
    this.on.open();
    for (const { saying } of this.acts.values()) this.say(saying);
    for (const { saying } of this.asks.values()) this.say(saying);
  }

  take(frame) {
    this.heard = Date.now();
    if (frame.op === "welcome") this.welcomed(frame);
    else if (frame.op === "done") this.acknowledge(frame);
    else if (frame.op === "trouble") this.repeatLater(frame);
    else if (frame.op === "told") this.tell(frame);
    else if (frame.op === "stopping") this.on.state("openacp-bot is stopping. What you send waits until it is back.");
    else if (frame.op !== "beat") this.on.frame(frame);
  }

  welcomed({ boot, longest }) {
    this.boot = boot;
    this.longest = longest;
  }

  acknowledge({ id, reply }) {
    const act = this.acts.get(id);
    if (!act) return;
    this.acts.delete(id);
    this.keepUnsent();
    this.on.state("");
    act.resolve(reply);
  }

  repeatLater({ id, text }) {
    this.on.state(text);
    setTimeout(() => this.acts.has(id) && this.say(this.acts.get(id).saying), REPEAT_AFTER_TROUBLE);
  }

  tell({ number, error, ...told }) {
    const ask = this.asks.get(number);
    this.asks.delete(number);
    if (error === undefined) ask?.resolve(told);
    else ask?.reject(new Error(error));
  }

  closed(event) {
    if (event.code === 1003) return this.reloadOnce();
    this.failures += 1;
    this.on.state("Reconnecting…");
    // With jitter, so that many tabs do not come back in the same moment.
    this.timer = setTimeout(() => this.connect(), this.wait * (0.5 + Math.random() / 2));
    this.wait = Math.min(this.wait * 1.7, LONGEST_WAIT);
    if (this.failures % 3 === 0) this.checkKey();
  }

  /** The daemon was upgraded under an old page. */
  reloadOnce() {
    if (sessionStorage.getItem("openacp reloaded") === this.boot) return this.on.state("This page is out of date. Reload it.");
    sessionStorage.setItem("openacp reloaded", this.boot);
    location.reload();
  }

  /** A refused cookie looks like a lost connection to a WebSocket. */
  async checkKey() {
    const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) this.on.state("This page needs its key again: run openacp-bot open.");
  }

  hurry() {
    if (this.isOpen || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.wait = FIRST_WAIT;
    this.connect();
  }

  watchSilence() {
    if (!this.isOpen || Date.now() - this.heard < SILENCE) return;
    const dead = this.socket;
    this.socket = null;
    dead.close();
    this.closed({ code: 1006 });
  }

  keepUnsent() {
    const unsent = this.unsent();
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(unsent));
    } catch {
      // storage is full or forbidden: a reload would lose them, a lost connection does not
    }
    this.on.unsent(unsent);
  }

  restoreUnsent() {
    try {
      for (const saying of JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")) {
        this.acts.set(saying.id, { saying, resolve: () => {} });
      }
    } catch {
      sessionStorage.removeItem(KEPT);
    }
  }
}
