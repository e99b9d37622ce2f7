// A month of days, those with free times to be chosen: by pointer, or with the arrow keys.
import { html, useRef } from '../../lib/html.js';
import { dayAfter, firstWeekday, named, weekdayOf } from '../../lib/zones.js';
import { count } from '../../lib/format.js';
import { Icon } from '../icons.js';

/** Another month: "2026-11" and a step. */
export function monthAfter(month, step) {
  const [year, number] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + step, 1)).toISOString().slice(0, 7);
}

/** Whole weeks of days around a month. */
function weeksOf(month) {
  const first = `${month}-01`;
  const begin = dayAfter(first, -((weekdayOf(first) - firstWeekday() + 7) % 7));
  const weeks = [];
  for (let day = begin; day.slice(0, 7) <= month; day = dayAfter(day, 7)) weeks.push(Array.from({ length: 7 }, (_, i) => dayAfter(day, i)));
  return weeks;
}

/** `days`: free times by day. `earliest`: the month that is not gone back beyond. */
export function Month({ month, days, today, chosen, choose, turn, earliest, busy }) {
  const table = useRef(null);
  const weeks = weeksOf(month);
  const focusable = chosen?.startsWith(month) ? chosen : Object.keys(days).find((day) => day.startsWith(month)) ?? (today.startsWith(month) ? today : `${month}-01`);
  const keys = (event) => {
    const day = event.target.dataset?.day;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (!day || !step) return;
    event.preventDefault();
    const turned = getComputedStyle(table.current).direction === 'rtl' && Math.abs(step) === 1 ? -step : step;
    table.current.querySelector(`[data-day="${dayAfter(day, turned)}"]`)?.focus();
  };
  return html`<div class=${`month ${busy ? 'busy' : ''}`}>
    <header><h2 aria-live="polite">${named(`${month}-15`, { month: 'long', year: 'numeric' })}</h2>
      <button type="button" class="quiet round" aria-label="The month before" disabled=${month <= earliest} onClick=${() => turn(monthAfter(month, -1))}><${Icon} name="back" size=${20} /></button>
      <button type="button" class="quiet round" aria-label="The month after" onClick=${() => turn(monthAfter(month, 1))}><${Icon} name="next" size=${20} /></button></header>
    <table ref=${table} onKeyDown=${keys}><thead><tr>${weeks[0].map((day) => html`<th key=${day} scope="col"><abbr title=${named(day, { weekday: 'long' })}>${named(day, { weekday: 'short' })}</abbr></th>`)}</tr></thead>
      <tbody>${weeks.map((week) => html`<tr key=${week[0]}>${week.map((day) => {
        if (!day.startsWith(month)) return html`<td key=${day}></td>`;
        const free = days[day]?.length ?? 0;
        return html`<td key=${day}><button type="button" data-day=${day} class=${`${free ? 'free' : ''} ${day === today ? 'today' : ''}`} aria-pressed=${day === chosen} aria-disabled=${!free} tabindex=${day === focusable ? 0 : -1}
          aria-label=${`${named(day, { weekday: 'long', day: 'numeric', month: 'long' })}: ${free ? count(free, 'time') : 'no time'} free`} onClick=${() => free && choose(day)}>${Number(day.slice(8))}</button></td>`;
      })}</tr>`)}</tbody></table></div>`;
}
