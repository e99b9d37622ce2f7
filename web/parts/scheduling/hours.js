// When one can be met: hours of the week, other hours on some days, holidays, and times away.
import { html, useEffect, useState } from '../../lib/html.js';
import { title } from '../../lib/router.js';
import { tell, tellProblem } from '../../lib/store.js';
import { scheduling } from '../../lib/scheduling.js';
import { allZones, firstWeekday, inZone, instantOf, named, own } from '../../lib/zones.js';
import { Field, Form } from '../bits.js';
import { Icon } from '../icons.js';

const USUAL = [1, 2, 3, 4, 5].map((weekday) => ({ weekday, opens: 540, closes: 1020 }));
const clock = (minutes) => (minutes >= 1440 ? '23:59' : `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`);
const minutesOf = (text) => (text === '23:59' ? 1440 : Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
const dayName = (weekday) => named(`2024-01-0${weekday}`, { weekday: 'long' });
const order = Array.from({ length: 7 }, (_, i) => ((firstWeekday() - 1 + i) % 7) + 1);

function Weekly({ calendar, schedule, again }) {
  const [weekly, setWeekly] = useState(schedule?.weekly ?? USUAL);
  const [zone, setZone] = useState(schedule?.zone ?? own);
  const change = (at, part) => setWeekly(weekly.map((one, i) => (i === at ? { ...one, ...part } : one)));
  const send = async () => {
    await scheduling.schedule(calendar.calendar_id, 'default', { zone, weekly, overrides: schedule?.overrides ?? [], travels: schedule?.travels ?? [] });
    tell('Your hours are set.');
    again();
  };
  return html`<section><h2>Hours of the week</h2><${Form} class="stack card weekly" label="Save the hours" send=${send}>
    <label class="field"><span>By the clock of</span><select value=${zone} onChange=${(event) => setZone(event.target.value)}>${[...new Set([zone, ...allZones()])].map((name) => html`<option key=${name} value=${name}>${name.replaceAll('_', ' ')}</option>`)}</select></label>
    <ul>${order.map((weekday) => { const mine = weekly.map((one, at) => ({ ...one, at })).filter((one) => one.weekday === weekday); return html`<li key=${weekday}><span class="weekday">${dayName(weekday)}</span><div class="openings">${mine.length ? mine.map((one) => html`<span key=${one.at} class="opening">
        <input type="time" required step="300" aria-label=${`${dayName(weekday)}, from`} value=${clock(one.opens)} onChange=${(event) => change(one.at, { opens: minutesOf(event.target.value) })} /><span aria-hidden="true">–</span><input type="time" required step="60" aria-label=${`${dayName(weekday)}, until`} value=${clock(one.closes)} onChange=${(event) => change(one.at, { closes: minutesOf(event.target.value) })} />
        <button type="button" class="quiet round" aria-label=${`Remove ${clock(one.opens)} to ${clock(one.closes)} on ${dayName(weekday)}`} onClick=${() => setWeekly(weekly.filter((_, i) => i !== one.at))}><${Icon} name="close" size=${17} /></button></span>`) : html`<span class="muted closed-day">closed</span>`}</div>
      <button type="button" class="quiet round" aria-label=${`Add hours on ${dayName(weekday)}`} onClick=${() => { const after = Math.max(0, ...mine.map((one) => one.closes)); setWeekly([...weekly, { weekday, opens: after ? Math.min(1380, after + 60) : 540, closes: after ? Math.min(1440, after + 180) : 1020 }]); }}><${Icon} name="plus" size=${19} /></button></li>`; })}</ul></${Form}></section>`;
}

function Overrides({ calendar, schedule, again }) {
  const save = (overrides) => scheduling.schedule(calendar.calendar_id, 'default', { ...schedule, overrides });
  const add = async (form, element) => {
    const shut = form.has('closed');
    await save([...schedule.overrides, { day: form.get('day'), opens: shut ? 0 : minutesOf(form.get('from')), closes: shut ? 0 : minutesOf(form.get('until')) }]);
    element.reset();
    again();
  };
  const [closed, setClosed] = useState(false);
  const remove = (at) => save(schedule.overrides.filter((_, i) => i !== at)).then(again, (problem) => tellProblem('Not removed.', problem));
  return html`<section><h2>Other hours on some days</h2>${schedule.overrides.length > 0 && html`<ul class="lines">${schedule.overrides.map((one, at) => html`<li key=${at}><span>${named(one.day, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })}</span><b>${one.opens === one.closes ? 'closed' : `${clock(one.opens)} – ${clock(one.closes)}`}</b><button type="button" class="quiet round" aria-label=${`Remove ${one.day}`} onClick=${() => remove(at)}><${Icon} name="trash" size=${18} /></button></li>`)}</ul>`}
    <${Form} class="stack card" label="Add the day" send=${add}><${Field} label="Day" name="day" type="date" required /><label class="check"><input type="checkbox" name="closed" checked=${closed} onChange=${(event) => setClosed(event.target.checked)} /><span>Closed that day</span></label>
      ${!closed && html`<div class="two-fields even"><${Field} label="From" name="from" type="time" required defaultValue="10:00" /><${Field} label="Until" name="until" type="time" required defaultValue="14:00" /></div>`}</${Form}></section>`;
}

function Away({ calendar, again }) {
  const add = async (form, element) => {
    await scheduling.absent(calendar.calendar_id, { start: instantOf(form.get('start')), end: instantOf(form.get('end')), reason: form.get('reason').trim() });
    tell('Nothing can be booked in that time. What was booked before stands.');
    element.reset();
    again();
  };
  const back = (one) => scheduling.back(calendar.calendar_id, one.absence_id).then(again, (problem) => tellProblem('Not removed.', problem));
  const whole = { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' };
  return html`<section><h2>Away</h2>${calendar.absences.length > 0 && html`<ul class="lines">${calendar.absences.map((one) => html`<li key=${one.absence_id}><span>${inZone(one.start, own, whole)} – ${inZone(one.end, own, whole)}</span><b dir="auto">${one.reason}</b><button type="button" class="quiet round" aria-label="Remove this absence" onClick=${() => back(one)}><${Icon} name="trash" size=${18} /></button></li>`)}</ul>`}
    <${Form} class="stack card" label="Be away" send=${add}><${Field} label="From" name="start" type="datetime-local" required /><${Field} label="Until" name="end" type="datetime-local" required /><${Field} label="Why" name="reason" maxlength="200" hint="Only you see it." /></${Form}></section>`;
}

function Holidays({ calendar, again }) {
  const save = (all) => scheduling.holidays(calendar.calendar_id, all);
  const add = async (form, element) => { await save([...calendar.holidays, { day: form.get('day'), name: form.get('name').trim() }]); element.reset(); again(); };
  const remove = (day) => save(calendar.holidays.filter((one) => one.day !== day)).then(again, (problem) => tellProblem('Not removed.', problem));
  return html`<section><h2>Holidays</h2>${calendar.holidays.length > 0 && html`<ul class="lines">${calendar.holidays.map((one) => html`<li key=${one.day}><span>${named(one.day, { day: 'numeric', month: 'long', year: 'numeric' })}</span><b dir="auto">${one.name}</b><button type="button" class="quiet round" aria-label=${`Remove ${one.name}`} onClick=${() => remove(one.day)}><${Icon} name="trash" size=${18} /></button></li>`)}</ul>`}
    <${Form} class="stack card" label="Add the holiday" send=${add}><div class="two-fields even"><${Field} label="Day" name="day" type="date" required /><${Field} label="Name" name="name" required maxlength="100" /></div></${Form}></section>`;
}

export function Hours({ calendar, again }) {
  useEffect(() => title('Hours', 'Scheduling'), []);
  const schedule = calendar.schedules.find((one) => one.name === 'default');
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Hours"><div class="hours-columns"><${Weekly} key=${schedule ? 'known' : 'new'} calendar=${calendar} schedule=${schedule} again=${again} />
    ${!calendar.unopened && html`<div>${schedule && html`<${Overrides} calendar=${calendar} schedule=${schedule} again=${again} />`}<${Away} calendar=${calendar} again=${again} /><${Holidays} calendar=${calendar} again=${again} /></div>`}</div></div>`;
}
