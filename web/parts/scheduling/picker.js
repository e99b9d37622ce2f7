// Where a time is picked: a month, the times of a day in the viewer's own zone, and why another time is not free.
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { query, route } from '../../lib/router.js';
import { kept } from '../../lib/store.js';
import { scheduling } from '../../lib/scheduling.js';
import { count } from '../../lib/format.js';
import { allZones, dayAfter, firstWeekday, instantOf, instantsOf, inZone, named, own, wallOf, weekdayOf, zoneName } from '../../lib/zones.js';
import { Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';

/** Another month: "2026-11" and a step. */
function monthAfter(month, step) {
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
function Month({ month, days, today, chosen, choose, turn, earliest, busy }) {
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

const known = (zone) => { try { new Intl.DateTimeFormat('en', { timeZone: zone }); return zone; } catch { return null; } };
/** The zone in which times are shown: the address says, else what was chosen here before, else the browser's own. */
export const zoneOf = () => known(route.value.query.zone || kept.read('zone', '') || own) ?? own;

export const CLOCK = { hour: 'numeric', minute: '2-digit' };

export function ZonePicker({ zone }) {
  const choose = (event) => { kept.write('zone', event.target.value); query({ zone: event.target.value, day: '' }); };
  return html`<label class="zone-picker"><${Icon} name="globe" size=${19} /><span class="sr">Time zone</span>
    <select value=${zone} onChange=${choose}>${[...new Set([zone, ...allZones()])].map((name) => html`<option key=${name} value=${name}>${name.replaceAll('_', ' ')}</option>`)}</select>
    <small>${inZone(Date.now(), zone, CLOCK)} now</small></label>`;
}

function Why({ calendar, slug, day, zone, minutes, ownId }) {
  const [told, setTold] = useState(null);
  useEffect(() => setTold(null), [day, zone, minutes]);
  const ask = async (event) => {
    event.preventDefault();
    const clock = new FormData(event.target).get('clock');
    const wall = `${day}T${clock}`;
    if (!instantsOf(wall, zone).length) { setTold({ clock, reasons: [{ code: 'skipped', detail: 'The clocks skip this time on that day.' }] }); return; }
    try {
      const found = await scheduling.explain(calendar, { event_type: slug, start: instantOf(wall, zone), minutes, own: ownId });
      setTold({ clock, ...found });
    } catch (problem) { setTold({ clock, reasons: [{ code: problem.code, detail: problem.message }] }); }
  };
  return html`<details class="why-not"><summary>Why is a time not free?</summary>
    <form onSubmit=${ask}><label class="field"><span>Time</span><input type="time" name="clock" required step="300" defaultValue="12:00" /></label><button type="submit">Ask</button></form>
    ${told && html`<div role="status" class="reasons">${told.free ? html`<p>${told.clock} is free: choose it above.</p>` : html`<p>${told.clock} cannot be had:</p><ul>${told.reasons.map((one) => html`<li key=${one.code}>${one.detail}</li>`)}</ul>`}</div>`}</details>`;
}

function Times({ day, times, zone, pick, busy }) {
  // An hour that the clocks show twice: the name of the zone tells the two apart.
  const twice = new Set(times.filter((one, i) => times.some((other, j) => i !== j && other.time === one.time)).map((one) => one.time));
  return html`<section class="times" aria-label="Times"><h2>${named(day, { weekday: 'long', day: 'numeric', month: 'long' })}</h2>
    <ul>${times.map((one) => html`<li key=${one.start}><button type="button" disabled=${busy} onClick=${() => pick(one.start)}>${inZone(one.start, zone, CLOCK)}${twice.has(one.time) && html` <small>${zoneName(zone, one.start)}</small>`}</button></li>`)}</ul></section>`;
}

/** `slots(query)` answers {days: {"2026-03-29": [{start, time}]}}; `pick(start)` is told what was chosen. */
export function Picker({ calendar, slug, slots, minutes, ownId, pick, busy, explained = true }) {
  const zone = zoneOf();
  const today = wallOf(Date.now(), zone).slice(0, 10);
  const { month = today.slice(0, 7), day } = route.value.query;
  const begin = month <= today.slice(0, 7) ? new Date(Math.ceil(Date.now() / 60_000) * 60_000).toISOString() : instantOf(`${month}-01T00:00`, zone);
  const end = instantOf(`${monthAfter(month, 1)}-01T00:00`, zone);
  const { data, problem, again } = useRead(() => slots({ start: begin, end, zone, minutes, own: ownId }), [calendar, slug, month, zone, minutes, ownId], 20);
  const days = data?.days ?? {};
  const first = Object.keys(days).find((one) => one.startsWith(month));
  const chosen = day && days[day] ? day : null;
  // A month in which nothing is left is turned once, so that a visitor on the 31st sees something.
  useEffect(() => {
    if (data && !first && !route.value.query.month && month === today.slice(0, 7)) query({ month: monthAfter(month, 1) });
    else if (data && first && !chosen) query({ day: first });
  }, [data, first, chosen, month]);
  return html`<div class="picker">
    ${problem && html`<${Trouble} what="The free times could not be read." problem=${problem} again=${again} />`}
    <div class="picker-columns">
      <div><${Month} month=${month} days=${days} today=${today} chosen=${chosen} busy=${!data && !problem} earliest=${today.slice(0, 7)}
        choose=${(one) => query({ day: one })} turn=${(one) => query({ month: one, day: '' })} />
        <${ZonePicker} zone=${zone} /></div>
      <div class="times-pane">${chosen ? html`<${Times} day=${chosen} times=${days[chosen]} zone=${zone} pick=${pick} busy=${busy} />`
        : data && !first ? html`<p class="muted no-times" role="status">Nothing is free in this month. Look at the next one.</p>` : !problem && html`<${Waiting} rows=${4} label="Loading times" />`}
        ${explained && html`<${Why} calendar=${calendar} slug=${slug} day=${chosen ?? (today.startsWith(month) ? today : `${month}-01`)} zone=${zone} minutes=${minutes} ownId=${ownId} />`}</div>
    </div></div>`;
}
