// The small things every page uses: faces, times, errors, waiting, emptiness, copying.
import { html, useState } from '../lib/html.js';
import { hue, initials, exact, when, ago, clock, precise, whole } from '../lib/format.js';
import { minute, tell } from '../lib/store.js';
import { Icon } from './icons.js';

export function Face({ id, name, kind = 'direct', size = '', online = false }) {
  return html`<span class=${`face ${kind} ${size}`} style=${{ '--hue': hue(id) }} aria-hidden="true">
    ${kind === 'group' ? html`<${Icon} name="group" size=${size === 'small' ? 16 : 20} />` : initials(name)}
    ${online && html`<i class="here"></i>`}
  </span>`;
}

const SHAPES = { when, clock, precise, whole };
/** A time in the viewer's zone; the exact instant shows on hover. `shape`: when, ago, clock, precise or whole. */
export function Time({ at, shape = 'when' }) {
  if (!at) return null;
  return html`<time datetime=${at} title=${exact(at)}>${shape === 'ago' ? ago(at, minute.value) : SHAPES[shape](at)}</time>`;
}

/** Says what went wrong and offers what can be done about it. */
export function Trouble({ what, problem, again, children }) {
  return html`<div class="trouble" role="alert">
    <${Icon} name=${problem?.status === 0 ? 'away' : 'alert'} />
    <div><strong>${what}</strong>${problem && html`<p dir="auto">${problem.message}</p>`}${children}</div>
    ${again && html`<button type="button" onClick=${again}>Try again</button>`}
  </div>`;
}

/** Grey shapes of what is to come. They appear after 300 ms and a progress line after a second, both by style sheet. */
export function Waiting({ rows = 6, label = 'Loading' }) {
  return html`<div class="waiting" role="status" aria-label=${label}>
    <div class="progress-line"></div>
    ${Array.from({ length: rows }, (_, i) => html`<div class="bone" style=${{ '--i': i }}><i></i><span></span></div>`)}
  </div>`;
}

export function Empty({ icon, title, children }) {
  return html`<div class="empty"><span class="empty-icon"><${Icon} name=${icon} size=${34} /></span><h2>${title}</h2>${children}</div>`;
}

export async function copy(text, what = 'Copied.') {
  try { await navigator.clipboard.writeText(text); tell(what); } catch { tell(`This browser does not allow copying here. The text is: ${text}`, { kind: 'error' }); }
}

/** A form that keeps what was typed, shows what the server said under it, and cannot be sent twice at once. */
export function Form({ send, label, children, ...rest }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try { await send(new FormData(event.target), event.target); } catch (error) {
      if (!error.code) throw error;
      setProblem(error);
    } finally { setBusy(false); }
  };
  return html`<form ...${rest} onSubmit=${submit} aria-busy=${busy}>
    ${children}
    ${problem && html`<p class="form-problem" role="alert" dir="auto"><${Icon} name="alert" size=${18} /> ${problem.message}</p>`}
    <button class="primary" type="submit" disabled=${busy}>${busy ? 'One moment…' : label}</button>
  </form>`;
}

export function Field({ label, hint, name, ...rest }) {
  return html`<label class="field"><span>${label}</span><input name=${name} dir="auto" ...${rest} />${hint && html`<small>${hint}</small>`}</label>`;
}
