// Motion of the five streams, and below it what confounds it: a row each, so that no colour is needed.

const ROWS = [
  ["brows", "brows"],
  ["lids", "lids"],
  ["eyes", "eyes"],
  ["nose_cheeks", "nose, cheeks"],
  ["mouth", "mouth"],
  ["blink", "blink"],
  ["gaze", "gaze"],
  ["head", "head"],
  ["jaw", "speech (jaw)"],
];
const STREAMS = 5;
const THRESHOLD = 3; // sigma: a candidate begins here
const ROOM = 0.86; // of a row
const NEAR = 7; // pixels from a mark at which it is dragged
const INK = { text: "#c9ced3", grid: "#30363c", stream: "#d5dade", sign: "#8fa3b5", onset: "#7fb8ff", apex: "#f2b950", offset: "#c8a6ff" };

export class Traces {
  constructor(box, { move, seek }) {
    this.box = box;
    this.move = move;
    this.seek = seek;
    this.head = document.createElement("div");
    this.head.className = "trace-head";
    new ResizeObserver(() => this.fit()).observe(box);
  }

  show(traces, marks) {
    this.marks = marks;
    this.traces = traces;
    this.clip = null;
    this.full = this.fullScales(traces);
    this.draw();
  }

  draw() {
    this.plot?.destroy();
    this.letters = getComputedStyle(this.box).fontSize;
    this.plot = new uPlot(this.options(), this.rows(this.clip), this.box);
    this.plot.over.append(this.head);
    this.listen(this.plot.over);
  }

  // The gaze is measured in the clip.
  setGaze(clip) {
    this.clip = clip;
    this.plot.setData(this.rows(clip));
  }

  setMarks(marks) {
    this.marks = marks;
    this.plot?.redraw(false);
  }

  setTime(t) {
    this.time = t;
    if (!this.plot || !Number.isFinite(this.plot.scales.x.min)) return;
    this.head.style.transform = `translateX(${this.plot.valToPos(t, "x").toFixed(1)}px)`;
  }

  fullScales(traces) {
    const largest = (values) => values.reduce((most, value) => Math.max(most, value ?? 0), 0);
    const sigma = Math.max(2 * THRESHOLD, ...Object.values(traces.streams).map(largest));
    return { sigma, blink: 1, gaze: 0.5, head: Math.max(5, largest(traces.head)), jaw: Math.max(0.5, largest(traces.jaw)) };
  }

  rows(clip) {
    const { traces, full } = this;
    const gaze = traces.t_s.map((t) => gazeAt(clip, t));
    const series = ROWS.map(([name], row) => {
      const values = name === "gaze" ? gaze : (traces.streams[name] ?? traces[name]);
      const scale = row < STREAMS ? full.sigma : full[name];
      const base = ROWS.length - 1 - row;
      return values.map((value) => (value === null ? null : base + ROOM * Math.min(Math.max(value / scale, 0), 1)));
    });
    return [traces.t_s, ...series];
  }

  options() {
    const style = getComputedStyle(this.box);
    const font = `${style.fontSize} ${style.fontFamily}`;
    const em = parseFloat(style.fontSize);
    const names = ROWS.map(([, name]) => name).reverse();
    const units = ROWS.map(([name], row) => (row < STREAMS ? "" : { blink: "0–1", gaze: "", head: `${this.full.head.toFixed(0)}°`, jaw: "" }[name])).reverse();
    units[ROWS.length - 1] = `${this.full.sigma.toFixed(0)} σ`;
    const rows = ROWS.map((_, row) => row + 0.4);
    const axis = { font, stroke: INK.text, grid: { show: false }, ticks: { show: false }, gap: 6 };
    return {
      ...this.size(),
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      legend: { show: false },
      scales: { x: { time: false }, y: { range: [0, ROWS.length] } },
      axes: [
        { ...axis, size: 1.9 * em, grid: { stroke: INK.grid, width: 1 }, values: (_, ticks) => ticks.map((t) => `${+t.toFixed(2)} s`) },
        { ...axis, size: 8 * em, splits: () => rows, values: () => names },
        { ...axis, side: 1, scale: "y", size: 3.2 * em, splits: () => rows, values: () => units },
      ],
      series: [
        {},
        ...ROWS.map((_, row) => ({ stroke: row < STREAMS ? INK.stream : INK.sign, width: 1.4, points: { show: false }, spanGaps: false })),
      ],
      hooks: { drawClear: [(plot) => this.drawGround(plot)], draw: [(plot) => this.drawMarks(plot)] },
    };
  }

