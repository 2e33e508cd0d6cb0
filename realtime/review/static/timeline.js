// The whole session: what was not judged (grey, hatched), its items, and where we are.

const INK = { judged: "#4b6472", gap: "#33383d", hatch: "#595f66", text: "#c9ced3", item: "#e4e7ea", here: "#f2b950" };

export class Timeline {
  // go(number): an item was clicked.
  constructor(canvas, go) {
    this.canvas = canvas;
    this.go = go;
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("pointermove", (event) => this.explain(event));
  }

  // answered(number): whether an item has an answer.
  show(session, current, answered) {
    this.session = session;
    this.current = current;
    this.answered = answered;
    this.draw();
  }

  get range() {
    const { start_s: start, end_s: end, items } = this.session;
    const times = items.map((item) => item.at_s);
    return [Math.min(start, ...times), Math.max(end, ...times, start + 1)];
  }

  across(t) {
    const [start, end] = this.range;
    const pad = 12;
    return pad + ((t - start) / (end - start)) * (this.canvas.clientWidth - 2 * pad);
  }

  timeAt(event) {
    const [start, end] = this.range;
    const pad = 12;
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    return start + ((x - pad) / (this.canvas.clientWidth - 2 * pad)) * (end - start);
  }

  click(event) {
    if (!this.session?.items.length) return;
    const t = this.timeAt(event);
    const nearest = this.session.items.reduce((one, other) =>
      Math.abs(other.at_s - t) < Math.abs(one.at_s - t) ? other : one,
    );
    this.go(nearest.number);
  }

  explain(event) {
    if (!this.session) return;
    const t = this.timeAt(event);
    const span = this.session.unjudged.find((one) => t >= one.start_s && t <= one.end_s);
    this.canvas.title = span ? `${clock(t)}: not judged, ${span.reason}` : clock(t);
  }

  draw() {
    if (!this.session) return;
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    const ctx = canvas.getContext("2d");
    ctx.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(canvas);
    const em = parseFloat(style.fontSize);
    ctx.font = `${0.85 * em}px ${style.fontFamily}`;
    const [top, bar] = [0.95 * em, 0.8 * em];
    ctx.fillStyle = INK.judged;
    ctx.fillRect(this.across(this.session.start_s), top, this.across(this.session.end_s) - this.across(this.session.start_s), bar);
    for (const span of this.session.unjudged) this.drawGap(ctx, span, top, bar);
    this.drawTimes(ctx, top + bar, em);
    for (const item of this.session.items) {
      if (item.number !== this.current) this.drawItem(ctx, item, top + bar / 2, 0.28 * em);
    }
    for (const item of this.session.items) {
      if (item.number === this.current) this.drawHere(ctx, item, top, bar, em);
    }
  }

  drawGap(ctx, span, top, bar) {
    const [from, to] = [this.across(span.start_s), this.across(span.end_s)];
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, top, to - from, bar);
    ctx.clip();
    ctx.fillStyle = INK.gap;
    ctx.fillRect(from, top, to - from, bar);
    ctx.strokeStyle = INK.hatch;
    for (let x = from - bar; x < to; x += 5) {
      ctx.beginPath();
      ctx.moveTo(x, top + bar);
      ctx.lineTo(x + bar, top);
      ctx.stroke();
    }
    ctx.restore();
  }

  drawTimes(ctx, top, em) {
    const [start, end] = this.range;
    const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];
    const room = (6 * em * (end - start)) / this.canvas.clientWidth;
    const step = steps.find((one) => one >= room) ?? 7200;
    ctx.fillStyle = INK.text;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (let t = Math.ceil(start / step) * step; t <= end; t += step) {
      ctx.fillRect(this.across(t), top, 1, 3);
      ctx.fillText(clock(t), Math.min(Math.max(this.across(t), 1.5 * em), this.canvas.clientWidth - 1.5 * em), top + 4);
    }
  }

  drawItem(ctx, item, y, radius) {
    ctx.beginPath();
    ctx.arc(this.across(item.at_s), y, radius, 0, 2 * Math.PI);
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = "#14171a";
    ctx.fillStyle = this.answered(item.number) ? INK.item : "#14171a";
    ctx.fill();
    ctx.strokeStyle = INK.item;
    ctx.stroke();
  }

  drawHere(ctx, item, top, bar, em) {
    const x = this.across(item.at_s);
    ctx.fillStyle = INK.here;
    ctx.fillRect(x - 1, top - 2, 2, bar + 4);
    ctx.beginPath();
    ctx.moveTo(x, top - 1);
    ctx.lineTo(x - 0.45 * em, top - 0.75 * em);
    ctx.lineTo(x + 0.45 * em, top - 0.75 * em);
    ctx.fill();
  }
}

export function clock(t) {
  const tenths = Math.round(10 * Math.max(t, 0));
  const seconds = (tenths % 600) / 10;
  const whole = Number.isInteger(seconds) ? String(seconds).padStart(2, "0") : seconds.toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${whole}`;
}
