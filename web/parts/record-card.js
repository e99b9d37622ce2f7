// One record of the log, opened: where it lies, what it says, and what travelled with it.
import { html } from '../lib/html.js';
import { bytes, exact } from '../lib/format.js';
import { actorOf, systemOf, typeName } from '../lib/records.js';
import { nameOf, people } from '../lib/chat/state.js';
import { narrow } from '../lib/store.js';
import { copy } from './bits.js';
import { Icon } from './icons.js';

export const place = (record) => `${record.topic}/${record.partition}@${record.offset}`;
const pretty = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

/** JSON with its parts told apart, as elements and never as markup. */
function Json({ value }) {
  const parts = (pretty(value) ?? 'null').split(/("(?:[^"\\]|\\.)*"\s*:|"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/u);
  return parts.map((part, i) => {
    if (i % 2 === 0) return part;
    const kind = part.endsWith(':') ? 'key' : part.startsWith('"') ? 'text' : 'value';
    return html`<span class=${`json-${kind}`}>${part}</span>`;
  });
}

const Row = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

export function RecordCard({ record, filter, close }) {
  const only = (name, value) => (value && filter
    ? html`<button type="button" class="link" title="Show only records with the same" onClick=${() => filter({ [name]: value })}>${value}</button>` : value || html`<span class="muted">none</span>`);
  const actor = actorOf(record.actor);
  return html`<article class="record-card" aria-label=${`Record ${place(record)}`}>
    <header><span class="topic" data-system=${systemOf(record)}>${record.topic}</span><h2>${typeName(record)}</h2>
      ${record.correlation && html`<a class="button" href=${`/ui/log/${encodeURIComponent(record.correlation)}${narrow.value ? '' : `?record=${encodeURIComponent(record.id)}`}`}><${Icon} name="follow" size=${18} /> Follow</a>`}
      <button type="button" class="quiet round" aria-label="Copy the record" title="Copy the record as JSON" onClick=${() => copy(JSON.stringify(record, null, 2), 'The record was copied.')}><${Icon} name="copy" size=${19} /></button>
      ${close && html`<button type="button" class="quiet round" aria-label="Close the record" onClick=${close}><${Icon} name="close" size=${20} /></button>`}</header>
    <dl class="facts">
      <${Row} name="Position">partition ${record.partition}, offset ${record.offset}${record.sequence != null && html`, sequence <b>${record.sequence}</b>`}</${Row}>
      <${Row} name="Key">${only('key', record.key)}</${Row}>
      <${Row} name="Time">${exact(record.time)}</${Row}>
      <${Row} name="Type">${only('type', record.type)}</${Row}>
      <${Row} name="By">${actor && people.value.has(actor.id) && html`<b dir="auto">${nameOf(actor.id)}</b> `}${actor && actor.kind !== 'person' && html`${actor.kind} `}${only('actor', actor?.id)}</${Row}>
      <${Row} name="Correlation">${only('correlation', record.correlation)}</${Row}>
      <${Row} name="Caused by">${record.causation && record.causation !== record.id ? record.causation : html`<span class="muted">nothing on the log: it is the first</span>`}</${Row}>
      <${Row} name="Id">${record.id || html`<span class="muted">none</span>`}</${Row}>
      <${Row} name="Size">${bytes(record.size)}</${Row}>
    </dl>
    <h3>Body</h3><pre tabindex="0" aria-label="Body" dir="auto"><${Json} value=${record.body} /></pre>
    <h3>Headers</h3><dl class="facts headers">${Object.entries(record.headers ?? {}).map(([name, value]) => html`<${Row} key=${name} name=${name}>${pretty(value)}</${Row}>`)}</dl>
  </article>`;
}
