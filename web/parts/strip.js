// "What just happened": each command this page has sent, its answer, and what it set in motion on the log.
import { html, signal, useEffect } from '../lib/html.js';
import { journal, trace } from '../lib/journal.js';
import { log } from '../lib/net.js';
import { kept } from '../lib/store.js';
import { span, precise, exact } from '../lib/format.js';
import { Icon } from './icons.js';
import { Score, Steps, LINES, into } from './score.js';

export const stripOpen = signal(kept.read('strip', false));
stripOpen.subscribe((open) => kept.write('strip', open));

const OUTCOMES = { pending: 'on its way', accepted: 'accepted', refused: 'refused', unreachable: 'no answer' };

function Outcome({ entry }) {
  return html`<span class=${`outcome ${entry.state}`} title=${entry.detail ?? entry.position ?? ''}>${OUTCOMES[entry.state]}${entry.ms !== undefined && html` <i>${span(entry.ms)}</i>`}</span>`;
}

function Entry({ entry }) {
  const { trace: found } = entry;
  return html`<li class="happened" data-system=${entry.system}>
    <time title=${exact(new Date(entry.at).toISOString())}>${precise(entry.at)}</time>
    <div class="happened-what"><b>${entry.label}</b> <${Outcome} entry=${entry} />
      ${entry.detail && html`<p dir="auto">${entry.detail}</p>`}
      <div class="steps"><${Steps} entry=${entry} most=${4} />${entry.correlation && html`<a class="step follow" href=${into(entry.correlation)}><${Icon} name="follow" size=${15} /> follow</a>`}</div></div>
    ${found?.records.length ? html`<${Score} entry=${entry} />`
      : html`<p class="no-score">${entry.state === 'pending' ? '' : found?.problem ? `The log did not tell: ${found.problem.message}` : entry.correlation ? 'Listening to the log…' : 'Nothing reached the log.'}</p>`}
  </li>`;
}

export function Strip() {
  const entries = journal.value;
  const [latest] = entries;
  const open = stripOpen.value;
  // Folded, only the newest is traced: a glance must not cost a request for each command.
  useEffect(() => {
    for (const entry of open ? entries.slice(0, 12) : entries.slice(0, 1)) if (entry.correlation && !entry.trace) trace(entry, log.trace);
  }, [open, entries]);
  return html`<section class=${`strip ${open ? 'open' : ''}`} aria-label="What just happened">
    ${open && html`<div class="strip-body" tabindex="0" role="group" aria-label="Commands and what they caused">
      ${entries.length ? html`<ol>${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ol>`
        : html`<p class="muted pad">Do something, and you will see here what it sets in motion: the command, its answer, the events, the projections that take them in.</p>`}</div>`}
    <div class="strip-bar">
      <button type="button" class="strip-toggle" aria-expanded=${open} onClick=${() => { stripOpen.value = !open; }} title="What just happened (w)"><${Icon} name="score" size=${20} /><span>What just happened</span></button>
      <div class="strip-latest" aria-live="off">${latest && !open && html`<b>${latest.label}</b><${Outcome} entry=${latest} /><${Steps} entry=${latest} most=${2} />`}
        ${open && html`<span class="legend" aria-hidden="true">${LINES.map(([name, label]) => html`<i class=${name}></i>${label}`)}</span>`}</div>
    </div>
  </section>`;
}
