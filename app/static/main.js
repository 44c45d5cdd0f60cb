// The page: what people do, handed to the documents, the list and the view.

import * as api from "./api.js";
import { Brush } from "./brush.js";
import { Documents, unfinished } from "./documents.js";
import { describe, List, rowName } from "./list.js";
import { Stage } from "./stage.js";
import { recall, remember } from "./store.js";
import { View } from "./view.js";
import { fillWords, problem, switchLanguage, word } from "./words.js";

const PATIENCE = 600; // milliseconds after a stroke until the page is redone
const ASK = 1000; // milliseconds between questions while the server loads
const EXAMPLES = { handwriting: "examples/english_scan.jpg", watermark: "static/photo.jpg" };
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

const $ = (id) => document.getElementById(id);
const documents = new Documents();
const view = new View($("canvas"), $("divider"));
const brush = new Brush(view);
const stage = new Stage(view, brush);
const list = new List($("list"), thumbnail, { open: (row) => choose(row), again, remove });
let server = null; // its status
let chosen = null; // a row's key
let finished = new Set(); // keys of rows that were announced
let pending = null; // strokes that are about to be sent
const notices = { server: "", action: "" }; // how the server is; what the last action came to

const chosenRow = () => documents.rows.find((row) => row.key === chosen);

/** Say something until the next action, or as long as the server is so. */
function tell(text, about = "action") {
  notices[about] = text;
  const shown = notices.action || notices.server;
  if ($("notice").textContent !== shown) $("notice").textContent = shown;
}

// What the server and the files say

documents.addEventListener("change", () => {
  announce();
  refresh();
});

function refresh() {
  const { rows } = documents;
  if (!rows.some((row) => row.key === chosen)) chosen = rows[0]?.key ?? null;
  const empty = !rows.length;
  $("start").hidden = !empty;
  $("work").hidden = empty;
  $("add").hidden = $("download").hidden = empty;
  list.update(rows, chosen);
  const clean = rows.filter((row) => row.page?.version);
  $("summary").textContent = word("summary", { done: clean.length, total: rows.length });
  document.title = clean.length < rows.length
    ? `(${clean.length}/${rows.length}) ${word("title")}` : word("title");
  $("download").disabled = !clean.length || redoing();
  stage.show(chosenRow());
}

const redoing = () => documents.rows.some(
  ({ entry, page }) => entry.live && page?.version && unfinished(page));

