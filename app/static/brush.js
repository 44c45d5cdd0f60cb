// A brush for a View: strokes in the page's pixels, drawn by pointers or keys.

const COLOURS = { keep: "#1f8a4c", erase: "#d92d20" };
const STEP = 8; // screen pixels that an arrow key moves the brush
const MOST_WIDTH = 1000; // pixels of the page

/**
 * `kind` is 'keep' or 'erase', `size` the brush in screen pixels, `strokes` what a page has, null
 * where there is no page to brush. Dispatches 'stroke' after each one.
 */
export class Brush extends EventTarget {
  kind = "keep";
  size = 28;
  strokes = null;
  #view;
  #stroke = null; // in the making
  #at = null; // screen pixels
  #layer = document.createElement("canvas");

  constructor(view) {
    super();
    this.#view = view;
  }

  get ready() {
    return this.strokes !== null;
  }

  /** Go on with another page's strokes. */
  load(strokes) {
    this.strokes = strokes;
    this.abandon();
  }

  undo() {
    if (!this.strokes?.length) return;
    this.strokes = this.strokes.slice(0, -1);
    this.dispatchEvent(new Event("stroke"));
  }

  down(x, y) {
    const width = Math.min(MOST_WIDTH, Math.max(1, this.size / this.#view.scale));
    this.#stroke = { kind: this.kind, width: Math.round(width * 10) / 10, points: [] };
    this.#add(x, y);
  }

  move(x, y) {
    this.#at = [x, y];
    if (this.#stroke) this.#add(x, y);
    this.#view.draw();
  }

  up() {
    if (!this.#stroke) return;
    this.strokes = [...this.strokes, this.#stroke];
    this.#stroke = null;
    this.#view.draw();
    this.dispatchEvent(new Event("stroke"));
  }

  abandon() {
    this.#stroke = null;
    this.#view.draw();
  }

  leave() {
    this.#at = null;
    this.#view.draw();
  }

  /** Whether it took a key: arrows move the brush, the space bar puts it down or lifts it. */
  key(event, arrow) {
    const { clientWidth, clientHeight } = this.#view.canvas;
    const [x, y] = this.#at ?? [clientWidth / 2, clientHeight / 2];
    const reach = event.shiftKey ? 4 * STEP : STEP;
    if (arrow) this.move(x + arrow[0] * reach, y + arrow[1] * reach);
    else if (event.key === " " && event.repeat) return true; // it is held down
    else if (event.key === " " && this.#stroke) this.up();
    else if (event.key === " ") {
      this.down(x, y);
      this.move(x, y);
    } else return false;
    return true;
  }

  #add(x, y) {
    const point = this.#view.toPage(x, y).map((number) => Math.round(number * 10) / 10);
    const { points, width } = this.#stroke;
    const last = points.at(-1);
    // Points closer than a part of the brush say nothing more.
    if (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < width / 10) return;
    points.push(point);
  }

  draw(context, left, top, scale) {
    const layer = this.#layer, { width, height } = context.canvas;
    if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
    const own = layer.getContext("2d");
    own.resetTransform();
    own.clearRect(0, 0, width, height);
    own.setTransform(context.getTransform());
    own.translate(left, top);
    own.scale(scale, scale);
    own.lineCap = own.lineJoin = "round";
    for (const stroke of this.#stroke ? [...this.strokes, this.#stroke] : this.strokes) {
      own.strokeStyle = COLOURS[stroke.kind];
      own.lineWidth = stroke.width;
      own.beginPath();
      own.moveTo(...stroke.points[0]);
      for (const point of stroke.points) own.lineTo(...point);
      own.stroke();
    }
    context.save();
    context.resetTransform();
    context.globalAlpha = 0.35; // of all strokes together: the later one wins where they cross
    context.drawImage(layer, 0, 0);
    context.restore();
    if (!this.#at) return;
    context.beginPath();
    context.arc(...this.#at, this.size / 2, 0, 2 * Math.PI);
    context.lineWidth = 3;
    context.strokeStyle = "#fffc";
    context.stroke();
    context.lineWidth = 1.5;
    context.strokeStyle = COLOURS[this.kind];
    context.stroke();
  }
}
