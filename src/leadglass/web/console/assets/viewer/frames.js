// Frames as they are fetched, kept in memory only: nothing of a patient is left on a shared workstation's disk, and
// leaving the page forgets it all. Bounded: so many bytes, so many requests at once.

const MOST_BYTES = 192 * 1024 * 1024;
const MOST_AT_ONCE = 3;

export class SessionEnded extends Error {}

export class Frames {
  #kept = new Map(); // address -> {url, size}, the least recently shown first
  #bytes = 0;
  #running = new Map(); // address -> {promise, abort}

  /** An object URL for the frame if it is here already, otherwise "". */
  kept(address) {
    const frame = this.#kept.get(address);
    if (!frame) return "";
    this.#kept.delete(address);
    this.#kept.set(address, frame);
    return frame.url;
  }

  /** An object URL for the frame. SessionEnded if nobody is signed in any more; Error with words otherwise. */
  fetch(address) {
    const url = this.kept(address);
    if (url) return Promise.resolve(url);
    const running = this.#running.get(address);
    if (running) return running.promise;
    const stop = new AbortController();
    const promise = this.#load(address, stop.signal).finally(() => this.#running.delete(address));
    this.#running.set(address, { promise, stop });
    return promise;
  }

  /** Fetches those not here yet while few requests run; stops what is on its way and no longer wanted. */
  prefetch(current, addresses) {
    for (const [address, { stop }] of this.#running) {
      if (address !== current && !addresses.includes(address)) stop.abort();
    }
    for (const address of addresses) {
      if (this.#running.size >= MOST_AT_ONCE) return;
      if (!this.#kept.has(address)) this.fetch(address).catch(() => {});
    }
  }

  forget() {
    for (const { stop } of this.#running.values()) stop.abort();
    for (const { url } of this.#kept.values()) URL.revokeObjectURL(url);
    this.#kept.clear();
    this.#bytes = 0;
  }

  async #load(address, signal) {
    const answer = await fetch(address, { signal, headers: { Accept: "image/jpeg" }, redirect: "error" });
    if (answer.status === 401) throw new SessionEnded();
    if (!answer.ok) throw new Error(await words(answer));
    const image = await answer.blob();
    const url = URL.createObjectURL(image);
    this.#kept.set(address, { url, size: image.size });
    this.#bytes += image.size;
    for (const [oldest, frame] of this.#kept) {
      if (this.#bytes <= MOST_BYTES || oldest === address) break;
      URL.revokeObjectURL(frame.url);
      this.#kept.delete(oldest);
      this.#bytes -= frame.size;
    }
    return url;
  }
}

async function words(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.detail || problem.title || `The archive answered ${answer.status}.`;
}
