// The log, live: the newest records on top, under a filter that is part of the address.
import { html, useState, useEffect, useMemo, useRef } from '../lib/html.js';
import { log } from '../lib/net.js';
import { route, query, go, title } from '../lib/router.js';
import { narrow, SYSTEMS } from '../lib/store.js';
import { Tail, MOST, SECONDS } from '../lib/tail.js';
import { WindowedList } from '../lib/list.js';
import { brief, bytes, compact, count, number } from '../lib/format.js';
import { actorOf, systemOf, typeName } from '../lib/records.js';
import { operator } from '../lib/session.js';
import { nameOf, people } from '../lib/chat/state.js';
import { Empty, Time, Trouble, Waiting } from '../parts/bits.js';
import { Icon } from '../parts/icons.js';
import { RecordCard } from '../parts/record-card.js';
import { later } from '../parts/later.js';
import { useRead } from '../parts/read.js';
import { writing } from '../parts/shortcuts.js';

const Sparkline = later(() => import('../parts/sparkline.js').then((module) => module.Sparkline));

const FILTERS = ['topic', 'system', 'key', 'type', 'actor', 'correlation'];
const STILL = Array(SECONDS).fill(0);
const sum = (all = []) => all.reduce((total, one) => total + one, 0);

function Topics({ tail, chosen, choose }) {
  const { data, problem, again } = useRead(log.topics, [], 15);
  const rates = tail.rates.value;
  if (problem && !data) return html`<${Trouble} what="The topics could not be read." problem=${problem} again=${again} />`;
  if (!data) return html`<${Waiting} rows=${6} label="Loading topics" />`;
  return html`<ul class="topics">${data.map((one) => {
    const values = rates.get(one.topic) ?? STILL;
    const last = sum(values.slice(-5)) / 5;
    return html`<li key=${one.topic}><button type="button" data-system=${one.topic.split('.')[0]} aria-pressed=${chosen === one.topic} onClick=${() => choose({ topic: chosen === one.topic ? '' : one.topic })}>
      <span class="topic-line"><span class="topic-name">${one.topic}</span><small>${compact(last)}/s</small></span>
      <span class="topic-line"><small title=${count(one.partitions, 'partition')}>${count(sum(one.end), 'record')}</small><${Sparkline} values=${values} /></span></button></li>`;
  })}</ul>`;
}

function Filters({ now, change, tail }) {
  const first = useRef(null);
  const box = useRef(null);
  const [typed, setTyped] = useState(now);
  useEffect(() => setTyped(now), [FILTERS.map((name) => now[name]).join('\n')]);
  useEffect(() => {
    const focus = () => { if (box.current) box.current.open = true; first.current?.focus(); };
    addEventListener('septet:search', focus);
    return () => removeEventListener('septet:search', focus);
  }, []);
  const field = (name, label, hint, ref) => html`<label><span>${label}</span><input ref=${ref} name=${name} value=${typed[name] ?? ''} placeholder=${hint} autocomplete="off" spellcheck="false" list=${name === 'type' ? 'types' : undefined}
    onInput=${(event) => setTyped({ ...typed, [name]: event.target.value.trim() })} onChange=${() => change(typed)} /></label>`;
  const active = FILTERS.filter((name) => now[name]);
  return html`<details class="filters" ref=${box} open=${!narrow.peek()}>
    <summary>Filter${active.length > 0 && html` <b class="unread">${active.length}</b>`}</summary>
    <form onSubmit=${(event) => { event.preventDefault(); change(typed); }}>
      <label><span>System</span><select value=${now.system ?? ''} onChange=${(event) => change({ ...typed, system: event.target.value })}><option value="">All</option>
        ${[...SYSTEMS, ['identity', 'Identity']].map(([name, label]) => html`<option value=${name}>${label}</option>`)}</select></label>
      ${field('key', 'Key', 'conversation/…', first)}${field('type', 'Type', 'chat.conversation.…')}${field('actor', 'By', 'id of a person')}${field('correlation', 'Correlation', 'id')}
      ${narrow.value && field('topic', 'Topic', 'chat.events')}
      <datalist id="types">${[...new Set(tail.records.value.map((record) => record.type))].sort().map((one) => html`<option key=${one} value=${one} />`)}</datalist>
      <button type="submit" class="sr">Apply</button>
      ${active.length > 0 && html`<button type="button" class="quiet" onClick=${() => change({})}>Clear all</button>`}
    </form></details>`;
}

function actorName(record) {
  const actor = actorOf(record.actor);
  if (!actor) return '';
  if (people.value.has(actor.id)) return nameOf(actor.id);
  return actor.kind === 'person' ? brief(actor.id) : actor.id;
}

