// Brings a chat exported from another messenger (.txt) in: dropped on the page or chosen, previewed, then imported.
import { html, useState, useEffect } from '../lib/html.js';
import { chat } from '../lib/net.js';
import { zone, bytes, number } from '../lib/format.js';
import { loadList } from '../lib/chat/state.js';
import { go } from '../lib/router.js';
import { Dialog } from './overlay.js';
import { Field, Form, Trouble } from './bits.js';
import { Icon } from './icons.js';

const ORDERS = [['auto', 'Find out from the file'], ['dmy', 'day, month, year'], ['mdy', 'month, day, year'], ['ymd', 'year, month, day']];
const zones = () => Intl.supportedValuesOf?.('timeZone') ?? [zone];
const ended = (state) => ['done', 'completed', 'finished', 'failed', 'error'].includes(state);

function Progress({ running, close }) {
  const [state, setState] = useState({ state: 'starting', done: 0, total: 0 });
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    let timer = 0;
    let gone = false;
    const ask = async () => {
      try {
        const now = await chat.importState(running.import_id);
        if (gone) return;
        setState(now);
        setProblem(null);
        if (ended(now.state)) { await loadList().catch(() => {}); return; }
      } catch (error) { setProblem(error); if (!error.passing) return; }
      timer = setTimeout(ask, 400);
    };
    ask();
    return () => { gone = true; clearTimeout(timer); };
  }, [running.import_id]);
  const failed = state.error || ['failed', 'error'].includes(state.state);
  return html`<div class="import-progress" role="status">
    ${failed ? html`<${Trouble} what="The import stopped." problem=${{ message: state.error ?? 'The server gave no reason.' }} />`
      : html`<progress aria-label="Imported" max=${state.total || 1} value=${state.total ? state.done : undefined}></progress>
        <p>${ended(state.state) ? `${number(state.done)} messages were imported.` : `${number(state.done)} of ${number(state.total)} messages`}</p>`}
    ${problem && html`<${Trouble} what="The progress cannot be read just now. The import goes on." problem=${problem} />`}
    ${!failed && html`<button type="button" class="primary" disabled=${!ended(state.state)} onClick=${() => { close(); go(`/ui/chat/${state.chat_id ?? running.chat_id}`); }}>Open the conversation</button>`}
  </div>`;
}

export function ImportChat({ file: given, close }) {
  const [file, setFile] = useState(given ?? null);
  const [head, setHead] = useState('');
  const [running, setRunning] = useState(null);
  useEffect(() => {
    setHead('');
    file?.slice(0, 2048).text().then((text) => setHead(text.split('\n').slice(0, 5).join('\n')));
  }, [file]);
  const send = async (form) => {
    const { data } = await chat.importFile(file, { title: form.get('title'), date_order: form.get('date_order'), zone: form.get('zone') });
    setRunning(data);
  };
  return html`<${Dialog} title="Import an exported chat" close=${close}>
    ${running ? html`<${Progress} running=${running} close=${close} />` : html`<${Form} send=${send} label="Import">
      <label class="file"><${Icon} name="import" /><span>${file ? html`<b dir="auto">${file.name}</b> <small>${bytes(file.size)}</small>` : 'Choose the exported .txt file, or drop it anywhere on the chat'}</span>
        <input type="file" accept=".txt,text/plain" required=${!file} onChange=${(event) => setFile(event.target.files[0] ?? null)} /></label>
      ${head && html`<pre class="excerpt" dir="auto" tabindex="0" aria-label="How the file begins">${head}</pre>`}
      <${Field} label="Title of the conversation" name="title" required autocomplete="off" value=${file?.name.replace(/\.txt$/i, '').replace(/^.*chat with /i, '') ?? ''} />
      <label class="field"><span>Dates in the file are written</span><select name="date_order">${ORDERS.map(([value, label]) => html`<option value=${value}>${label}</option>`)}</select></label>
      <label class="field"><span>Times in the file are local to</span><select name="zone">${zones().map((name) => html`<option selected=${name === zone}>${name}</option>`)}</select></label>
    </${Form}>`}
  </${Dialog}>`;
}
