// The documents on the page: sent to the server, followed until they are erased, kept there.

import * as api from "./api.js";
import { recall, remember } from "./store.js";

const AT_ONCE = 3; // uploads
const AGAIN = 2000; // milliseconds until a lost connection is tried again
const IN_USE = 25000; // milliseconds after which the server hears that results are still wanted
const STORE = "jobs"; // in the session: a phone may drop the page while its camera is open

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  });
});

/** Whether a job or a page has work left. */
export const unfinished = ({ state }) => state === "waiting" || state === "running";

/**
 * A file or what the server knows of it, and `what` is erased from it. `state` is 'sending',
 * 'queueFull', 'sent' (then `job` says more), 'cancelled', 'lost' or 'refused' (for the `reason`, a
 * Problem). `strokes` holds those of each page that the server has, by its number, as far as they
 * are known here; `redoing` settles when those on their way are there.
 */
class Entry {
  static count = 0;

  constructor(name, what, file = null, job = null) {
    Object.assign(this, { name, what, file, job, state: job ? "sent" : "sending", reason: null });
    this.key = ++Entry.count;
    this.strokes = new Map();
    this.redoing = Promise.resolve();
    this.abort = new AbortController();
  }

  /** Its pages: those that the server has told of, or else one without a job's page. */
  get rows() {
    const pages = this.job?.pages ?? [null];
    return pages.map((page, i) => ({
      key: `${this.key}/${i + 1}`, entry: this, page, number: i + 1, several: pages.length > 1,
    }));
  }

  /** Whether the server has it. */
  get live() {
    return this.state === "sent";
  }

  /** Whether there is something to cancel: a page not yet erased for the first time. */
  get begun() {
    if (this.live) return unfinished(this.job) && this.job.pages.some((page) => !page.version);
    return this.state === "sending" || this.state === "queueFull";
  }

  /** Whether sending it again may help. */
  get retriable() {
    if (!this.file || this.live || this.begun) return false;
    return this.state !== "refused" || ![413, 422].includes(this.reason.status);
  }
}

/** Dispatches 'change' whenever any of its entries did. */
export class Documents extends EventTarget {
  entries = [];
  #sending = 0;
  #stream = null;
  #timer = 0;

  constructor() {
    super();
    setInterval(() => document.visibilityState === "visible" && this.check(), IN_USE);
  }

  get rows() {
    return this.entries.flatMap((entry) => entry.rows);
  }

  /** Take up again what this browser's tab had before it was loaded anew. */
  async restore() {
    const stored = recall("sessionStorage", STORE);
    const ids = Array.isArray(stored) ? stored.filter((id) => /^[\w-]+$/.test(id)) : [];
    for (const found of await Promise.allSettled(ids.map(api.getJob))) {
      if (found.status === "fulfilled") {
        this.entries.push(new Entry(found.value.name, found.value.what, null, found.value));
      }
    }
    this.#changed();
    this.#follow();
  }

  add(files, what) {
    const added = files.map((file) => new Entry(file.name, what, file));
    this.entries.push(...added);
    this.#changed();
    this.#send();
    return added;
  }

  again(entry) {
    Object.assign(entry, { state: "sending", reason: null, job: null });
    entry.abort = new AbortController();
    entry.strokes.clear();
    this.#changed();
    this.#send();
  }

  /** Cancel what is left to do of a document; its row stays. */
  cancel(entry) {
    this.#end(entry);
    this.#changed();
    this.#follow();
  }

  remove(entry) {
    this.cancel(entry);
    this.entries = this.entries.filter((other) => other !== entry);
    this.#changed();
  }

  clear() {
    this.entries.forEach((entry) => this.#end(entry));
    this.entries = [];
    this.#changed();
    this.#follow();
  }

  #end(entry) {
    entry.abort.abort();
    if (entry.live) api.deleteJob(entry.job.id).catch(() => {});
    Object.assign(entry, { state: "cancelled", job: null });
  }

  /** Replace a page's strokes and have it redone. Rejects with a Problem. */
  redo(entry, number, strokes) {
    const redone = this.#redo(entry, number, strokes);
    entry.redoing = Promise.allSettled([entry.redoing, redone]);
    return redone;
  }

  async #redo(entry, number, strokes) {
    try {
      const job = await api.sendStrokes(entry.job.id, number, strokes);
      entry.strokes.set(number, strokes);
      this.#know(entry, job);
    } catch (problem) {
      if (problem.status === 404) this.#failed(entry, problem);
      throw problem;
    } finally {
      this.#follow();
    }
  }

  #send() {
    const next = this.entries.filter((entry) => entry.state === "sending" && !entry.underWay);
    for (const entry of next.slice(0, AT_ONCE - this.#sending)) {
      this.#sending += 1;
      entry.underWay = true;
      this.#upload(entry).finally(() => {
        entry.underWay = false;
        this.#sending -= 1;
        this.#send();
      });
    }
  }

  async #upload(entry) {
    const { signal } = entry.abort;
    try {
      for (;;) {
        try {
          const job = await api.sendFile(entry.file, entry.what, signal);
          if (signal.aborted) {
            await api.deleteJob(job.id);
            return;
          }
          entry.state = "sent";
          this.#know(entry, job);
          this.#follow();
          return;
        } catch (problem) {
          if (problem.status !== 429) throw problem;
          entry.state = "queueFull";
          this.#changed();
          await pause(problem.retryAfter || 5, signal);
        }
      }
    } catch (problem) {
      if (!signal.aborted) this.#failed(entry, problem);
    }
  }

  #know(entry, job) {
    if (!entry.live) return; // cancelled meanwhile
    entry.job = job;
    this.#changed();
  }

  #failed(entry, problem) {
    if (problem.status === 404) entry.state = "lost";
    else Object.assign(entry, { state: "refused", reason: problem });
    this.#changed();
  }

  /** Listen to the server as long as any document has work left. */
  #follow() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#stream?.close();
      const active = this.entries.filter((entry) => entry.live && unfinished(entry.job));
      if (!active.length) return;
      const stream = this.#stream = api.events(active.map((entry) => entry.job.id));
      stream.onmessage = ({ data }) => {
        const job = JSON.parse(data);
        this.#know(active.find((entry) => entry.job?.id === job.id) ?? {}, job);
        if (!active.some((entry) => entry.live && unfinished(entry.job))) stream.close();
      };
      stream.onerror = () => {
        stream.close();
        this.#timer = setTimeout(
          () => this.check(({ job }) => unfinished(job)).then(() => this.#follow()), AGAIN);
      };
    });
  }

  /** Ask for each document, or for some of them. */
  async check(which = () => true) {
    const asked = this.entries.filter((entry) => entry.live && which(entry));
    await Promise.all(asked.map(async (entry) => {
      try {
        this.#know(entry, await api.getJob(entry.job.id));
      } catch (problem) {
        if (problem.status === 404) this.#failed(entry, problem);
      }
    }));
  }

  #changed() {
    const ids = this.entries.filter((entry) => entry.live).map((entry) => entry.job.id);
    remember("sessionStorage", STORE, ids);
    this.dispatchEvent(new Event("change"));
  }
}
