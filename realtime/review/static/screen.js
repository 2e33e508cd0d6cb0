// A canvas that shows a picture of the face: zoomed, with the displacement as arrows.

const ARROW = 10; // times as long as the displacement
const LEAST = 0.12; // pixels under which no arrow is drawn

export class Screen {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.zoom = 1;
    this.middle = [0.5, 0.5]; // of what is shown, shares of the picture
  }

  clear() {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  // The middle moves by a share of what is shown.
  pan(x, y) {
    const reach = 0.5 / this.zoom;
    this.middle = [this.middle[0] + x / this.zoom, this.middle[1] + y / this.zoom].map((place) =>
      Math.min(Math.max(place, reach), 1 - reach),
    );
  }

  draw(picture, side, arrows) {
    const wanted = Math.round(this.canvas.clientWidth * devicePixelRatio) || side;
    if (this.canvas.width !== wanted) this.canvas.width = this.canvas.height = wanted;
    this.pan(0, 0);
    const scale = (wanted / side) * this.zoom;
    const left = wanted / 2 - this.middle[0] * side * scale;
    const top = wanted / 2 - this.middle[1] * side * scale;
    const { context } = this;
    context.setTransform(scale, 0, 0, scale, left, top);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0);
    if (arrows) this.drawArrows(arrows.centres, arrows.displacement);
  }

  drawArrows(centres, displacement) {
    const { context } = this;
    context.lineCap = "round";
    for (const [width, ink] of [
      [5, "rgb(0 0 0 / 70%)"],
      [2, "#ffffff"],
    ]) {
      context.lineWidth = width;
      context.strokeStyle = ink;
      centres.forEach(([x, y], k) => {
        const dx = ARROW * displacement[2 * k];
        const dy = ARROW * displacement[2 * k + 1];
        const length = Math.hypot(dx, dy);
        if (length < ARROW * LEAST) return;
        const tip = Math.min(8, length / 2) / length;
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + dx, y + dy);
        for (const turn of [1, -1]) {
          context.moveTo(x + dx, y + dy);
          context.lineTo(x + dx - tip * (dx + turn * 0.6 * dy), y + dy - tip * (dy - turn * 0.6 * dx));
        }
        context.stroke();
      });
    }
  }
}
