// What could not be handled, by consumer and key, and the decision about it: try again, or discard, with a reason.
import { html, useEffect, useState } from '../lib/html.js';
import { operator } from '../lib/net.js';
import { title } from '../lib/router.js';
import { tell } from '../lib/store.js';
import { count } from '../lib/format.js';
import { Empty, Form, Time, Trouble, Waiting } from '../parts/bits.js';
import { Dialog } from '../parts/overlay.js';
import { Icon } from '../parts/icons.js';
import { NoFigures } from '../parts/operators.js';
import { RecordCard } from '../parts/record-card.js';
import { useRead } from '../parts/read.js';

const VERBS = {
  retry: ['Try again', 'All records of this key are handled again, in their order. What fails again comes back here.'],
  discard: ['Discard', 'These records are skipped for good by this consumer. The log keeps them; nothing is deleted from it.'],
};

function Decide({ letter, verb, close, after }) {
  const [label, meaning] = VERBS[verb];
  const send = async (form) => {
    await operator.decide(letter, verb, form.get('reason').trim());
    tell(verb === 'retry' ? 'The records are on their way again.' : 'The records will be discarded.');
    close();
    after();
  };
  return html`<${Dialog} title=${`${label}: ${letter.key}`} close=${close}><p>${meaning}</p>
    <${Form} class="stack" label=${label} send=${send}><label class="field"><span>Reason</span><textarea name="reason" rows="3" required maxlength="500" dir="auto"></textarea><small>It is written down with your name.</small></label></${Form}></${Dialog}>`;
}

/** The letters themselves are read only when somebody looks at them. */
function Letters({ letter }) {
  const { data, problem, again } = useRead(() => operator.letters(letter.consumer, letter.key), [letter.consumer, letter.key]);
  if (problem) return html`<${Trouble} what="The records could not be read." problem=${problem} again=${again} />`;
  if (!data) return html`<${Waiting} rows=${2} />`;
  return data.map((one) => html`<p class="letter-error" dir="auto">${one.error}</p><${RecordCard} record=${one.record} />`);
}

function Letter({ letter, decide }) {
  const [open, setOpen] = useState(false);
  return html`<li class="card letter"><header><span class="tag bad">${letter.consumer}</span><b class="mono">${letter.key}</b><span class="gap"></span>
      ${letter.wish ? html`<span class="tag busy">${letter.wish === 'retry' ? 'being tried again' : 'being discarded'}</span>` : html`
        <button type="button" onClick=${() => decide(letter, 'retry')}>Try again</button><button type="button" class="danger" onClick=${() => decide(letter, 'discard')}>Discard</button>`}</header>
    <p class="letter-error" dir="auto"><${Icon} name="alert" size=${18} /> ${letter.error || 'No error was written down.'}</p>
    <p class="muted">${count(letter.letters ?? 0, 'record')} ${letter.topic && html`of ${letter.topic}, partition ${letter.partition},`} ${letter.since && html`since <${Time} at=${letter.since} shape="ago" />`}</p>
    <details onToggle=${(event) => setOpen(event.target.open)}><summary>The records</summary>${open && html`<${Letters} letter=${letter} />`}</details></li>`;
}

export default function DeadLettersPage() {
  useEffect(() => title('Dead letters'), []);
  const { data, problem, again } = useRead(operator.deadLetters, [], 5);
  const [asking, setAsking] = useState(null);
  return html`<div class="page" data-system="house"><header class="page-head"><h1>Dead letters</h1></header>
    <div class="page-scroll" tabindex="0" role="group" aria-label="Dead letters">
      <${NoFigures} what="The dead letters could not be read." data=${data} problem=${problem} again=${again} />
      ${!data && !problem && html`<${Waiting} rows=${3} />`}
      ${data && !data.length && html`<${Empty} icon="check" title="No dead letters"><p>Everything on the log was handled. When a record cannot be, its key is parked here and all others go on.</p></${Empty}>`}
      <ul class="cards">${(data ?? []).map((letter) => html`<${Letter} key=${`${letter.consumer} ${letter.key}`} letter=${letter} decide=${(one, verb) => setAsking({ letter: one, verb })} />`)}</ul>
    </div>
    ${asking && html`<${Decide} ...${asking} close=${() => setAsking(null)} after=${again} />`}</div>`;
}
