// The server's HTTP API; see /openapi.json.

const KEPT = 30000; // bytes of a request that may outlive the page; of all, browsers take 64 KiB

/** An answer other than success. `status` is 0 where none came. */
export class Problem extends Error {
  constructor(status, detail = "", retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`api/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0);
  }
  if (answer.ok) return answer;
  const { detail } = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, detail, Number(answer.headers.get("Retry-After")));
}

const json = async (...what) => (await call(...what)).json();

const jobsQuery = (ids) => ids.map((id) => `job=${encodeURIComponent(id)}`).join("&");

export const status = () => json("status");
export const getJob = (id) => json(`jobs/${id}`);
export const deleteJob = (id) => call(`jobs/${id}`, { method: "DELETE", keepalive: true });
export const events = (ids) => new EventSource(`api/events?${jobsQuery(ids)}`);
export const getStrokes = async (id, number) =>
  (await json(`jobs/${id}/pages/${number}/strokes`)).strokes;

export function sendStrokes(id, number, strokes) {
  const body = JSON.stringify({ strokes });
  return json(`jobs/${id}/pages/${number}/strokes`, {
    method: "PUT", headers: { "Content-Type": "application/json" }, body,
    keepalive: body.length < KEPT, // for the page may be closed or loaded anew
  });
}

/** Have `what` erased from a file: 'handwriting' or 'watermark'. */
export function sendFile(file, what, signal) {
  const body = new FormData();
  body.append("what", what);
  body.append("file", file, file.name);
  return json("erase", { method: "POST", body, signal });
}

/** A page's `kind`: input, result, mask or thumb. */
export const picture = async (id, number, kind) =>
  (await call(`jobs/${id}/pages/${number}/${kind}`)).blob();

/** All pages of some jobs as a zip or pdf. */
export const download = async (ids, form) =>
  (await call(`download?form=${form}&${jobsQuery(ids)}`)).blob();