async function thumbnail({ entry, page, number }, side) {
  if (page?.version) return api.picture(entry.job.id, number, "thumb");
  if (!entry.file?.type.startsWith("image/")) return null;
  const whole = await createImageBitmap(entry.file);
  const scale = Math.min(1, side / Math.max(whole.width, whole.height));
  const [width, height] = [whole.width, whole.height].map((length) => Math.ceil(length * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, width, height);
  whole.close();
  return canvas.convertToBlob();
}

function announce() {
  const ended = documents.rows.filter((row) => ["good", "bad"].includes(describe(row)[1]));
  const news = ended.filter((row) => !finished.has(row.key));
  finished = new Set(ended.map((row) => row.key));
  if (!news.length) return;
  const { rows } = documents, row = news.at(-1);
  $("live").textContent = [
    word("announced", { name: rowName(row), state: describe(row)[0] }),
    word("summary", { done: rows.filter((one) => one.page?.version).length, total: rows.length }),
  ].join(". ");
}

async function askServer() {
  try {
    server = await api.status();
    tell(server.state === "loading" ? word("loading") : "", "server");
    if (server.state === "loading") setTimeout(askServer, ASK);
  } catch {
    tell(word("offline"), "server");
    setTimeout(askServer, 3 * ASK);
  }
  speak();
}

/** Fill in all texts, in the language that is chosen now. */
function speak() {
  fillWords(server?.limits);
  const own = LOCAL.includes(location.hostname);
  $("privacy").textContent = server
    ? word(own ? "here" : "there", { ...server.limits, host: location.host }) : "";
  $("headline").textContent = word(`${what()}Headline`);
  $("lead").textContent = word(`${what()}Lead`);
  $("hint").textContent = word(`${tool()}Hint`);
  describeDivider();
  refresh();
}

// What people do

/** What is to be erased from what they add. */
const what = () => document.querySelector("input[name=what]:checked").value;

function take(files) {
  const added = documents.add([...files], what());
  if (added.length) choose(added[0].rows[0]);
}

function choose(row) {
  tell("");
  commit();
  chosen = row.key;
  refresh();
}

function again(row) {
  tell("");
  documents.again(row.entry);
}

function remove({ entry }) {
  tell("");
  if (entry.begun) documents.cancel(entry);
  else documents.remove(entry);
  list.focus(chosen);
}

const tool = () => document.querySelector("input[name=tool]:checked").value;

function chooseTool() {
  tell("");
  brush.abandon();
  const brushing = tool() !== "move";
  view.tool = brushing ? brush : null;
  if (brushing) brush.kind = tool();
  $("tools").classList.toggle("brush", brushing);
  $("stage").classList.toggle("brush", brushing);
  $("hint").textContent = word(`${tool()}Hint`);
  view.draw();
}

/** Have strokes that are pending done now. */
async function commit() {
  if (!pending) return;
  const { entry, number, strokes, timer } = pending;
  pending = null;
  clearTimeout(timer);
  if (!entry.live) return;
  try {
    await documents.redo(entry, number, strokes);
  } catch ({ status, message }) {
    tell(problem(status, message));
    const row = chosenRow();
    if (row?.entry === entry && row.number === number && brush.ready && !pending) {
      stage.brushOn(entry.strokes.get(number)); // without those that the server did not take
    }
  }
}

/** Have all strokes done. */
async function settle() {
  await commit();
  await Promise.all(documents.entries.map((entry) => entry.redoing));
  while (redoing()) {
    await new Promise((resolve) => documents.addEventListener("change", resolve, { once: true }));
  }
}

brush.addEventListener("stroke", () => {
  tell("");
  const { entry, number } = chosenRow();
  $("undo").disabled = !brush.strokes.length;
  clearTimeout(pending?.timer);
  pending = { entry, number, strokes: brush.strokes, timer: setTimeout(commit, PATIENCE) };
  view.draw();
});

async function download(form) {
  $("downloads").hidePopover();
  const row = chosenRow(), stem = row.entry.name.replace(/\.[^.]*$/, "");
  const live = documents.entries.filter((entry) => entry.live);
  tell(word("preparing"));
  try {
    await settle();
    const blob = form === "png" ? await api.picture(row.entry.job.id, row.number, "result")
      : await api.download(live.map((entry) => entry.job.id), form);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    const page = row.several && form === "png" ? `-${row.number}` : "";
    const name = form === "png" || live.length === 1 ? stem + page : word("title");
    link.download = `${name}-clean.${form}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    tell("");
  } catch ({ status, message }) {
    tell(problem(status, message));
    if (status === 404) await documents.check(); // one was forgotten: its row says so
  }
}

function describeDivider() {
  const percent = Math.round(view.split * 100);
  $("divider").setAttribute("aria-valuetext", word("dividerValue", { percent }));
}

for (const [button, input] of [["choose", "files"], ["add", "files"], ["photo", "camera"]]) {
  $(button).addEventListener("click", () => $(input).click());
}
for (const id of ["files", "camera"]) {
  $(id).addEventListener("change", ({ target }) => {
    take(target.files);
    target.value = "";
  });
}
$("example").addEventListener("click", async () => {
  const example = EXAMPLES[what()], blob = await (await fetch(example)).blob();
  take([new File([blob], example.split("/").pop(), { type: blob.type })]);
});
$("clear").addEventListener("click", () => {
  tell("");
  documents.clear();
  $("choose").focus();
});
$("language").addEventListener("click", () => {
  switchLanguage();
  speak();
});
$("downloads").addEventListener("click", ({ target }) => {
  if (target.dataset.form) download(target.dataset.form);
});
$("downloads").addEventListener("beforetoggle", () => {
  commit();
  const button = (form) => $("downloads").querySelector(`[data-form=${form}]`);
  button("png").disabled = !chosenRow()?.page?.version;
  button("zip").disabled = button("pdf").disabled = documents.entries.some((entry) => entry.begun);
});
document.querySelectorAll("input[name=what]").forEach((input) => {
  input.checked ||= input.value === recall("localStorage", "what");
  input.addEventListener("change", () => {
    remember("localStorage", "what", what());
    speak();
  });
});
document.querySelectorAll("input[name=tool]").forEach(
  (input) => input.addEventListener("change", chooseTool));
$("size").addEventListener("input", ({ target }) => { brush.size = Number(target.value); });
$("undo").addEventListener("click", () => brush.undo());
$("ink").addEventListener("change", ({ target }) => stage.showInk(chosenRow(), target.checked));
$("zoomIn").addEventListener("click", () => view.zoomStep(1));
$("zoomOut").addEventListener("click", () => view.zoomStep(-1));
$("fit").addEventListener("click", () => view.fit());
view.addEventListener("zoom", () => { $("scale").value = `${Math.round(view.scale * 100)} %`; });
view.addEventListener("split", describeDivider);

window.addEventListener("pagehide", commit);
document.addEventListener("paste", ({ clipboardData }) => take(clipboardData.files));
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && view.tool && brush.strokes?.length) {
    event.preventDefault();
    brush.undo();
  }
});
for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    if (type === "dragover") $("drop").hidden = !event.dataTransfer.types.includes("Files");
    else if (type === "drop" || !event.relatedTarget) $("drop").hidden = true;
    if (type === "drop") take(event.dataTransfer.files);
  });
}

view.split = 0.5;
speak();
askServer();
documents.restore();
