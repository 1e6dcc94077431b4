// What is told of a job below its head: its steps, and its messages, which a chosen step filters.
//
//   new StepsAndMessages(parent)  parent gets them as its last children
//     .steps, .messages           Steps and Messages
//     .take(update, { arrival, now, isLost, sight })  the parts of an update that tell of them
//                                 (_widgets/job_updates.py) and when it came; now and isLost as for
//                                 Steps.tick, sight as for Messages.take

import { Messages } from "./messages.js";
import { Steps } from "./steps.js";

export class StepsAndMessages {
  constructor(parent) {
    this.steps = new Steps(parent, (step) => this.messages.showOnly(step));
    this.messages = new Messages(parent, () => this.steps.choose(null));
    this.hasFailedStep = false;
  }

  take(update, { arrival, now, isLost, sight = this.messages.look() }) {
    this.steps.take(update.steps, arrival);
    this.steps.tick(now, isLost);
    this.messages.take(update, sight);
    this.chooseFailed();
  }

  /** Choose the step that failed, once, where the reader has chosen nothing and reads the end. */
  chooseFailed() {
    const { failedRow } = this.steps;
    if (failedRow === null || this.hasFailedStep) return;
    this.hasFailedStep = true;
    if (this.messages.isUntouched) this.steps.choose(failedRow);
  }
}
