// Plays a clip in a loop, and shows its onset and apex in turn beside it.

import { Magnifier } from "./magnifier.js";
import { Screen } from "./screen.js";

export const SPEEDS = [
  [0.25, "¼ speed"],
  [0.125, "⅛ speed"],
  [1, "true speed"],
  [0.5, "½ speed"],
];
const AROUND_S = 0.5; // before the onset and after the offset, where the movement alone is shown
const FLICKER_MS = 500;
const NEAR_S = 0.05; // a frame this near to the apex shows it

export class Player {
  // shown(): another frame is on the screen; seen(): the apex was; phase(name): of the flicker.
  constructor(clipCanvas, flickerCanvas, { shown, seen, phase }) {
    this.screen = new Screen(clipCanvas);
    this.beside = new Screen(flickerCanvas);
    this.tell = { shown, seen, phase };
    this.speed = 0;
    this.playing = true;
    this.whole = false;
    this.arrows = false;
    this.factor = 1;
    this.close();
    requestAnimationFrame((now) => this.tick(now));
  }

  // Without a clip nothing is shown, and nothing counts as seen.
  close() {
    this.clip = null;
    this.seen = false; // the apex was on the screen
    this.screen.clear();
    this.beside.clear();
  }

  open(clip, marks) {
    this.clip = clip;
    this.marks = marks;
    this.magnifier = new Magnifier(clip.side, clip.centres);
    this.at = this.stretch()[0];
    this.playing = true;
    this.dirty = true;
    this.last = null;
  }

  // What is played, seconds.
  stretch() {
    const { times } = this.clip;
    const [first, end] = [times[0], times[times.length - 1]];
    if (this.whole) return [first, end];
    const start = Math.min(Math.max(this.marks.onset_s - AROUND_S, first), end);
    return [start, Math.max(Math.min(this.marks.offset_s + AROUND_S, end), start)];
  }

  get frame() {
    return this.clip.at(this.at);
  }

  setMarks(marks) {
    this.marks = marks;
    this.dirty = true;
  }

  pause() {
    this.playing = false;
  }

  step(frames) {
    if (!this.clip) return;
    this.pause();
    const k = Math.min(Math.max(this.frame + frames, 0), this.clip.length - 1);
    this.seek(this.clip.times[k]);
  }

  seek(t) {
    if (!this.clip) return;
    const { times } = this.clip;
    this.at = Math.min(Math.max(t, times[0]), times[times.length - 1]);
    this.dirty = true;
  }

  tick(now) {
    requestAnimationFrame((next) => this.tick(next));
    if (!this.clip) return;
    const passed = this.last === null ? 0 : Math.min((now - this.last) / 1000, 0.25);
    this.last = now;
    if (this.playing) {
      const [start, end] = this.stretch();
      this.at += passed * SPEEDS[this.speed][0];
      if (this.at > end || this.at < start - 1e-6) this.at = start;
    }
    this.show();
    this.flicker(now);
  }

  show() {
    const k = this.frame;
    if (k === this.shown && !this.dirty) return;
    const picture = this.clip.picture(k);
    for (let ahead = 1; ahead < 6; ahead += 1) {
      if (k + ahead < this.clip.length) this.clip.picture(k + ahead);
    }
    if (!picture) return; // it is shown as soon as it is decoded
    this.draw(this.screen, k, picture);
    this.shown = k;
    this.dirty = false;
    if (!this.seen && Math.abs(this.clip.times[k] - this.marks.apex_s) <= NEAR_S) {
      this.seen = true;
      this.tell.seen();
    }
    this.tell.shown();
  }

  flicker(now) {
    const apex = Math.floor(now / FLICKER_MS) % 2 === 1;
    const k = this.clip.nearest(apex ? this.marks.apex_s : this.marks.onset_s);
    const state = `${apex} ${k} ${this.factor} ${this.screen.zoom} ${this.screen.middle} ${this.beside.canvas.clientWidth}`;
    if (state === this.flickered) return;
    const picture = this.clip.picture(k);
    if (!picture) return;
    this.beside.zoom = this.screen.zoom;
    this.beside.middle = this.screen.middle;
    this.draw(this.beside, k, picture);
    this.flickered = state;
    this.tell.phase(apex ? "apex" : "onset");
  }

  draw(screen, k, picture) {
    const { clip } = this;
    const displacement = clip.displacement(clip.nearest(this.marks.onset_s), k);
    const enlarged = this.factor > 1 ? this.magnifier.enlarge(picture, displacement, this.factor) : picture;
    const arrows = this.arrows && screen === this.screen ? { centres: clip.centres, displacement } : null;
    screen.draw(enlarged, clip.side, arrows);
  }
}
