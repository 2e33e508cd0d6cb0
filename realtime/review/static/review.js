// The review: which item is on the screen, its answer and its marks.

import { get, getClip, post } from "./api.js";
import { AnswerPanel } from "./answer.js";
import { Clip } from "./clip.js";
import { MarkBar, moved } from "./marks.js";
import { find, showPrediction, showQueue, showView } from "./page.js";
import { Player } from "./player.js";
import { Timeline, clock } from "./timeline.js";
import { Traces } from "./traces.js";

export const NOT_SHOWN = "Not taken: its clip has not been shown to the apex yet.";
const MADE_MS = 500; // between two looks at how much of a clip is made

export class Review {
  constructor() {
    this.answeredHere = []; // numbers, the last one last
    this.loading = null;
    this.player = new Player(find("clip"), find("flicker"), {
      shown: () => this.drawTime(),
      seen: () => this.panel.enable(true),
      phase: (name) => {
        find("phase").textContent = name;
      },
    });
    const act = { move: (name, t) => this.moveMark(name, t), seek: (t) => this.seek(t) };
    this.bar = new MarkBar(find("scrub"), { ...act, step: (name, way) => this.stepMark(name, way) });
    this.traces = new Traces(find("traces"), act);
    this.timeline = new Timeline(find("timeline"), (number) => this.go(number));
    this.panel = new AnswerPanel(find("answer"), () => this.say(""));
  }

  async start() {
    await this.readQueue();
    const asked = Number(location.hash.slice(1)) - 1;
    const first = this.queue.items.findIndex((item) => !item.answer);
    await this.go(asked >= 0 && asked < this.queue.items.length ? asked : Math.max(first, 0));
  }

  async readQueue() {
    this.queue = await get("/queue");
    this.drawQueue();
  }

  // Shows an item; whatever was under way for another is dropped.
  async go(number) {
    if (this.panel.dirty) {
      this.say("This answer is not saved: Enter saves it, Escape drops it.", true);
      return;
    }
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    this.item = null;
    this.number = number;
    this.player.close();
    this.panel.show(null);
    this.panel.enable(false);
    this.panel.form.scrollTop = 0;
    showPrediction(null);
    find("loading").hidden = false;
    find("loading").textContent = "reading the clip …";
    document.body.dataset.state = "loading";
    history.replaceState(null, "", `#${number + 1}`);
    this.drawQueue();
    this.say("");
    this.showMade(number, loading);
    try {
      const [item, clip] = await Promise.all([get(`/items/${number}`), getClip(number, loading.signal)]);
      if (this.loading !== loading) return;
      this.open(item, new Clip(clip));
    } catch (error) {
      if (this.loading !== loading || error.name === "AbortError") return;
      this.loading = null;
      find("loading").textContent = "This clip cannot be shown.";
      this.say(error.message, true);
    }
  }

  // Says how much of a clip is made, where that takes a while.
  async showMade(number, loading) {
    const waits = () => this.loading === loading && document.body.dataset.state === "loading";
    while (waits()) {
      await new Promise((resolve) => setTimeout(resolve, MADE_MS));
      const share = waits() ? await get(`/items/${number}/made`).catch(() => 0) : 0;
      if (waits() && share > 0) find("loading").textContent = `making the clip … ${Math.round(100 * share)} %`;
    }
  }

  open(item, clip) {
    this.clip = clip;
    find("loading").hidden = true;
    this.take(item);
    this.panel.enable(this.ready);
    this.player.open(clip, this.marks);
    this.traces.show(item.traces, this.marks);
    this.traces.setGaze(clip);
    this.drawControls();
    document.body.dataset.state = "playing";
  }

  // What the server says of the item that is shown.
  take(item) {
    this.item = item;
    const { label } = item;
    const own = label && label.apex_s !== null;
    this.marks = own ? { onset_s: label.onset_s, apex_s: label.apex_s, offset_s: label.offset_s } : item.marks;
    this.panel.show(label);
    this.queue.items[item.number].answer = label ? wordOf(label) : "";
    showPrediction(item.prediction, this.marks);
    this.drawQueue();
    this.timeline.show(item.session, item.number, (number) => Boolean(this.queue.items[number].answer));
  }

  // Whether an answer may be chosen: only for a clip whose apex was on the screen.
  get ready() {
    return this.item !== null && (this.player.seen || this.item.label !== null);
  }

  choose(answer, emotion) {
    if (this.ready) this.panel.choose(answer, emotion);
    else this.say(NOT_SHOWN, true);
  }

