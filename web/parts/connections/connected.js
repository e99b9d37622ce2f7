// Where people come back to from the provider of their calendar, with its answer in the address.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, route, title } from '../../lib/router.js';
import { tell } from '../../lib/store.js';
import { Trouble, Waiting } from '../bits.js';
import { words } from './words.js';

const BACK = '/ui/scheduling/connections';

export function Connected({ calendar }) {
  const [{ code, state }] = useState(route.value.query);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    title('Connecting', 'Scheduling');
    if (!code) return;
    words.connect(calendar.calendar_id, { code, state }).then(() => { tell('It is being connected.'); go(BACK, { replace: true }); }, setProblem);
  }, []);
  if (code && !problem) return html`<${Waiting} rows=${1} label="Connecting" />`;
  return html`<${Trouble} what=${code ? 'It is not connected.' : 'You did not let us in: nothing is connected.'} problem=${problem}><p><a href=${BACK}>Back to your connections</a></p></${Trouble}>`;
}
