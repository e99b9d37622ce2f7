// Routing forms: a few questions, and rules that say from the answers with whom a guest should meet.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, title } from '../../lib/router.js';
import { tell, tellProblem } from '../../lib/store.js';
import { Problem } from '../../lib/net.js';
import { scheduling } from '../../lib/scheduling.js';
import { Empty, Field, Form, Trouble, Waiting, copy } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { questionsOf, slugOf, written } from './types.js';

const COMPARISONS = { is: 'is', is_not: 'is not', contains: 'contains', at_least: 'is at least' };
const MESSAGE = { kind: 'message', id: null, event_type: '', message: 'Thank you. Nobody needs to be met for this.' };
const valueOf = (to) => (to.kind === 'message' ? 'message' : `${to.kind} ${to.id} ${to.event_type}`);

/** Every event type one can lead to: one's own, and those of one's teams. */
async function destinations(calendar) {
  const teams = await Promise.all((await scheduling.teams()).map((one) => scheduling.team(one.team_id)));
  return [...calendar.event_types.map((one) => ({ kind: 'calendar', id: calendar.calendar_id, event_type: one.slug, words: one.title })),
    ...teams.flatMap((team) => team.event_types.map((one) => ({ kind: 'team', id: team.team_id, event_type: one.slug, words: `${one.title}, ${team.name}` })))];
}

function Leads({ to, known, change, label }) {
  const pick = (event) => {
    const found = known.find((one) => valueOf(one) === event.target.value);
    change(found ? { kind: found.kind, id: found.id, event_type: found.event_type, message: '' } : MESSAGE);
  };
  return html`<label class="field"><span>${label}</span><select value=${valueOf(to)} onChange=${pick}>${known.map((one) => html`<option key=${valueOf(one)} value=${valueOf(one)}>${one.words}</option>`)}<option value="message">A message</option></select></label>
    ${to.kind === 'message' && html`<label class="field"><span>The message</span><textarea rows="2" maxlength="1000" dir="auto" required value=${to.message} onInput=${(event) => change({ ...to, message: event.target.value })}></textarea></label>`}`;
}

const first = ([asked]) => ({ question: asked.name, comparison: 'is', value: asked.choices[0] ?? '' });

/** All its conditions must hold; another rule that leads to the same place is an "or". */
function Rule({ rule, at, questions, known, change, drop }) {
  const { conditions } = rule;
  const set = (which, ...now) => change({ ...rule, conditions: conditions.toSpliced(which, 1, ...now) });
  return html`<fieldset class="card stack"><legend>Rule ${at + 1}</legend>${conditions.map((one, i) => html`<div key=${i} class="three-fields">
      <label class="field"><span>${i ? 'And' : 'If'} the answer to</span><select value=${one.question} onChange=${(event) => set(i, { ...one, question: event.target.value })}>${questions.map((one) => html`<option key=${one.name} value=${one.name}>${one.text}</option>`)}</select></label>
      <label class="field"><span>Compared</span><select value=${one.comparison} onChange=${(event) => set(i, { ...one, comparison: event.target.value })}>${Object.entries(COMPARISONS).map(([name, words]) => html`<option key=${name} value=${name}>${words}</option>`)}</select></label>
      <label class="field"><span>This</span><input dir="auto" required maxlength="200" value=${one.value} onInput=${(event) => set(i, { ...one, value: event.target.value })} /></label></div>
      ${conditions.length > 1 && html`<button type="button" onClick=${() => set(i)}>Without this condition</button>`}`)}
    ${conditions.length < 10 && html`<button type="button" onClick=${() => set(conditions.length, first(questions))}><${Icon} name="plus" size=${18} /> And a condition</button>`}
    <${Leads} label="it leads to" to=${rule.to} known=${known} change=${(to) => change({ ...rule, to })} />
    <button type="button" onClick=${drop}><${Icon} name="trash" size=${18} /> Without this rule</button></fieldset>`;
}