  async save() {
    if (!this.ready) {
      this.say(NOT_SHOWN, true);
      return;
    }
    if (!this.panel.draft.answer) {
      this.say("Choose an answer first.", true);
      return;
    }
    if (this.panel.saved && !this.panel.dirty) {
      await this.go(this.following());
      return;
    }
    if (this.saving) return;
    this.saving = true;
    const { number } = this.item;
    try {
      const item = await post(`/items/${number}/answer`, this.panel.asked(this.marks, this.clip.ticket));
      this.answeredHere.push(number);
      this.queue.items[number].answer = wordOf(item.label);
      if (this.item?.number === number) {
        this.adopt(item);
        this.say("Saved.");
      }
      this.drawQueue();
    } catch (error) {
      this.say(error.message, true);
    } finally {
      this.saving = false;
    }
  }

  async undo() {
    const number = this.answeredHere.at(-1) ?? (this.item?.label ? this.item.number : null);
    if (number === null) {
      this.say("There is nothing to undo.", true);
      return;
    }
    try {
      const { label } = await get(`/items/${number}`);
      const item = await post(`/items/${number}/undo`, { replaces: label?.answered_at ?? "" });
      this.answeredHere.pop();
      this.queue.items[number].answer = item.label ? wordOf(item.label) : "";
      this.panel.dirty = false;
      if (this.item?.number === number) this.adopt(item);
      else await this.go(number);
      this.say(item.label ? "The earlier answer counts again." : "The answer is undone.");
    } catch (error) {
      this.say(error.message, true);
    }
  }

  // The item again, after a change of its answer.
  adopt(item) {
    this.take(item);
    this.player.setMarks(this.marks);
    this.traces.setMarks(this.marks);
    this.drawTime();
  }

  drop() {
    if (this.item) this.adopt(this.item);
    this.say("");
  }

  // The next item, or the first without an answer after the last.
  following() {
    const { items } = this.queue;
    return this.number + 1 < items.length ? this.number + 1 : this.unanswered() ?? this.number;
  }

  unanswered() {
    const { items } = this.queue;
    const order = items.map((_, k) => (this.number + 1 + k) % items.length);
    return order.find((k) => !items[k].answer && k !== this.number);
  }

  goUnanswered() {
    const next = this.unanswered();
    if (next === undefined) this.say("All others are answered: t shows the summary.");
    else this.go(next);
  }

  goNext() {
    if (this.number + 1 < this.queue.items.length) this.go(this.number + 1);
    else this.say("This is the last item: r goes to one without an answer, t shows the summary.");
  }

  moveMark(name, t) {
    if (!this.item) return;
    this.marks = moved(this.marks, name, this.clip.times[this.clip.nearest(t)]);
    if (this.panel.draft.answer) this.panel.set({});
    this.player.pause();
    this.player.setMarks(this.marks);
    this.player.seek(this.marks[name]);
    this.traces.setMarks(this.marks);
    this.drawTime();
    this.drawControls();
  }

  stepMark(name, way) {
    if (!this.item) return;
    const k = this.clip.nearest(this.marks[name]) + way;
    this.moveMark(name, this.clip.times[Math.min(Math.max(k, 0), this.clip.length - 1)]);
  }

  markHere(name) {
    if (this.item) this.moveMark(name, this.clip.times[this.player.frame]);
  }

  seek(t) {
    this.player.pause();
    this.player.seek(t);
    this.drawControls();
  }

  set(change) {
    Object.assign(this.player, change);
    this.player.dirty = true;
    this.player.flickered = null;
    this.drawControls();
  }

  setFactor(factor) {
    this.set({ factor: Math.min(Math.max(factor, 1), 10) });
  }

  setZoom(zoom) {
    this.player.screen.zoom = Math.min(Math.max(zoom, 1), 4);
    this.set({});
  }

  step(frames) {
    this.player.step(frames);
    this.drawControls();
  }

  drawQueue() {
    showQueue(this.queue, this.number, this.answeredHere.length > 0);
  }

  drawControls() {
    showView(this.player);
  }

  drawTime() {
    if (!this.item) return;
    const { times } = this.clip;
    const { frame } = this.player;
    const around = Math.round(1000 * (times[frame] - this.marks.apex_s));
    find("time").textContent = `${clock(times[frame])} · frame ${frame + 1} of ${times.length} · apex ${around >= 0 ? "+" : "−"}${Math.abs(around)} ms`;
    this.bar.draw([times[0], times[times.length - 1]], this.marks, times[frame], this.player.stretch());
    this.traces.setTime(times[frame]);
    const after = (name) => Math.round(1000 * (this.marks[name] - this.marks.onset_s));
    find("interval").textContent = `apex +${after("apex_s")} ms · offset +${after("offset_s")} ms`;
  }

  say(text, wrong = false) {
    const status = find("status");
    status.textContent = text;
    status.classList.toggle("wrong", wrong);
  }
}

function wordOf(label) {
  return label.answer === "micro" && label.emotion ? label.emotion : label.answer;
}
