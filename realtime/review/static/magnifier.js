// Enlarges the measured displacement: each place of the picture is moved on by what the regions
// around it have moved.  A display; what is measured stays what it is.

const STEP = 20; // pixels between nodes of the field
const REACH = 55; // of a region, pixels: the Gaussian's width
const REST = 0.15; // weight of "does not move", which counts far from all regions

export class Magnifier {
  constructor(side, centres) {
    this.side = side;
    this.nodes = Math.ceil(side / STEP) + 1;
    this.weights = new Float32Array(this.nodes * this.nodes * centres.length);
    this.regions = centres.length;
    let at = 0;
    for (let j = 0; j < this.nodes; j += 1) {
      for (let i = 0; i < this.nodes; i += 1) {
        const shares = centres.map(([x, y]) =>
          Math.exp(-((x - i * STEP) ** 2 + (y - j * STEP) ** 2) / (2 * REACH * REACH)),
        );
        const sum = shares.reduce((total, share) => total + share, REST);
        for (const share of shares) this.weights[at++] = share / sum;
      }
    }
    this.canvas = new OffscreenCanvas(side, side);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  // The picture with its displacement (62 numbers) `factor` times as large, as a canvas.
  enlarge(picture, displacement, factor) {
    this.context.drawImage(picture, 0, 0);
    if (factor === 1) return this.canvas;
    const { side, nodes } = this;
    const [fieldX, fieldY] = this.field(displacement, factor - 1);
    const source = this.context.getImageData(0, 0, side, side);
    const from = source.data;
    const target = this.context.createImageData(side, side);
    const to = target.data;
    for (let y = 0; y < side; y += 1) {
      const j = Math.floor(y / STEP);
      const v = y / STEP - j;
      for (let x = 0; x < side; x += 1) {
        const i = Math.floor(x / STEP);
        const u = x / STEP - i;
        const n = j * nodes + i;
        const a = (1 - u) * (1 - v);
        const b = u * (1 - v);
        const c = (1 - u) * v;
        const d = u * v;
        const dx = a * fieldX[n] + b * fieldX[n + 1] + c * fieldX[n + nodes] + d * fieldX[n + nodes + 1];
        const dy = a * fieldY[n] + b * fieldY[n + 1] + c * fieldY[n + nodes] + d * fieldY[n + nodes + 1];
        const sx = Math.min(Math.max(x - dx, 0), side - 1.001);
        const sy = Math.min(Math.max(y - dy, 0), side - 1.001);
        const x0 = Math.floor(sx);
        const y0 = Math.floor(sy);
        const p = sx - x0;
        const q = sy - y0;
        const w00 = (1 - p) * (1 - q);
        const w10 = p * (1 - q);
        const w01 = (1 - p) * q;
        const w11 = p * q;
        const first = 4 * (y0 * side + x0);
        const below = first + 4 * side;
        const out = 4 * (y * side + x);
        for (let k = 0; k < 3; k += 1) {
          to[out + k] =
            w00 * from[first + k] + w10 * from[first + 4 + k] + w01 * from[below + k] + w11 * from[below + 4 + k];
        }
        to[out + 3] = 255;
      }
    }
    this.context.putImageData(target, 0, 0);
    return this.canvas;
  }

  // Displacement at the nodes, x and y, times a factor.
  field(displacement, factor) {
    const count = this.nodes * this.nodes;
    const fieldX = new Float32Array(count + this.nodes + 1);
    const fieldY = new Float32Array(count + this.nodes + 1);
    let at = 0;
    for (let n = 0; n < count; n += 1) {
      let x = 0;
      let y = 0;
      for (let r = 0; r < this.regions; r += 1) {
        const weight = this.weights[at++];
        x += weight * displacement[2 * r];
        y += weight * displacement[2 * r + 1];
      }
      fieldX[n] = factor * x;
      fieldY[n] = factor * y;
    }
    return [fieldX, fieldY];
  }
}
