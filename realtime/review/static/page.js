// What the page says of the queue, of the player and of the program's word.

import { SPEEDS } from "./player.js";
import { clock } from "./timeline.js";

export const find = (id) => document.getElementById(id);

// undoable: an answer that was given here can be undone, whatever item is shown.
export function showQueue({ items, coder }, number, undoable) {
  const answered = items.filter((item) => item.answer).length;
  find("progress").max = items.length;
  find("progress").value = answered;
  find("answered").textContent = `${answered} of ${items.length} answered · coder ${coder}`;
  const entry = items[number];
  if (!entry) return;
  find("place").textContent = `Item ${number + 1} of ${items.length}`;
  find("session").textContent = [entry.participant, entry.session].filter(Boolean).join(" · ");
  find("back").disabled = number === 0;
  find("next").disabled = number + 1 === items.length;
  find("undo").disabled = !undoable && !entry.answer;
}

export function showView(player) {
  find("play").firstChild.textContent = player.playing ? "Pause " : "Play ";
  find("speed").firstElementChild.textContent = SPEEDS[player.speed][1];
  find("whole").setAttribute("aria-pressed", String(player.whole));
  find("arrows").setAttribute("aria-pressed", String(player.arrows));
  find("magnifier").value = player.factor;
  find("factor").textContent = `× ${player.factor}`;
  find("zoom").value = player.screen.zoom;
  const said = [];
  if (player.factor > 1) said.push(`movement magnified × ${player.factor}`);
  if (player.arrows) said.push("arrows × 10");
  find("view").textContent = said.join(" · ");
}

// marks: the coder's, which the program's are compared with; prediction: null hides it.
export function showPrediction(prediction, marks) {
  const box = find("prediction");
  box.hidden = prediction === null;
  if (prediction === null) return;
  const rows = [
    ["verdict", prediction.verdict],
    ["class", prediction.classified],
    ["action units", prediction.units],
    ["apex", prediction.marks && `${clock(prediction.marks.apex_s)}, ${apart(marks, prediction.marks)}`],
    ["size", prediction.size],
  ];
  box.querySelector("dl").replaceChildren(
    ...rows.filter(([, text]) => text).flatMap(([name, text]) => [element("dt", name), element("dd", text)]),
  );
  box.scrollIntoView({ block: "nearest" });
}

function apart(own, its) {
  const ms = Math.round(1000 * (own.apex_s - its.apex_s));
  return ms === 0 ? "as marked" : `yours ${Math.abs(ms)} ms ${ms > 0 ? "later" : "earlier"}`;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
