// How long something is still held: counted down in plain sight.
import { html, useEffect, useState } from '../lib/html.js';

/** Seconds until an instant, counted anew each second; 0 when it is over. */
export function useSecondsTo(until) {
  const left = () => Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}

const text = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
const ROUND = 2 * Math.PI * 20;

/** `whole`: the seconds there were in all. */
export function Countdown({ until, whole }) {
  const seconds = useSecondsTo(until);
  const part = Math.min(1, seconds / (whole || 600));
  return html`<span class=${`countdown ${seconds < 60 ? 'soon' : ''}`} role="timer" aria-label=${`${text(seconds)} left`}>
    <svg width="48" height="48" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="20" /><circle class="left" cx="24" cy="24" r="20" stroke-dasharray=${`${ROUND * part} ${ROUND}`} transform="rotate(-90 24 24)" /></svg>
    <b>${text(seconds)}</b></span>`;
}