  drawGround(plot) {
    const { ctx } = plot;
    const { left, top, width, height } = plot.bbox;
    ctx.save();
    for (const span of this.traces.unjudged) {
      const from = Math.max(plot.valToPos(span.start_s, "x", true), left);
      const to = Math.min(plot.valToPos(span.end_s, "x", true), left + width);
      if (to <= from) continue;
      ctx.fillStyle = "#282e33";
      ctx.fillRect(from, top, to - from, height);
      ctx.fillStyle = INK.text;
      ctx.font = plot.axes[0].font[0];
      ctx.textBaseline = "bottom";
      const said = `not judged: ${span.reason}`;
      if (ctx.measureText(said).width < to - from - 12) ctx.fillText(said, from + 6, top + height - 3);
    }
    ctx.strokeStyle = INK.grid;
    ctx.lineWidth = devicePixelRatio;
    for (let row = 0; row < ROWS.length; row += 1) {
      line(ctx, left, plot.valToPos(row, "y", true), left + width, plot.valToPos(row, "y", true));
    }
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.strokeStyle = "#626a72";
    for (let row = 0; row < STREAMS; row += 1) {
      const y = plot.valToPos(ROWS.length - 1 - row + (ROOM * THRESHOLD) / this.full.sigma, "y", true);
      line(ctx, left, y, left + width, y);
    }
    ctx.restore();
  }

  drawMarks(plot) {
    const { ctx } = plot;
    const { left, top, width, height } = plot.bbox;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.font = plot.axes[0].font[0];
    ctx.textBaseline = "top";
    for (const [name, dash] of [
      ["onset", [6, 3]],
      ["apex", []],
      ["offset", [2, 3]],
    ]) {
      const x = plot.valToPos(this.marks[`${name}_s`], "x", true);
      if (x < left || x > left + width) continue;
      ctx.strokeStyle = INK[name];
      ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
      line(ctx, x, top, x, top + height);
    }
    ctx.restore();
    this.setTime(this.time); // the chart may have another size now
  }

  listen(over) {
    let dragged = null;
    const time = (event) => this.plot.posToVal(event.clientX - over.getBoundingClientRect().left, "x");
    const near = (event) => {
      const x = event.clientX - over.getBoundingClientRect().left;
      const away = Object.entries(this.marks).map(([name, t]) => [Math.abs(this.plot.valToPos(t, "x") - x), name]);
      const [distance, name] = away.sort((one, other) => one[0] - other[0])[0];
      return distance <= NEAR ? name : "";
    };
    const follow = (event) => (dragged ? this.move(dragged, time(event)) : this.seek(time(event)));
    over.addEventListener("pointerdown", (event) => {
      dragged = near(event);
      over.setPointerCapture(event.pointerId);
      follow(event);
    });
    over.addEventListener("pointermove", (event) => {
      if (dragged === null) over.style.cursor = near(event) ? "ew-resize" : "pointer";
      else follow(event);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      over.addEventListener(end, () => {
        dragged = null;
      });
    }
  }

  size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  fit() {
    if (!this.plot) return;
    if (getComputedStyle(this.box).fontSize === this.letters) this.plot.setSize(this.size());
    else this.draw(); // letters grow with the window: the chart was laid out for others
  }
}

function gazeAt(clip, t) {
  if (!clip || t < clip.times[0] - 0.02 || t > clip.times[clip.length - 1] + 0.02) return null;
  const gaze = clip.gaze[clip.nearest(t)];
  const rest = clip.gaze.find((one) => one !== null);
  return gaze ? Math.hypot(gaze[0] - rest[0], gaze[1] - rest[1]) : null;
}

function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