export default function LogPage() {
  const { query: asked } = route.value;
  const filter = Object.fromEntries(FILTERS.filter((name) => asked[name]).map((name) => [name, asked[name]]));
  const filterKey = JSON.stringify(filter);
  const tail = useMemo(() => new Tail(filter), [filterKey]);
  useEffect(() => () => tail.stop(), [tail]);
  useEffect(() => title(Object.values(filter).map((one) => (one.length > 30 ? `${one.slice(0, 24)}…` : one)).join(', '), 'Log'), [filterKey]);
  const [open, setOpen] = useState(null);
  const [chosen, setChosen] = useState(null);
  const [away, setAway] = useState(false);
  const list = useRef(null);
  const box = useRef(null);
  const records = tail.records.value;
  const paused = tail.paused.value;
  const items = useMemo(() => records.map((record) => ({ key: record.place, record })), [records]);

  const change = (next) => query(Object.fromEntries(FILTERS.map((name) => [name, next[name] ?? ''])), { replace: false });
  const add = (more) => change({ ...filter, ...more });
  const place = items.findIndex((item) => item.key === chosen);
  const focusRow = (key) => requestAnimationFrame(() => box.current?.querySelector(`[data-key="${CSS.escape(key)}"] button`)?.focus());

  useEffect(() => {
    const keys = (event) => {
      if (writing(event) || event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === ' ' && !event.target.closest?.('button, a, summary')) { event.preventDefault(); tail.pause(!tail.paused.peek()); }
      else if (step && items.length && event.target.closest?.('.records, body') && !event.target.closest('.record-side')) {
        event.preventDefault();
        const next = items[Math.max(0, Math.min(items.length - 1, place + step))];
        setChosen(next.key);
        focusRow(next.key);
      } else if (event.key === 'f' && (open ?? items[place]?.record)?.correlation) go(`/ui/log/${encodeURIComponent((open ?? items[place].record).correlation)}`);
      else if (event.key === 'Escape' && open) { setOpen(null); if (chosen) focusRow(chosen); }
    };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  }, [tail, items, place, open, chosen]);

  const render = ({ record, key }) => html`<button type="button" class="record" data-system=${systemOf(record)} aria-pressed=${open?.place === key} tabindex=${chosen === key || (place < 0 && items[0]?.key === key) ? 0 : -1}
      onClick=${() => { setChosen(key); setOpen(open?.place === key ? null : record); }}>
    <${Time} at=${record.time} shape="precise" /><span class="topic">${record.topic}</span><b class=${record.type ? '' : 'untyped'} title=${record.type}>${typeName(record)}</b><span class="key">${record.key}</span>
    <span class="actor" dir="auto">${actorName(record)}</span><span class="at">${record.partition}:${record.sequence ?? record.offset}</span><span class="size">${bytes(record.size)}</span></button>`;

  const held = tail.held.value.length;
  const resume = () => { tail.pause(false); list.current?.toEdge(); };
  return html`<div class=${`page log-page ${open ? 'has-record' : ''}`} data-system=${filter.system ?? filter.topic?.split('.')[0] ?? 'house'}>
    <header class="page-head"><h1>Log</h1><span class=${`live ${paused ? 'paused' : tail.state.value}`} role="status">${paused ? 'paused' : { opening: 'connecting…', open: 'live', lost: 'connection lost, trying again' }[tail.state.value]}</span>
      <span class="gap"></span>${tail.problem.value && html`<span class="form-problem" role="alert">${tail.problem.value.message}</span>`}
      <button type="button" aria-pressed=${paused} onClick=${() => (paused ? resume() : tail.pause(true))}><${Icon} name=${paused ? 'play' : 'pause'} size=${19} /> ${paused ? 'Go on' : 'Pause'}${held > 0 && html` <b class="unread" aria-label=${`${held} new records wait`}>${compact(held)}</b>`}</button></header>
    <${Filters} now=${filter} change=${change} tail=${tail} />
    <div class="log-columns">
      <aside class="topics-pane" aria-label="Topics" tabindex="0">${operator.value ? html`<${Topics} tail=${tail} chosen=${filter.topic} choose=${add} />` : html`<p class="muted pad">You see what you have set in motion yourself. Operators see everything, and the topics with their rates.</p>`}</aside>
      <section class="records-pane" ref=${box} aria-label="Records">
        ${!tail.ready.value && html`<${Waiting} rows=${12} label="Loading records" />`}
        ${tail.ready.value && !items.length && html`<${Empty} icon="log" title=${Object.keys(filter).length ? 'No record matches this filter' : 'The log is empty'}>
          <p>${Object.keys(filter).length ? 'New ones appear here the moment they are written.' : 'Do something in one of the systems and watch it arrive.'}</p>${Object.keys(filter).length > 0 && html`<button type="button" onClick=${() => change({})}>Show everything</button>`}</${Empty}>`}
        ${items.length > 0 && html`<${WindowedList} key=${filterKey} class="records" items=${items} estimate=${narrow.value ? 58 : 34} stick="start" render=${render} handle=${list} tabindex="0" role="group" aria-label="Records, newest first" onView=${(_, __, top) => setAway(!top)} />`}
        ${away && !paused && html`<button type="button" class="to-newest up" aria-label="Jump to the newest record" onClick=${() => list.current.toEdge()}><${Icon} name="down" /></button>`}
        ${items.length >= MOST && html`<p class="muted pad">The newest ${number(MOST)} records are kept on this page.</p>`}
      </section>
      ${open && html`<aside class="record-side" aria-label="The record" tabindex="0"><${RecordCard} record=${open} filter=${add} close=${() => setOpen(null)} /></aside>`}
    </div></div>`;
}
