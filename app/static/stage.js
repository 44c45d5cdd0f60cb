// The page that is looked at: its pictures in the view, and how far it is.

import * as api from "./api.js";
import { describe } from "./list.js";
import { tinted } from "./view.js";

const $ = (id) => document.getElementById(id);

const decoded = async (blob) => createImageBitmap(await blob);

export class Stage {
  #shown = ""; // a row's key and the result's version

  constructor(view, brush) {
    Object.assign(this, { view, brush });
  }

  show(row) {
    const { page } = row, [text, mood] = describe(row);
    const note = $("progress"), bar = note.querySelector("progress");
    note.hidden = mood === "good";
    note.classList.toggle("bad", mood === "bad");
    note.querySelector("span").textContent = text;
    bar.hidden = mood !== "busy";
    if (page?.done) [bar.max, bar.value] = [page.total, page.done];
    else bar.removeAttribute("value");
    $("stage").classList.toggle("veiled", !page?.version);
    $("tools").classList.toggle("idle", !page?.version);
    this.#load(row);
  }

  async showInk(row, shown) {
    this.view.showInk = shown;
    if (shown && row.page?.version && !this.view.layers.ink) {
      this.view.layers.ink = await this.#ink(row);
    }
    this.view.draw();
  }

  async #ink({ entry, number }) {
    return tinted(await decoded(api.picture(entry.job.id, number, "mask")));
  }

  /** Show a row's pictures unless they are shown already. */
  async #load(row) {
    const { key, page } = row, version = page?.version ?? 0, wanted = `${key}@${version}`;
    if (this.#shown === wanted) return;
    const other = !this.#shown.startsWith(`${key}@`);
    const first = other || this.#shown === `${key}@0`;
    this.#shown = wanted;
    if (other) this.view.show({}, false);
    try {
      const layers = version ? await this.#pictures(row, first) : await this.#file(row);
      if (this.#shown !== wanted) return;
      this.view.show(layers, other || !this.view.layers.before);
      if (first) this.brush.strokes = row.entry.strokes.get(row.number) ?? [];
      $("undo").disabled = !this.brush.strokes.length;
      $("divider").hidden = !layers.after;
    } catch {
      if (this.#shown === wanted) this.#shown = ""; // to be tried again
    }
  }

  async #pictures(row, first) {
    const { entry, number } = row, { view } = this;
    const picture = (kind) => decoded(api.picture(entry.job.id, number, kind));
    if (!entry.strokes.has(number)) {
      entry.strokes.set(number, await api.getStrokes(entry.job.id, number));
    }
    const [before, after, ink] = await Promise.all([
      first ? picture("input") : view.layers.before, picture("result"),
      view.showInk ? this.#ink(row) : null]);
    return { before, after, ink };
  }

  /** What the browser itself can show of a file that is not erased yet. */
  async #file({ entry }) {
    if (!entry.file?.type.startsWith("image/")) return {};
    return { before: await decoded(entry.file).catch(() => null) };
  }
}