function Editor({ calendar, form, known, again }) {
  const [text, setText] = useState(written(form?.questions ?? []));
  const [rules, setRules] = useState(form?.rules ?? []);
  const [otherwise, setOtherwise] = useState(form?.otherwise ?? { ...(known[0] ?? MESSAGE), words: undefined });
  const questions = questionsOf(text, form?.questions ?? []);
  const add = () => setRules([...rules, { conditions: [first(questions)], to: otherwise }]);
  const send = async (filled) => {
    const words = filled.get('title').trim();
    const slug = form?.slug ?? slugOf(words);
    if (!questions.length) throw new Problem({ code: 'form_invalid', detail: 'Ask at least one question.' });
    const names = new Set(questions.map((one) => one.name));
    if (rules.some((rule) => rule.conditions.some((one) => !names.has(one.question)))) throw new Problem({ code: 'form_invalid', detail: 'A rule looks at a question that is no longer asked: choose another one in it.' });
    const bare = ({ kind, id, event_type, message }) => (kind === 'message' ? { kind, message } : { kind, id, event_type });
    await scheduling.setForm(calendar.calendar_id, slug, { title: words, questions, rules: rules.map((rule) => ({ ...rule, to: bare(rule.to) })), otherwise: bare(otherwise) });
    tell('The form leads there now.');
    again();
    go('/ui/scheduling/forms');
  };
  return html`<div class="page-scroll narrow-page"><header class="lot-head"><a class="round quiet back" href="/ui/scheduling/forms" aria-label="All forms"><${Icon} name="back" /></a><h2 dir="auto">${form?.title ?? 'A new form'}</h2></header>
    <${Form} class="stack card new-lot" label=${form ? 'Save' : 'Make it'} send=${send}><${Field} label="Title" name="title" required maxlength="100" defaultValue=${form?.title ?? ''} />
      <label class="field"><span>Questions</span><textarea rows="3" dir="auto" required value=${text} onInput=${(event) => setText(event.target.value)} placeholder=${'How big is your team: small, large *\nWhat is it about?'}></textarea><small>One a line. A star at the end: it must be answered. Choices after a colon.</small></label>
      ${rules.map((rule, at) => html`<${Rule} key=${at} rule=${rule} at=${at} questions=${questions} known=${known} change=${(one) => setRules(rules.map((each, i) => (i === at ? one : each)))} drop=${() => setRules(rules.filter((_, i) => i !== at))} />`)}
      <button type="button" disabled=${!questions.length} onClick=${add}><${Icon} name="plus" size=${18} /> A rule</button>
      <${Leads} label=${rules.length ? 'Otherwise it leads to' : 'It leads to'} to=${otherwise} known=${known} change=${setOtherwise} /></${Form}></div>`;
}

export function Forms({ id, calendar, again }) {
  useEffect(() => title('Forms', 'Scheduling'), []);
  const making = id === 'new';
  const { data, problem, again: anew } = useRead(async () => ({ known: id ? await destinations(calendar) : [], form: id && !making ? await scheduling.form(calendar.calendar_id, id) : null, of: id }), [id]);
  if (problem) return html`<${Trouble} what=${problem.status === 404 ? 'There is no such form.' : 'The form could not be read.'} problem=${problem.status === 404 ? null : problem} again=${anew} />`;
  if (!data || data.of !== id) return html`<${Waiting} />`;
  if (id) return html`<${Editor} key=${id} calendar=${calendar} form=${data.form} known=${data.known} again=${again} />`;
  const remove = (slug) => scheduling.removeForm(calendar.calendar_id, slug).then(() => { tell('It asks nobody any more.'); again(); }, (error) => tellProblem('Not removed.', error));
  const forms = calendar.forms ?? [];
  return html`<div class="page-scroll narrow-page" tabindex="0" role="group" aria-label="Forms">${forms.length ? html`<ul class="lines">${forms.map((one) => html`<li key=${one.slug}><span><a href=${`/ui/scheduling/forms/${one.slug}`} dir="auto">${one.title}</a></span>
      <button type="button" onClick=${() => copy(`${location.origin}/ui/book/form/${calendar.calendar_id}/${one.slug}`, 'The link is copied.')}><${Icon} name="link" size=${18} /> Copy the link</button><a class="button quiet" href=${`/ui/book/form/${calendar.calendar_id}/${one.slug}`}>Look</a>
      <button type="button" class="quiet round" aria-label=${`Remove ${one.title}`} onClick=${() => remove(one.slug)}><${Icon} name="trash" size=${18} /></button></li>`)}</ul><a class="button primary" href="/ui/scheduling/forms/new"><${Icon} name="plus" size=${18} /> New form</a>`
    : html`<${Empty} icon="paper" title="No forms yet"><p>A form asks a few questions and leads each guest to the right meeting.</p><a class="button primary" href="/ui/scheduling/forms/new">Make a form</a></${Empty}>`}</div>`;
}
