// What the page says, in two languages, and which of them.

import { recall, remember } from "./store.js";

const WORDS = {
  en: {
    title: "Text eraser",
    other: "中文",
    otherLabel: "中文：切换到中文",
    what: "What to erase",
    handwriting: "Handwriting",
    handwritingHeadline: "Erase handwriting, keep the print.",
    handwritingLead: "Drop, paste or choose pages. You get the same pages back, clean.",
    watermark: "Watermarks",
    watermarkHeadline: "Erase watermarks, keep the photo.",
    watermarkLead: "Drop, paste or choose photos with text across them. You get them back without.",
    choose: "Choose files",
    photo: "Take a photo",
    example: "Try it with an example",
    kinds: "JPEG, PNG, WebP, BMP, HEIC, TIFF and PDF; up to {megabytes} MB a file, " +
      "{megapixels} megapixels a page and {pages} pages a document.",
    here: "Nothing leaves this computer. The server deletes pages {minutes} minutes after this " +
      "page last asked for them.",
    there: "Pages go to {host} and nowhere else. It deletes them {minutes} minutes after this " +
      "page last asked for them.",
    add: "Add pages",
    download: "Download",
    downloadPage: "This page (PNG)",
    downloadZip: "All pages (ZIP)",
    downloadPdf: "All pages (PDF)",
    reference: "For programs: the HTTP API",
    loading: "The networks are being loaded. Pages that you add wait for them.",
    offline: "The server does not answer. Is it still running?",
    pages: "Pages",
    removeAll: "Remove all",
    remove: "Remove {name}",
    cancel: "Cancel {name}",
    again: "Try {name} again",
    againShort: "Try again",
    pageOf: "{name}, page {number}",
    sending: "Sending",
    queueFull: "Waiting for a free place",
    waiting: "Waiting",
    running: "Erasing",
    tiles: "Erasing, part {done} of {total}",
    redoing: "Redoing",
    done: "Clean",
    edited: "Clean, edited",
    cancelled: "Cancelled",
    lost: "Deleted on the server",
    failed: "Failed",
    summary: "{done} of {total} pages clean",
    announced: "{name}: {state}",
    problem413: "",
    problem422: "",
    problem0: "The server does not answer.",
    stage: "The page. Arrow keys move it, plus and minus zoom, zero shows all of it. With a " +
      "brush, arrow keys move the brush and the space bar puts it down and lifts it.",
    divider: "Divider between before and after",
    dividerValue: "{percent} % of the view shows the page before",
    before: "Before",
    after: "After",
    tools: "Tools",
    move: "Move",
    keep: "Protect",
    erase: "Erase more",
    moveHint: "Drag to move, scroll or pinch to zoom.",
    keepHint: "Brush over what has to stay: it comes back exactly as it was.",
    eraseHint: "Brush over what is left: it is filled from around it.",
    size: "Brush",
    undo: "Undo",
    ink: "Show what was found",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Fit",
    dropHere: "Drop to erase",
    preparing: "Preparing",
  },
  zh: {
    title: "文字擦除",
    other: "English",
    otherLabel: "English: switch to English",
    what: "擦什么",
    handwriting: "手写",
    handwritingHeadline: "擦去手写，留下印刷。",
    handwritingLead: "拖入、粘贴或选择页面，取回擦净的同一页。",
    watermark: "水印",
    watermarkHeadline: "擦去水印，留下照片。",
    watermarkLead: "拖入、粘贴或选择带水印文字的照片，取回没有水印的同一张。",
    choose: "选择文件",
    photo: "拍照",
    example: "用示例试试",
    kinds: "支持 JPEG、PNG、WebP、BMP、HEIC、TIFF 和 PDF；每个文件不超过 {megabytes} MB，" +
      "每页不超过 {megapixels} 百万像素，每份文档不超过 {pages} 页。",
    here: "一切都在本机完成，不会外传。本页面 {minutes} 分钟不再取用，服务器就会删除。",
    there: "页面只会发送到 {host}，不会去别处。本页面 {minutes} 分钟不再取用，服务器就会删除。",
    add: "添加页面",
    download: "下载",
    downloadPage: "本页（PNG）",
    downloadZip: "全部（ZIP）",
    downloadPdf: "全部（PDF）",
    reference: "供程序调用：HTTP API",
    loading: "正在载入网络，已添加的页面会排队等候。",
    offline: "服务器没有应答，它还在运行吗？",
    pages: "页面",
    removeAll: "全部移除",
    remove: "移除 {name}",
    cancel: "取消 {name}",
    again: "重试 {name}",
    againShort: "重试",
    pageOf: "{name}，第 {number} 页",
    sending: "正在发送",
    queueFull: "等待空位",
    waiting: "排队中",
    running: "正在擦除",
    tiles: "正在擦除，{done} / {total}",
    redoing: "正在重做",
    done: "已擦净",
    edited: "已擦净，有改动",
    cancelled: "已取消",
    lost: "服务器上已删除",
    failed: "失败",
    summary: "共 {total} 页，已擦净 {done} 页",
    announced: "{name}：{state}",
    problem413: "文件太大。",
    problem422: "无法读取。",
    problem0: "服务器没有应答。",
    stage: "页面。方向键移动，加号和减号缩放，数字零显示全页。使用画笔时，方向键移动画笔，空格键落笔或抬笔。",
    divider: "擦除前后的分隔线",
    dividerValue: "画面的 {percent}% 显示擦除前",
    before: "擦除前",
    after: "擦除后",
    tools: "工具",
    move: "移动",
    keep: "保护",
    erase: "补擦",
    moveHint: "拖动移动，滚轮或双指缩放。",
    keepHint: "涂抹要留下的地方：它会恢复原样，分毫不差。",
    eraseHint: "涂抹没擦净的地方：用周围的内容填补。",
    size: "笔刷",
    undo: "撤销",
    ink: "显示找到的内容",
    zoomIn: "放大",
    zoomOut: "缩小",
    fit: "全页",
    dropHere: "松手即擦除",
    preparing: "正在准备",
  },
};

const first = navigator.languages.find((name) => /^(zh|en)/.test(name)) ?? "en";
let language = recall("localStorage", "language");
if (language !== "zh" && language !== "en") language = first.slice(0, 2);

/** A text in the page's language, with {values} put in. */
export function word(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What went wrong, by an answer's status (0: none came) and the server's words. */
export function problem(status, detail) {
  const own = WORDS[language][`problem${status}`];
  return [own, detail].filter(Boolean).join(" ") || word("failed");
}

/** Fill the elements of the document that name their words; see index.html. */
export function fillWords(values) {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = word("title");
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word, values);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
  }
}

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  remember("localStorage", "language", language);
}
