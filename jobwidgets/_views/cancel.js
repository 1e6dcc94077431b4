// The button that cancels jobs on their server, with a confirmation in its place.
//
//   new CancelButton(parent, heir, cancel)  cancel() is called when the reader has confirmed; what
//                                           had the focus gives it to the heir when all is hidden
//     .show({ isOffered, noun })            offered or not; the noun is "the job", "3 jobs"

import { button, element, focused, hide, say } from "./parts.js";

export class CancelButton {
  constructor(parent, heir, cancel) {
    this.heir = heir;
    this.cancel = cancel;
    this.root = element("span", "cancel", parent);
    this.first = button(this.root, "cancel job", () => this.ask());
    this.confirmation = element("span", "confirm", this.root);
    this.confirmation.setAttribute("role", "group");
    this.question = element("span", "question", this.confirmation);
    this.yes = button(this.confirmation, "yes, cancel", () => this.confirm());
    this.no = button(this.confirmation, "no", () => this.leave());
    this.confirmation.hidden = true;
    this.show({ isOffered: false });
  }

  show({ isOffered, noun = "the job" }) {
    if (!isOffered && !this.root.hidden) this.close();
    hide(this.root, !isOffered, this.heir);
    say(this.first, noun === "the job" ? "cancel job" : `cancel ${noun}`);
    say(this.question, `cancel ${noun} on the server?`);
    this.confirmation.setAttribute("aria-label", `cancel ${noun} on the server?`);
  }

  ask() {
    this.confirmation.hidden = false;
    this.no.focus({ preventScroll: true }); // a second click in haste cancels nothing
    this.first.hidden = true;
  }

  leave() {
    this.close();
    this.first.focus({ preventScroll: true });
  }

  confirm() {
    this.leave();
    this.cancel();
  }

  close() {
    const hadFocus = this.confirmation.contains(focused(this.root));
    this.first.hidden = false;
    if (hadFocus) this.first.focus({ preventScroll: true });
    this.confirmation.hidden = true;
  }
}
