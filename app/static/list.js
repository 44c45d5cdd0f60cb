// The list of pages: what each is and how far, kept in step with the documents.

import { problem, word } from "./words.js";

const THUMB = 160; // pixels of a thumbnail's longer side, from a file of this machine

/** How a row is, in words, and whether it is 'busy', 'good' or 'bad'. */
export function describe({ entry, page, number }) {
  if (entry.state === "refused") {
    return [problem(entry.reason.status, entry.reason.message), "bad"];
  }
  if (!entry.live) return [word(entry.state), entry.state === "sending" ? "busy" : "idle"];
  if (page.state === "failed") return [problem(422, page.detail), "bad"];
  if (page.state === "waiting") return [word(page.version ? "redoing" : "waiting"), "idle"];
  if (page.state === "running" && page.version) return [word("redoing"), "busy"];
  if (page.state === "running") {
    return [page.done ? word("tiles", page) : word("running"), "busy"];
  }
  return [word(entry.strokes.get(number)?.length ? "edited" : page.state), "good"];
}

export const rowName = ({ entry, number, several }) =>
  several ? word("pageOf", { name: entry.name, number }) : entry.name;

/** `actions` are called with a row: open, remove and again. */
export class List {
  #rows = new Map(); // elements by the rows' keys

  constructor(element, thumbnail, actions) {
    Object.assign(this, { element, thumbnail, actions });
  }

  /** Show these rows, of which one may be the chosen. */
  update(rows, chosen) {
    const kept = new Set(rows.map((row) => row.key));
    for (const [key, item] of this.#rows) {
      if (!kept.has(key)) {
        item.remove();
        this.#rows.delete(key);
      }
    }
    rows.forEach((row, i) => {
      const item = this.#rows.get(row.key) ?? this.#make(row.key);
      item.row = row;
      this.#fill(item, row, row.key === chosen);
      const there = this.element.children[i];
      if (there !== item) this.element.insertBefore(item, there);
    });
  }

  focus(key) {
    this.#rows.get(key)?.querySelector("button").focus();
  }

  #make(key) {
    const item = document.createElement("li");
    item.innerHTML = `
      <button type="button" class="open">
        <span class="thumb"><img alt=""></span>
        <span class="text"><span class="name"></span><span class="state"></span>
          <progress aria-hidden="true"></progress></span>
      </button>
      <button type="button" class="again link"></button>
      <button type="button" class="remove quiet">×</button>`;
    for (const action of ["open", "again", "remove"]) {
      const button = item.querySelector(`.${action}`);
      button.addEventListener("click", () => this.actions[action](item.row));
    }
    this.#rows.set(key, item);
    return item;
  }

  #fill(item, row, chosen) {
    const { entry, page } = row, [text, mood] = describe(row), name = rowName(row);
    const find = (selector) => item.querySelector(selector);
    item.className = mood;
    find(".open").setAttribute("aria-current", chosen);
    find(".name").textContent = row.several ? `${row.number} · ${entry.name}` : entry.name;
    find(".open").title = `${name}\n${text}`;
    find(".state").textContent = text;
    const progress = find("progress");
    progress.hidden = mood !== "busy";
    if (page?.done) [progress.max, progress.value] = [page.total, page.done];
    else progress.removeAttribute("value");
    const again = find(".again");
    again.hidden = !entry.retriable;
    again.textContent = word("againShort");
    again.setAttribute("aria-label", word("again", { name }));
    const remove = word(entry.begun ? "cancel" : "remove", { name: entry.name });
    find(".remove").setAttribute("aria-label", remove);
    find(".remove").title = remove;
    find(".remove").hidden = row.number > 1;
    this.#picture(item, row);
  }

  /** The server's thumbnail of a result, or else the file's own picture. */
  #picture(item, row) {
    const { entry, page } = row, version = page?.version ?? 0;
    if (item.version === version) return;
    item.version = version;
    this.thumbnail(row, THUMB).then((blob) => {
      if (!blob || item.version !== version) return;
      const image = item.querySelector("img");
      URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(blob);
    }, () => {});
  }
}
