// One clip: its frames as pictures in a row, and how far each region of the face has moved.

const KEPT = 240; // decoded pictures; one of 560 x 560 takes 1.3 MB

export class Clip {
  // data: an ArrayBuffer as clip_pack.py writes it.
  constructor({ ticket, data }) {
    const headerLength = new DataView(data).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, headerLength)));
    this.ticket = ticket;
    this.times = header.times;
    this.side = header.side;
    this.centres = header.centres;
    this.motion = header.motion;
    this.gaze = header.gaze;
    this.jpegs = [];
    let at = 4 + headerLength;
    for (const size of header.sizes) {
      this.jpegs.push(new Blob([new Uint8Array(data, at, size)], { type: "image/jpeg" }));
      at += size;
    }
    this.decoded = new Map();
  }

  get length() {
    return this.times.length;
  }

  // Number of the frame nearest to a time.
  nearest(t) {
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] < t) low = middle + 1;
      else high = middle;
    }
    return low > 0 && t - this.times[low - 1] < this.times[low] - t ? low - 1 : low;
  }

  // Number of the frame that is on the screen at a time.
  at(t) {
    const k = this.nearest(t);
    return k > 0 && this.times[k] > t ? k - 1 : k;
  }

  // The picture of a frame where it is decoded; otherwise null, and it is decoded.
  picture(k) {
    const known = this.decoded.get(k);
    if (known === undefined) {
      this.decoded.set(k, null);
      createImageBitmap(this.jpegs[k]).then((bitmap) => this.decoded.set(k, bitmap));
      if (this.decoded.size > KEPT) this.forget(k);
      return null;
    }
    return known;
  }

  forget(near) {
    const farthest = [...this.decoded.keys()].reduce((one, other) =>
      Math.abs(one - near) > Math.abs(other - near) ? one : other,
    );
    this.decoded.get(farthest)?.close();
    this.decoded.delete(farthest);
  }

  // Displacement of each region between two frames, 62 numbers, pixels of the picture.
  displacement(from, to) {
    const before = this.motion[from];
    return this.motion[to].map((value, k) => value - before[k]);
  }
}
