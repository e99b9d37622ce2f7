// What the operator's pages share: adding partitions up to consumers, and the word for those who are not operators.
import { html } from '../lib/html.js';
import { session } from '../lib/session.js';
import { Empty, Trouble } from './bits.js';

/** What stands where figures cannot be had. Being refused for one's role is no failure, so it is told otherwise. */
export function NoFigures({ what, data, problem, again }) {
  if (!problem) return null;
  if (problem.status === 403) {
    return html`<${Empty} icon="status" title="This page is for operators"><p>Whoever runs this installation makes you one with</p>
      <code class="tag">septet operator '${session.value?.name}'</code><p>Then sign out and in again.</p></${Empty}>`;
  }
  return html`<${Trouble} what=${data ? 'These figures are no longer fresh.' : what} problem=${problem} again=${again} />`;
}

export const lagOf = (one) => one.lag ?? Math.max(0, (one.end ?? 0) - (one.applied ?? 0));
const sum = (all, of) => all.reduce((total, one) => total + (of(one) ?? 0), 0);
const latest = (all, of) => all.map(of).filter(Boolean).sort().at(-1) ?? null;

/** Seconds since the oldest event that a consumer has yet to take in was last preceded; 0 where nothing waits. */
const behindSeconds = (one) => one.lag_seconds ?? (lagOf(one) && one.event_time ? Math.max(0, (Date.now() - Date.parse(one.event_time)) / 1000) : 0);

/** One line per consumer from its partitions: {name, topics, partitions, applied, end, lag, seconds, at, errors}. */
export function consumersOf(partitions) {
  const groups = new Map();
  for (const one of partitions) {
    const name = one.name ?? one.consumer;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups].map(([name, all]) => ({
    name, all,
    topics: [...new Set(all.map((one) => one.topic))],
    applied: sum(all, (one) => one.applied),
    end: sum(all, (one) => one.end),
    lag: sum(all, lagOf),
    seconds: Math.max(0, ...all.map(behindSeconds)),
    at: latest(all, (one) => one.applied_at),
    errors: all.map((one) => one.error).filter(Boolean),
  }));
}
