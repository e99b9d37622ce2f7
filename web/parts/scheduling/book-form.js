// A few questions that lead a guest to the right meeting, or to a message.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, route, title } from '../../lib/router.js';
import { scheduling } from '../../lib/scheduling.js';
import { Form } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Questions, Single, Unread, answersOf } from './public.js';

export function BookForm() {
  const [, , calendar, slug] = route.value.parts;
  const [message, setMessage] = useState(null);
  const { data: form, problem, again } = useRead(() => scheduling.form(calendar, slug), [calendar, slug]);
  useEffect(() => title(form?.title), [form?.title]);
  if (!form) return html`<${Unread} problem=${problem} again=${again} missing="There is no such form." />`;
  const send = async (filled) => {
    const to = await scheduling.routed(calendar, slug, answersOf(filled, form.questions));
    if (to.kind === 'message') setMessage(to.message);
    else go(`/ui/book/${to.kind === 'team' ? 'team/' : ''}${to.id}/${to.event_type}`);
  };
  if (message) return html`<${Single}><section class="booked" role="status"><span class="booked-mark"><${Icon} name="info" size=${30} /></span><h1 dir="auto">${form.title}</h1><p dir="auto">${message}</p><button type="button" onClick=${() => setMessage(null)}>Answer again</button></section></${Single}>`;
  return html`<${Single}><section class="book-main stack"><h1 class="pick-title" dir="auto">${form.title}</h1><${Form} class="stack" label="Go on" send=${send}><${Questions} questions=${form.questions} /></${Form}><p class="muted small">Nothing of your answers is kept.</p></section></${Single}>`;
}
