// Which columns the reader wants: a button, and what it opens.
//
//   new ColumnChoice(tools, table)  its button in `tools`, and what it opens below them
//     .show()                       what can be chosen may be something else

import { button, element, put } from "./parts.js";

export class ColumnChoice {
  constructor(tools, table) {
    this.table = table;
    this.button = button(tools, "columns", () => this.turn());
    this.root = element("div", "choices");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "columns");
    this.root.hidden = true;
    put(this.button, "aria-expanded", false);
    tools.after(this.root);
    this.boxes = new Map(); // name -> the label around its box
  }

  turn() {
    this.root.hidden = !this.root.hidden;
    put(this.button, "aria-expanded", !this.root.hidden);
    this.show();
  }

  show() {
    if (this.root.hidden) return;
    const choices = this.table.columns.choices();
    const labels = choices.map(([name, heading, isWanted]) => {
      if (!this.boxes.has(name)) this.boxes.set(name, this.make(name, heading));
      const label = this.boxes.get(name);
      label.firstChild.checked = isWanted;
      return label;
    });
    const isNew = labels.length !== this.root.children.length;
    if (isNew) this.root.replaceChildren(...labels);
  }

  make(name, heading) {
    const label = element("label", "choice");
    const box = element("input", "", label);
    box.type = "checkbox";
    label.append(heading);
    box.addEventListener("change", () => {
      this.table.columns.choose(name, box.checked);
      this.table.redraw();
    });
    return label;
  }
}
