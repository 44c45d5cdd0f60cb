// A page on a canvas: before and after on the two sides of a divider, zoomed and moved.

const LEAST = 0.05, MOST = 16; // screen pixels a page's pixel
const STEP = 1.25; // of a zoom
const NUDGE = 40; // screen pixels that an arrow key moves the page
const SHARP = 2; // from this zoom on, pixels are shown as squares
const INK = [217, 45, 32]; // colour of where ink was seen
const INK_PIXELS = 4e6; // of its picture at most

/** A mask as a picture: the colour of ink, as opaque as the mask is white. */
export function tinted(mask) {
  const scale = Math.min(1, Math.sqrt(INK_PIXELS / (mask.width * mask.height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(mask.width * scale);
  canvas.height = Math.ceil(mask.height * scale);
  const context = canvas.getContext("2d");
  context.drawImage(mask, 0, 0, canvas.width, canvas.height);
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = picture;
  for (let i = 0; i < data.length; i += 4) {
    data[i + 3] = data[i] * 0.75;
    [data[i], data[i + 1], data[i + 2]] = INK;
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

/** Free pictures but those that are kept. */
export function close(pictures, kept = {}) {
  const stay = Object.values(kept);
  for (const one of Object.values(pictures)) if (!stay.includes(one)) one?.close?.();
}

/**
 * `layers` are pictures of one size: before, after and ink, each may be null. `tool` draws on top
 * and gets what a finger or a mouse does where it is `ready`; else, or if null, that moves the
 * page.
 */
export class View extends EventTarget {
  layers = {};
  tool = null;
  showInk = false;
  #split = 0.5; // of the width: where the divider is
  #scale = 1;
  #x = 0; // of the page's corner, in screen pixels
  #y = 0;
  #fitted = true;
  #pointers = new Map();
  #frame = 0;

  constructor(canvas, divider) {
    super();
    Object.assign(this, { canvas, divider, context: canvas.getContext("2d") });
    new ResizeObserver(() => this.#resize()).observe(canvas);
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      canvas.addEventListener(type, (event) => this.#point(event));
    }
    canvas.addEventListener("pointerleave", () => this.#hand?.leave());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", () => !this.#hand && this.#toggle());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const { left, width } = canvas.getBoundingClientRect();
      this.split = (event.clientX - left) / width;
    });
    divider.addEventListener("keydown", (event) => this.#keyOnDivider(event));
  }

  get #hand() {
    return this.tool?.ready ? this.tool : null;
  }

  get scale() {
    return this.#scale;
  }

  get split() {
    return this.#split;
  }

  set split(share) {
    this.#split = Math.min(1, Math.max(0, share));
    this.divider.style.left = `${this.#split * 100}%`;
    this.divider.setAttribute("aria-valuenow", Math.round(this.#split * 100));
    this.dispatchEvent(new Event("split"));
    this.draw();
  }

  /** Show other pictures; of another page, all of it. */
  show(layers, anotherPage) {
    close(this.layers, layers);
    this.layers = layers;
    if (anotherPage) this.fit();
    this.draw();
  }

  fit() {
    const size = this.#size();
    if (!size) return;
    const { clientWidth, clientHeight } = this.canvas;
    this.#scale = this.#whole(size);
    this.#x = (clientWidth - size.width * this.#scale) / 2;
    this.#y = (clientHeight - size.height * this.#scale) / 2;
    this.#fitted = true;
    this.#changed();
  }

  /** Zoom around a place on the canvas, its middle unless told. */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const size = this.#size();
    if (!size) return;
    const least = Math.min(LEAST, this.#whole(size));
    const scale = Math.min(MOST, Math.max(least, this.#scale * factor));
    this.#x = x - (x - this.#x) * scale / this.#scale;
    this.#y = y - (y - this.#y) * scale / this.#scale;
    this.#scale = scale;
    this.#fitted = false;
    this.#move(0, 0);
  }

  zoomStep(steps) {
    this.zoom(STEP ** steps);
  }

  /** A place on the canvas in the page's pixels. */
  toPage(x, y) {
    return [(x - this.#x) / this.#scale, (y - this.#y) / this.#scale];
  }

  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #size() {
    return this.layers.before ?? this.layers.after;
  }

  /** The scale at which a page can be seen whole. */
  #whole({ width, height }) {
    const { clientWidth, clientHeight } = this.canvas;
    return Math.min(clientWidth * 0.94 / width, clientHeight * 0.9 / height, MOST);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = clientWidth * devicePixelRatio;
    this.canvas.height = clientHeight * devicePixelRatio;
    if (this.#fitted) this.fit();
    this.#draw();
  }

  #changed() {
    this.dispatchEvent(new Event("zoom"));
    this.draw();
  }

  #move(right, down) {
    const size = this.#size();
    if (!size) return;
    const { clientWidth, clientHeight } = this.canvas;
    // A quarter of the canvas stays covered, or all of a small page.
    const within = (at, length, room) => {
      const least = Math.min(length, room / 4);
      return Math.min(room - least, Math.max(least - length, at));
    };
    this.#x = within(this.#x + right, size.width * this.#scale, clientWidth);
    this.#y = within(this.#y + down, size.height * this.#scale, clientHeight);
    if (right || down) this.#fitted = false;
    this.#changed();
  }

  #toggle() {
    if (this.#fitted) this.zoom(1 / this.#scale);
    else this.fit();
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0015; // a trackpad's pinch comes with ctrl
    this.zoom(Math.exp(-event.deltaY * lines * speed), event.offsetX, event.offsetY);
  }

  #point(event) {
    const { pointerId, type, offsetX, offsetY } = event;
    if (type === "pointerdown") {
      this.canvas.setPointerCapture(pointerId);
      this.#pointers.set(pointerId, [offsetX, offsetY]);
      if (this.#pointers.size === 1 && event.button === 0) this.#hand?.down(offsetX, offsetY);
      else this.#hand?.abandon(); // two fingers zoom
    } else if (type === "pointermove") {
      const before = [...this.#pointers.values()];
      const last = this.#pointers.get(pointerId);
      if (last) this.#pointers.set(pointerId, [offsetX, offsetY]);
      if (before.length < 2 && this.#hand) this.#hand.move(offsetX, offsetY);
      else if (last && before.length === 1) this.#move(offsetX - last[0], offsetY - last[1]);
      else if (last && before.length === 2) this.#pinch(before, [...this.#pointers.values()]);
    } else {
      this.#pointers.delete(pointerId);
      if (type === "pointerup") this.#hand?.up();
      else this.#hand?.abandon();
    }
  }

  #pinch(before, after) {
    const middle = ([[x1, y1], [x2, y2]]) => [(x1 + x2) / 2, (y1 + y2) / 2];
    const apart = ([[x1, y1], [x2, y2]]) => Math.hypot(x1 - x2, y1 - y2);
    const [from, to] = [middle(before), middle(after)];
    this.zoom(apart(after) / Math.max(1, apart(before)), ...from);
    this.#move(to[0] - from[0], to[1] - from[1]);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const arrow = arrows[event.key];
    if (this.#hand?.key(event, arrow)) event.preventDefault();
    else if (arrow) this.#move(-arrow[0] * NUDGE, -arrow[1] * NUDGE);
    else if (event.key === "+" || event.key === "=") this.zoomStep(1);
    else if (event.key === "-") this.zoomStep(-1);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  #keyOnDivider(event) {
    const step = event.shiftKey ? 0.1 : 0.02;
    const moves = {
      ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step,
      PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.split += moves[event.key];
  }

  #draw() {
    const { context, canvas, layers: { before, after, ink } } = this;
    const ratio = devicePixelRatio, split = Math.round(this.#split * canvas.width);
    context.resetTransform();
    context.clearRect(0, 0, canvas.width, canvas.height);
    const size = this.#size();
    if (!size) return;
    const place = [this.#x, this.#y, size.width * this.#scale, size.height * this.#scale]
      .map((length) => length * ratio);
    context.imageSmoothingEnabled = this.#scale * ratio < SHARP;
    context.imageSmoothingQuality = "high";
    const part = (picture, from, to) => {
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, canvas.height);
      context.clip();
      context.drawImage(picture, ...place);
      context.restore();
    };
    if (before) part(before, 0, after ? split : canvas.width);
    if (after) part(after, before ? split : 0, canvas.width);
    if (ink && this.showInk) context.drawImage(ink, ...place);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#hand?.draw(context, this.#x, this.#y, this.#scale);
  }
}
