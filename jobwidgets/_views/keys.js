// The keys of a view in a notebook.
//
//   keepKeys(root)            keys for what has the focus in root stay in it; → end
//   keyHandler(node, handle)  handle(event, target) for the keys that are kept so

const OURS = new Set([
  ..."ArrowUp ArrowDown ArrowLeft ArrowRight PageUp PageDown Home End Enter".split(" "),
  ..." acAC",
]);

/** Escape is the notebook's, but in a field where there is something to empty. */
function isOurs(key, target) {
  return key === "Escape" ? target.type === "search" && target.value !== "" : OURS.has(key);
}

/**
 * Keep keys for what has the focus within `root` from the notebook around it, which would move
 * its cursor, copy its cells or begin to edit. It listens on the document in the capturing phase,
 * so we listen before it, on the window. Returns a function that ends that.
 */
export function keepKeys(root) {
  const keep = (event) => {
    const [target] = event.composedPath(); // in a shadow tree the event's own is only its host
    if (!root.contains(target) || !isOurs(event.key, target) || event.altKey) return;
    const isLetter = /^[ac]$/i.test(event.key);
    if (isLetter !== (event.ctrlKey || event.metaKey)) return;
    if (event.shiftKey && event.key === "Enter") return;
    event.stopPropagation();
    target.dispatchEvent(new CustomEvent("jobwidgets-key", { bubbles: true, detail: event }));
  };
  window.addEventListener("keydown", keep, true);
  return () => window.removeEventListener("keydown", keep, true);
}

/** Call `handle` with each kept key for what has the focus within a node. */
export function keyHandler(node, handle) {
  node.addEventListener("jobwidgets-key", ({ detail, target }) => handle(detail, target));
}
