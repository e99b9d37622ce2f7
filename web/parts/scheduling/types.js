// What can be booked: the event types, and the form in which one is made or changed.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, title } from '../../lib/router.js';
import { tell } from '../../lib/store.js';
import { Problem } from '../../lib/net.js';
import { scheduling, PLACES, length } from '../../lib/scheduling.js';
import { count } from '../../lib/format.js';
import { minorOf, money } from '../../lib/money.js';
import { own } from '../../lib/zones.js';
import { Empty, Field, Form, copy } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon } from '../icons.js';

export const linkOf = (calendar, slug = '') => `${location.origin}/ui/book/${calendar}${slug && `/${slug}`}`;
export const slugOf = (text) => text.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60);
const COLOURS = ['#8a5bd6', '#3366cc', '#1f8f8a', '#3a8f4a', '#c78a1a', '#cc6633', '#c8466b', '#6b7280'];

/** One question a line: "What is it about? *", choices after a colon: "How big: small, large". */
export const written = (questions) => questions.map((one) => `${one.text}${one.choices.length ? `: ${one.choices.join(', ')}` : ''}${one.required ? ' *' : ''}`).join('\n');
export function questionsOf(text, known) {
  return text.split('\n').map((line) => line.trim()).filter(Boolean).map((line, at) => {
    const required = line.endsWith('*');
    const [, words, choices = ''] = /^(.*?)(?::\s*(.+))?$/.exec(line.replace(/\s*\*$/, ''));
    const name = known.find((one) => one.text === words)?.name ?? (`${at + 1}-${slugOf(words)}`.slice(0, 40).replace(/-$/, ''));
    return { name, text: words, required, choices: choices.split(',').map((one) => one.trim()).filter(Boolean) };
  });
}

function Editor({ calendar, type, again }) {
  const made = Boolean(type);
  const [slug, setSlug] = useState(type?.slug ?? '');
  const [touched, setTouched] = useState(made);
  const one = type ?? { title: '', durations: [30], interval: 30, buffer_before: 0, buffer_after: 0, notice: 240, seats: 1, limits: {}, location: { kind: 'video', text: '' }, questions: [], horizon: { days: 60 }, colour: COLOURS[calendar.event_types.length % COLOURS.length], schedule: 'default', price: 0, currency: 'EUR', reminders: [1440, 60], description: '', listed: true, active: true, confirmation: false, by_link: false, pending_blocks: true, zone: own };
  const send = async (form) => {
    const text = (name) => form.get(name)?.trim() ?? '';
    const whole = (name) => Number(text(name)) || 0;
    const price = minorOf(text('price') || '0', text('currency').toUpperCase());
    const durations = text('durations').split(/[\s,;]+/).filter(Boolean).map(Number);
    if (price === null) throw new Problem({ code: 'price_invalid', detail: 'Give the price as the currency has it, such as 25.00.' });
    if (!durations.length || durations.some((minutes) => !Number.isInteger(minutes) || minutes < 1)) throw new Problem({ code: 'durations_invalid', detail: 'Give the lengths in minutes, such as 30, 60.' });
    const { slug: _, ...rest } = one;
    await scheduling.offer(calendar.calendar_id, slug, {
      ...rest, title: text('title'), durations, interval: whole('interval'), buffer_before: whole('before'), buffer_after: whole('after'), notice: whole('notice') * 60,
      seats: whole('seats') || 1, limits: { ...one.limits, day: whole('day') || null }, confirmation: form.has('confirmation'), listed: form.has('listed'), active: form.has('active'), by_link: form.has('by_link'),
      location: { kind: form.get('kind'), text: text('where') }, questions: questionsOf(text('questions'), one.questions), description: text('description'), colour: form.get('colour'),
      price, currency: text('currency').toUpperCase(), horizon: one.horizon.first ? one.horizon : { days: whole('days') || 60 }, schedule: form.get('schedule') ?? 'default',
    });
    tell(made ? 'Changed.' : 'It can be booked now.');
    again();
    go('/ui/scheduling/types');
  };
  const schedules = calendar.schedules.map((each) => each.name);
  return html`<div class="page-scroll narrow-page"><header class="lot-head"><a class="round quiet back" href="/ui/scheduling/types" aria-label="All event types"><${Icon} name="back" /></a><h2>${made ? one.title : 'A new event type'}</h2></header>
    <${Form} class="stack card new-lot" label=${made ? 'Save' : 'Make it'} send=${send}>
      <div class="two-fields"><${Field} label="Title" name="title" required maxlength="100" defaultValue=${one.title} onInput=${(event) => { if (!touched) setSlug(slugOf(event.target.value)); }} />
        <${Field} label="Name in the link" name="slug" required pattern="[a-z0-9]+(-[a-z0-9]+)*" maxlength="64" value=${slug} disabled=${made} onInput=${(event) => { setTouched(true); setSlug(event.target.value); }} /></div>
      <div class="three-fields"><${Field} label="Lengths, minutes" name="durations" required defaultValue=${one.durations.join(', ')} hint="Several: the guest chooses." /><${Field} label="A start every, minutes" name="interval" type="number" min="5" max="1440" required defaultValue=${one.interval} /><${Field} label="Seats" name="seats" type="number" min="1" max="1000" required defaultValue=${one.seats} /></div>
      <div class="two-fields"><label class="field"><span>Where</span><select name="kind">${Object.entries(PLACES).map(([kind, [words]]) => html`<option key=${kind} value=${kind} selected=${kind === one.location.kind}>${words}</option>`)}</select></label><${Field} label="Address, number or link" name="where" defaultValue=${one.location.text} /></div>
      <label class="field"><span>What it is</span><textarea name="description" rows="2" dir="auto" defaultValue=${one.description}></textarea></label>
      <label class="field"><span>Questions to the guest</span><textarea name="questions" rows="3" dir="auto" defaultValue=${written(one.questions)} placeholder=${'What is it about? *\nHow big is your team: 1–10, 11–50, more'}></textarea><small>One a line. A star at the end: it must be answered. Choices after a colon.</small></label>
      <fieldset class="checks"><legend>Conditions</legend>${[['confirmation', 'I say yes or no to each request', one.confirmation], ['listed', 'On my public page', one.listed], ['active', 'Can be booked', one.active], ['by_link', 'Only with a link that is good once', one.by_link]].map(([name, label, on]) => html`<label key=${name} class="check"><input type="checkbox" name=${name} defaultChecked=${on} /><span>${label}</span></label>`)}</fieldset>
      <details><summary>Buffers, limits, price</summary><div class="stack"><div class="three-fields"><${Field} label="Free before, minutes" name="before" type="number" min="0" defaultValue=${one.buffer_before} /><${Field} label="Free after, minutes" name="after" type="number" min="0" defaultValue=${one.buffer_after} /><${Field} label="Notice, hours" name="notice" type="number" min="0" defaultValue=${one.notice / 60} step="any" /></div>
        <div class="three-fields"><${Field} label="Most on one day" name="day" type="number" min="0" defaultValue=${one.limits.day ?? ''} placeholder="no limit" /><${Field} label="Days ahead" name="days" type="number" min="1" max="730" defaultValue=${one.horizon.days ?? 60} /><label class="field"><span>Hours</span><select name="schedule">${[...new Set(['default', ...schedules])].map((name) => html`<option key=${name} selected=${name === one.schedule}>${name}</option>`)}</select></label></div>
        <div class="three-fields"><${Field} label="Price" name="price" inputmode="decimal" defaultValue=${(one.price / 100).toFixed(2)} /><${Field} label="Currency" name="currency" maxlength="3" pattern="[A-Za-z]{3}" defaultValue=${one.currency} /><span></span></div></div></details>
      <fieldset class="colours"><legend>Colour in your calendar</legend>${[...new Set([one.colour, ...COLOURS])].map((colour) => html`<label key=${colour} style=${{ '--c': colour }}><input type="radio" name="colour" value=${colour} aria-label=${colour} defaultChecked=${colour === one.colour} /></label>`)}</fieldset>
    </${Form}></div>`;
}

