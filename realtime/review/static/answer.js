// The form: what the coder has chosen, before and after it is saved.

const UNITS = ["1", "2", "4", "5", "6", "7", "9", "10", "12", "14", "15", "17", "20", "23", "24", "25"];
const SIDES = { both: "both", right: "R", left: "L" };
const CODE = /^([RL]?)(\d{1,2}(?:\+\d{1,2})?)([A-E]?)$/i;

const EMPTY = { answer: "", emotion: "", units: [], confidence: null, comment: "" };

export class AnswerPanel {
  // changed(): the draft is another.
  constructor(form, changed) {
    this.form = form;
    this.changed = changed;
    this.find = (id) => form.querySelector(`#${id}`);
    this.buttons = [...form.querySelectorAll("[data-answer]")];
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.choose(button.dataset.answer, button.dataset.emotion));
    }
    this.find("facs").addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        event.stopPropagation();
        this.addCodes();
      }
    });
    this.find("facs").addEventListener("change", () => this.addCodes());
    this.find("comment").addEventListener("input", (event) => this.set({ comment: event.target.value }));
    this.fill(this.find("palette"), UNITS, (unit) => this.toggleUnit(unit), "unit");
    this.fill(this.find("confidence"), ["1", "2", "3", "4", "5"], (value) => this.setConfidence(Number(value)), "value");
    this.show(null);
  }

  fill(box, values, pressed, name) {
    for (const value of values) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = value;
      button.dataset[name] = value;
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => pressed(value));
      box.append(button);
    }
  }

  // An answer that was saved; null: there is none yet.
  show(label) {
    this.saved = label;
    this.draft = label
      ? {
          answer: label.answer,
          emotion: label.emotion,
          units: label.units.map(([unit, side, intensity]) => ({ unit, side, intensity })),
          confidence: label.confidence,
          comment: label.comment,
        }
      : { ...EMPTY, units: [] };
    this.find("facs").value = "";
    this.dirty = false;
    this.draw();
  }

  enable(enabled) {
    this.form.inert = !enabled;
    this.form.classList.toggle("waiting", !enabled);
  }

  choose(answer, emotion) {
    this.set({ answer, emotion });
  }

  set(change) {
    Object.assign(this.draft, change);
    this.dirty = true;
    this.draw();
    this.changed();
  }

  setConfidence(value) {
    this.set({ confidence: this.draft.confidence === value ? null : value });
  }

  moveConfidence(way) {
    const from = this.draft.confidence ?? (way > 0 ? 0 : 6);
    this.set({ confidence: Math.min(Math.max(from + way, 1), 5) });
  }

  toggleUnit(unit) {
    const others = this.draft.units.filter((one) => one.unit !== unit);
    const there = others.length < this.draft.units.length;
    this.set({ units: there ? others : [...others, { unit, side: "both", intensity: "" }] });
  }

  // Text in FACS notation becomes units; what is none stays in the field.
  addCodes() {
    const field = this.find("facs");
    const left = [];
    let { units } = this.draft;
    for (const word of field.value.split(/[\s,;]+/).filter(Boolean)) {
      const match = CODE.exec(word);
      if (!match) {
        left.push(word);
        continue;
      }
      const side = { R: "right", L: "left" }[match[1].toUpperCase()] ?? "both";
      units = [...units.filter((one) => one.unit !== match[2]), { unit: match[2], side, intensity: match[3].toUpperCase() }];
    }
    field.value = left.join(" ");
    field.setCustomValidity(left.length ? "not a FACS code" : "");
    field.classList.toggle("wrong", left.length > 0);
    this.set({ units });
    if (!left.length && document.activeElement === field) field.blur();
  }

  draw() {
    const { draft } = this;
    for (const button of this.buttons) {
      const chosen = button.dataset.answer === draft.answer && button.dataset.emotion === draft.emotion;
      button.setAttribute("aria-pressed", String(chosen));
    }
    for (const button of this.find("palette").children) {
      button.setAttribute("aria-pressed", String(draft.units.some((one) => one.unit === button.dataset.unit)));
    }
    for (const button of this.find("confidence").children) {
      button.setAttribute("aria-pressed", String(draft.confidence === Number(button.dataset.value)));
    }
    if (this.find("comment").value !== draft.comment) this.find("comment").value = draft.comment;
    this.find("units").replaceChildren(...draft.units.map((one) => this.row(one)));
    const open = draft.answer === "micro";
    this.form.querySelector(".units").disabled = !open;
    const save = this.find("save");
    const saved = this.saved && !this.dirty;
    save.disabled = !draft.answer;
    save.firstChild.textContent = saved ? "Saved. Next " : "Save ";
    save.classList.toggle("saved", Boolean(saved));
    this.form.classList.toggle("done", Boolean(saved));
  }

  row(one) {
    const item = document.createElement("li");
    const name = document.createElement("strong");
    name.textContent = `AU ${one.unit}`;
    const side = select(Object.keys(SIDES), one.side, `side of AU ${one.unit}`, (value) => this.change(one, { side: value }));
    const levels = ["", "A", "B", "C", "D", "E"];
    const intensity = select(levels, one.intensity, `intensity of AU ${one.unit}`, (value) => this.change(one, { intensity: value }));
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `remove AU ${one.unit}`);
    remove.addEventListener("click", () => this.toggleUnit(one.unit));
    item.append(name, side, intensity, remove);
    return item;
  }

  change(one, change) {
    this.set({ units: this.draft.units.map((other) => (other === one ? { ...one, ...change } : other)) });
  }

  // As the server takes it.
  asked(marks, ticket) {
    const { answer, emotion, units, confidence, comment } = this.draft;
    return {
      ticket,
      replaces: this.saved?.answered_at ?? "",
      answer,
      emotion,
      units: units.map((one) => [one.unit, one.side, one.intensity]),
      confidence,
      comment,
      ...marks,
    };
  }
}

function select(values, chosen, label, changed) {
  const box = document.createElement("select");
  box.setAttribute("aria-label", label);
  for (const value of values) box.append(new Option(value || "–", value, false, value === chosen));
  box.addEventListener("change", () => changed(box.value));
  return box;
}
