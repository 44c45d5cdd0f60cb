// The page that is looked at: its pictures in the view, and how far it is.

import * as api from "./api.js";
import { describe } from "./list.js";
import { close, tinted } from "./view.js";

const $ = (id) => document.getElementById(id);

const decoded = async (blob) => createImageBitmap(await blob);

export class Stage {
  #wanted = ""; // a row's key and the result's version
  #brushed = ""; // the key of the row whose result and strokes are here

  constructor(view, brush) {
    Object.assign(this, { view, brush });
  }

  /** Show a row, or nothing. */
  show(row) {
    if (row) this.#describe(row);
    this.#load(row);
  }

  #describe(row) {
    const { page } = row, [text, mood] = describe(row);
    const note = $("progress"), bar = note.querySelector("progress");
    note.hidden = mood === "good";
    note.classList.toggle("bad", mood === "bad");
    note.querySelector("span").textContent = text;
    bar.hidden = mood !== "busy";
    if (page?.done) [bar.max, bar.value] = [page.total, page.done];
    else bar.removeAttribute("value");
    $("stage").classList.toggle("veiled", !page?.version);
  }

  /** Let the brush go on from a page's strokes; without any, null, the tools are of no use. */
  brushOn(strokes) {
    this.brush.load(strokes);
    $("tools").inert = !strokes;
    $("undo").disabled = !strokes?.length;
  }

  async showInk(row, shown) {
    const { view } = this, wanted = this.#wanted;
    view.showInk = shown;
    if (shown && row.page?.version && !view.layers.ink) {
      const ink = await this.#ink(row).catch(() => null);
      if (this.#wanted === wanted) view.layers.ink = ink;
    }
    view.draw();
  }

  async #ink({ entry, number }) {
    const mask = await decoded(api.picture(entry.job.id, number, "mask"));
    const ink = tinted(mask);
    mask.close();
    return ink;
  }

  /** Show a row's pictures unless they are shown already. */
  async #load(row) {
    const key = row?.key ?? "", version = row?.page?.version ?? 0, wanted = `${key}@${version}`;
    if (!row?.entry.live) this.brushOn(null);
    if (this.#wanted === wanted) return;
    if (!this.#wanted.startsWith(`${key}@`)) this.view.show({}, false);
    if (!this.#wanted.startsWith(`${key}@`) || !version) {
      this.#brushed = "";
      this.brushOn(null);
    }
    this.#wanted = wanted;
    if (!row) return;
    try {
      const first = this.#brushed !== key;
      const layers = version ? await this.#pictures(row, first) : await this.#file(row);
      if (this.#wanted !== wanted) {
        close(layers, this.view.layers);
        return;
      }
      this.view.show(layers, !this.view.layers.before);
      $("divider").hidden = !layers.after;
      if (!version || !first || !row.entry.live) return;
      this.#brushed = key;
      this.brushOn(row.entry.strokes.get(row.number));
    } catch {
      if (this.#wanted === wanted) this.#wanted = `${key}@`; // to be tried again
    }
  }

  async #pictures({ entry, number }, first) {
    const { view } = this, shown = view.layers.before;
    const picture = (kind) => decoded(api.picture(entry.job.id, number, kind));
    await entry.redoing; // which may change its strokes
    if (!entry.strokes.has(number)) {
      entry.strokes.set(number, await api.getStrokes(entry.job.id, number));
    }
    const [before, after, ink] = await Promise.all([
      first ? picture("input") : shown, picture("result"),
      view.showInk ? this.#ink({ entry, number }) : null]);
    return { before, after, ink };
  }

  /** What the browser itself can show of a file that is not erased yet. */
  async #file({ entry }) {
    if (!entry.file?.type.startsWith("image/")) return {};
    return { before: await decoded(entry.file).catch(() => null) };
  }
}