function One({ calendar, one, again }) {
  const [removing, setRemoving] = useState(false);
  const remove = async () => { await scheduling.withdraw(calendar.calendar_id, one.slug); tell('It is offered no more.'); setRemoving(false); again(); };
  return html`<li class="card type" style=${{ '--c': one.colour }}><div><h3><a href=${`/ui/scheduling/types/${one.slug}`} dir="auto">${one.title}</a>${!one.active && html` <span class="tag">not offered</span>`}${!one.listed && html` <span class="tag">by link only</span>`}</h3>
      <p class="muted">${one.durations.map(length).join(' or ')} · ${PLACES[one.location.kind]?.[0]}${one.seats > 1 ? ` · ${count(one.seats, 'seat')}` : ''}${one.confirmation ? ' · you confirm' : ''}${one.price ? ` · ${money(one.price, one.currency)}` : ''}</p></div>
    <footer><button type="button" onClick=${() => copy(linkOf(calendar.calendar_id, one.slug), 'The link is copied.')}><${Icon} name="link" size=${18} /> Copy the link</button><a class="button quiet" href=${`/ui/book/${calendar.calendar_id}/${one.slug}`}>Look</a><span class="gap"></span>
      <a class="quiet round" href=${`/ui/scheduling/types/${one.slug}`} aria-label=${`Change ${one.title}`}><${Icon} name="edit" size=${19} /></a><button type="button" class="quiet round" aria-label=${`Remove ${one.title}`} onClick=${() => setRemoving(true)}><${Icon} name="trash" size=${19} /></button></footer>
    ${removing && html`<${Dialog} title=${`Offer “${one.title}” no more?`} close=${() => setRemoving(false)}><p>What was booked stands. Its link leads nowhere any more.</p><${Form} label="Remove it" send=${remove} /></${Dialog}>`}</li>`;
}

export function Types({ calendar, id, again }) {
  useEffect(() => title('Event types', 'Scheduling'), []);
  const type = calendar.event_types.find((one) => one.slug === id);
  if (id === 'new' || type) return html`<${Editor} key=${id} calendar=${calendar} type=${type} again=${again} />`;
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Event types">${calendar.event_types.length ? html`<ul class="cards grid types-grid">${calendar.event_types.map((one) => html`<${One} key=${one.slug} calendar=${calendar} one=${one} again=${again} />`)}</ul><p class="after-list"><a class="button primary" href="/ui/scheduling/types/new"><${Icon} name="plus" size=${18} /> New event type</a></p>`
    : html`<${Empty} icon="scheduling" title="Nothing can be booked yet"><p>An event type says what others can book with you: how long, where, under which conditions.</p><a class="button primary" href="/ui/scheduling/types/new">Make an event type</a></${Empty}>`}</div>`;
}
