// What could not be handled, by consumer and key, and the decision about it: try again, or discard, with a reason.
import { html, useEffect, useState } from '../lib/html.js';
import { operator } from '../lib/net.js';
import { title } from '../lib/router.js';
import { tell } from '../lib/store.js';
import { count } from '../lib/format.js';
import { Empty, Form, Time, Trouble, Waiting } from '../parts/bits.js';
import { Dialog } from '../parts/overlay.js';
import { Icon } from '../parts/icons.js';
import { RecordCard } from '../parts/record-card.js';
import { useRead } from '../parts/read.js';

const listOf = (data) => (Array.isArray(data) ? data : data?.deadletters ?? data?.items ?? []);
const recordsOf = (letter) => letter.records ?? (letter.record ? [letter.record] : []);
const VERBS = {
  retry: ['Try again', 'All records of this key are handled again, in their order. What fails again comes back here.'],
  discard: ['Discard', 'These records are skipped for good by this consumer. The log keeps them; nothing is deleted from it.'],
};

function Decide({ letter, verb, close, after }) {
  const [label, meaning] = VERBS[verb];
  const send = async (form) => {
    await operator.decide(letter, verb, form.get('reason').trim());
    tell(verb === 'retry' ? 'The records are on their way again.' : 'The records were discarded.');
    close();
    after();
  };
  return html`<${Dialog} title=${`${label}: ${letter.key}`} close=${close}><p>${meaning}</p>
    <${Form} class="stack" label=${label} send=${send}><label class="field"><span>Reason</span><textarea name="reason" rows="3" required maxlength="1000" dir="auto"></textarea><small>It is written down with your name.</small></label></${Form}></${Dialog}>`;
}

function Letter({ letter, decide }) {
  const records = recordsOf(letter);
  const number = letter.count ?? records.length;
  return html`<li class="card letter"><header><span class="tag bad">${letter.consumer}</span><b class="mono">${letter.key}</b><span class="gap"></span>
      <button type="button" onClick=${() => decide(letter, 'retry')}>Try again</button><button type="button" class="danger" onClick=${() => decide(letter, 'discard')}>Discard</button></header>
    <p class="letter-error" dir="auto"><${Icon} name="alert" size=${18} /> ${letter.error ?? 'No error was written down.'}</p>
    <p class="muted">${number > 0 && count(number, 'record')} ${letter.first_at && html`since <${Time} at=${letter.first_at} shape="ago" />`} ${letter.at && html`<${Time} at=${letter.at} shape="ago" />`}</p>
    ${records.length > 0 && html`<details><summary>The records</summary>${records.map((record) => html`<${RecordCard} record=${{ headers: {}, ...record }} />`)}</details>`}</li>`;
}

export default function DeadLettersPage() {
  useEffect(() => title('Dead letters'), []);
  const { data, problem, again } = useRead(operator.deadLetters, [], 5);
  const [asking, setAsking] = useState(null);
  const letters = listOf(data);
  return html`<div class="page"><header class="page-head"><h1>Dead letters</h1></header>
    <div class="page-scroll" tabindex="0" role="group" aria-label="Dead letters">
      ${problem && html`<${Trouble} what="The dead letters could not be read." problem=${problem} again=${again} />`}
      ${!data && !problem && html`<${Waiting} rows=${3} />`}
      ${data && !letters.length && html`<${Empty} icon="check" title="No dead letters"><p>Everything on the log was handled. When a record cannot be, its key is parked here and all others go on.</p></${Empty}>`}
      <ul class="cards">${letters.map((letter) => html`<${Letter} key=${`${letter.consumer} ${letter.key}`} letter=${letter} decide=${(one, verb) => setAsking({ letter: one, verb })} />`)}</ul>
    </div>
    ${asking && html`<${Decide} ...${asking} close=${() => setAsking(null)} after=${again} />`}</div>`;
}
