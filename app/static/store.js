// What the browser keeps for the page; it may be denied, or hold what others on this host wrote.

const OWN = "text-eraser."; // before each name

/** A value from `kind`, 'localStorage' or 'sessionStorage'; null where there is none. */
export function recall(kind, name) {
  try {
    return JSON.parse(window[kind].getItem(OWN + name));
  } catch {
    return null;
  }
}

export function remember(kind, name, value) {
  try {
    window[kind].setItem(OWN + name, JSON.stringify(value));
  } catch {
    // The page works without; it only forgets.
  }
}
