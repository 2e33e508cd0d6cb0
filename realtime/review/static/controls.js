// What each key, button and wheel does to the review.

import { find } from "./page.js";
import { SPEEDS } from "./player.js";
import { NOT_SHOWN } from "./review.js";

const CONTROLS = ["INPUT", "SELECT", "TEXTAREA"];

export function connect(review) {
  const { player } = review;

  const toggle = (name) => review.set({ [name]: !player[name] });
  const nextSpeed = () => review.set({ speed: (player.speed + 1) % SPEEDS.length });
  const summary = () => {
    if (review.panel.dirty) review.say("This answer is not saved: Enter saves it, Escape drops it.", true);
    else location.href = "/summary";
  };
  const focus = (id) => (review.ready ? find(id).focus() : review.say(NOT_SHOWN, true));

  const KEYS = {
    0: () => review.choose("none", ""),
    1: () => review.choose("micro", "negative"),
    2: () => review.choose("micro", "positive"),
    3: () => review.choose("micro", "surprise"),
    4: () => review.choose("micro", ""),
    u: () => review.choose("unsure", ""),
    i: () => focus("facs"),
    c: () => focus("comment"),
    "[": () => (review.ready ? review.panel.moveConfidence(-1) : review.say(NOT_SHOWN, true)),
    "]": () => (review.ready ? review.panel.moveConfidence(1) : review.say(NOT_SHOWN, true)),
    Enter: () => review.save(),
    Escape: () => review.drop(),
    z: () => review.undo(),
    n: () => review.goNext(),
    b: () => review.number > 0 && review.go(review.number - 1),
    r: () => review.goUnanswered(),
    t: summary,
    "?": () => find("keys").showModal(),
    " ": () => toggle("playing"),
    ArrowLeft: (event) => review.step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => review.step(event.shiftKey ? 10 : 1),
    ArrowUp: () => review.setZoom(player.screen.zoom + 0.25),
    ArrowDown: () => review.setZoom(player.screen.zoom - 0.25),
    o: () => review.markHere("onset_s"),
    a: () => review.markHere("apex_s"),
    f: () => review.markHere("offset_s"),
    s: nextSpeed,
    w: () => toggle("whole"),
    d: () => toggle("arrows"),
    "+": () => review.setFactor(player.factor + 1),
    "=": () => review.setFactor(player.factor + 1),
    "-": () => review.setFactor(player.factor - 1),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || find("keys").open) return;
    const typing = CONTROLS.includes(event.target.tagName) && event.target.type !== "range";
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      else if (event.key !== "Enter" || event.target.tagName === "SELECT") return;
      else event.target.blur();
      if (event.key === "Escape") return;
    }
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });

  const BUTTONS = {
    back: "b",
    next: "n",
    unanswered: "r",
    undo: "z",
    help: "?",
    play: " ",
    speed: "s",
    whole: "w",
    arrows: "d",
  };
  for (const [id, key] of Object.entries(BUTTONS)) {
    find(id).addEventListener("click", (event) => {
      event.currentTarget.blur(); // so that space plays, and does not press it again
      KEYS[key](event);
    });
  }
  find("step-back").addEventListener("click", () => review.step(-1));
  find("step-on").addEventListener("click", () => review.step(1));
  find("magnifier").addEventListener("input", (event) => review.setFactor(Number(event.target.value)));
  find("zoom").addEventListener("input", (event) => review.setZoom(Number(event.target.value)));
  find("answer").addEventListener("submit", (event) => {
    event.preventDefault();
    review.save();
  });
  for (const id of ["clip", "flicker"]) {
    const canvas = find(id);
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        review.setZoom(player.screen.zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2));
      },
      { passive: false },
    );
    canvas.addEventListener("pointermove", (event) => {
      if (!(event.buttons & 1)) return;
      player.screen.pan(-event.movementX / canvas.clientWidth, -event.movementY / canvas.clientHeight);
      review.set({});
    });
  }
}
