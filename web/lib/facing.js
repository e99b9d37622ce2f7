// A system as one person uses it: what they ask waits until what they did is shown.
import { command, get } from './net.js';

/** Answers {act, read}: `act` is net's command; each `read` after it waits on the server for the position it answered. */
export function facing() {
  let seen = null;
  return {
    async act(...words) {
      const answer = await command(...words);
      seen = answer.position ?? seen;
      return answer;
    },
    read: (path, query) => get(path, { ...query, after: seen }),
  };
}
