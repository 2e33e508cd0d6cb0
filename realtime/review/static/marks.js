// Onset, apex and offset on the bar under the clip: dragged, or moved by keys.

const NAMES = ["onset_s", "apex_s", "offset_s"];

// The marks with one moved; the others give way, so that they stay in order.
export function moved(marks, name, t) {
  const next = { ...marks, [name]: t };
  const at = NAMES.indexOf(name);
  NAMES.forEach((other, k) => {
    if (k < at) next[other] = Math.min(next[other], t);
    if (k > at) next[other] = Math.max(next[other], t);
  });
  return next;
}

export class MarkBar {
  // move(name, t): a mark was moved there; seek(t): the bar was clicked; step(name, frames).
  constructor(bar, { move, seek, step }) {
    this.bar = bar;
    this.handles = Object.fromEntries(
      [...bar.querySelectorAll(".mark")].map((handle) => [handle.dataset.mark, handle]),
    );
    this.head = bar.querySelector(".head");
    this.loop = bar.querySelector(".loop");
    this.range = [0, 1];
    let dragged = null;
    bar.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      dragged = event.target.closest(".mark")?.dataset.mark ?? "";
      bar.setPointerCapture(event.pointerId);
      this.follow(event, dragged, move, seek);
      event.preventDefault();
      if (dragged) this.handles[dragged].focus();
    });
    bar.addEventListener("pointermove", (event) => {
      if (dragged !== null) this.follow(event, dragged, move, seek);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      bar.addEventListener(end, () => {
        dragged = null;
      });
    }
    for (const [name, handle] of Object.entries(this.handles)) {
      handle.addEventListener("keydown", (event) => {
        const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!way) return;
        event.preventDefault();
        event.stopPropagation();
        step(name, way);
      });
    }
  }

  follow(event, dragged, move, seek) {
    const box = this.bar.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    const t = this.range[0] + share * (this.range[1] - this.range[0]);
    if (dragged) move(dragged, t);
    else seek(t);
  }

  across(t) {
    const [start, end] = this.range;
    return `${(100 * Math.min(Math.max((t - start) / (end - start || 1), 0), 1)).toFixed(3)}%`;
  }

  draw(range, marks, t, stretch) {
    this.range = range;
    this.head.style.left = this.across(t);
    this.loop.style.left = this.across(stretch[0]);
    this.loop.style.right = `${100 - parseFloat(this.across(stretch[1]))}%`;
    for (const name of NAMES) {
      const handle = this.handles[name];
      handle.style.left = this.across(marks[name]);
      handle.setAttribute("aria-valuemin", range[0].toFixed(3));
      handle.setAttribute("aria-valuemax", range[1].toFixed(3));
      handle.setAttribute("aria-valuenow", marks[name].toFixed(3));
      handle.setAttribute("aria-valuetext", `${marks[name].toFixed(3)} s`);
    }
  }
}
