// The way from a view to its kernel.
//
//   new KernelLink(model, name, changed)  .send(request), .look(), .isGone, .remove(); changed()
//                                         when isGone changes; name: of the view, goes with each

/** Whether this is a page that marimo has exported: there is no kernel, and never was. */
export const isExported = "__MARIMO_STATIC__" in globalThis;

const GONE = new Set(["dead", "terminating"]);

/**
 * The way to the kernel, and whether there is one. ipywidgets tells by "comm_live_update" of a
 * restart, and a message cannot be sent then; JupyterLab's manager has no kernel after a shutdown.
 */
export class KernelLink {
  constructor(model, name, changed) {
    this.model = model;
    this.name = name;
    this.changed = changed;
    this.isGone = false;
    this.onLive = () => this.send({});
    this.model.on("comm_live_update", this.onLive);
    this.hadKernel = Boolean(this.kernel);
  }

  get kernel() {
    return this.model.widget_manager?.kernel;
  }

  /** Send a message to the kernel; one that cannot be sent shows that it is gone. */
  send(request) {
    let isGone = isExported; // what is sent there is swallowed
    try {
      if (!isGone) this.model.send({ view: this.name, ...request });
    } catch {
      isGone = true;
    }
    this.note(isGone);
  }

  /** Look at the kernel without sending anything; call it now and then. */
  look() {
    const { kernel } = this;
    this.hadKernel ||= Boolean(kernel);
    if (this.hadKernel && (!kernel || GONE.has(kernel.status))) this.note(true);
  }

  note(isGone) {
    if (isGone === this.isGone) return;
    this.isGone = isGone;
    this.changed();
  }

  remove() {
    this.model.off("comm_live_update", this.onLive);
  }
}
