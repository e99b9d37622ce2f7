// Following one message through the house: everything that carries its correlation, as a tree with times.
import { html, useEffect, useState } from '../lib/html.js';
import { log } from '../lib/net.js';
import { route, query, title } from '../lib/router.js';
import { count, span, whole } from '../lib/format.js';
import { journal, merged } from '../lib/journal.js';
import { typeName } from '../lib/records.js';
import { treeOf } from '../lib/tree.js';
import { Empty, Trouble, Waiting, copy } from '../parts/bits.js';
import { Icon } from '../parts/icons.js';
import { RecordCard } from '../parts/record-card.js';
import { Tree } from '../parts/tree.js';

export default function FollowPage() {
  const { parts: [, correlation], query: asked } = route.value;
  const [trace, setTrace] = useState(null);
  const [problem, setProblem] = useState(null);
  const [going, setGoing] = useState(true);
  useEffect(() => title(`Following ${correlation.slice(0, 8)}`, 'Log'), [correlation]);

  // What a message sets in motion may still be under way: it is read again until nothing is added any more.
  useEffect(() => {
    let gone = false;
    let timer = 0;
    let calm = 0;
    let size = -1;
    // The strip may have looked earlier, when the log still knew more exactly when.
    let seen = journal.peek().find((entry) => entry.correlation === correlation)?.trace ?? null;
    const read = async () => {
      try {
        seen = merged(seen, await log.trace(correlation));
        if (gone) return;
        const next = seen.records.length + seen.applied.filter((one) => one.applied).length;
        calm = next === size ? calm + 1 : 0;
        size = next;
        setTrace(seen);
        setProblem(null);
      } catch (error) {
        if (gone) return;
        setProblem(error);
        if (!error.passing) { setGoing(false); return; }
      }
      if (calm < 4) timer = setTimeout(read, 500 * (calm + 1)); else setGoing(false);
    };
    setGoing(true);
    read();
    return () => { gone = true; clearTimeout(timer); };
  }, [correlation]);

  const tree = trace && treeOf(trace);
  const node = tree?.rows.find((one) => one.id === asked.record);
  const first = tree?.rows[0]?.record;
  return html`<div class=${`page follow-page ${node ? 'has-record' : ''}`} data-system=${first?.topic.split('.')[0] ?? 'house'}>
    <header class="page-head"><a class="quiet round" href="/ui/log" aria-label="Back to the log"><${Icon} name="back" /></a>
      <div><h1>${first ? typeName(first) : 'Following'}</h1><p class="muted">${tree ? `${count(trace.records.length, 'record')} in ${span(tree.span)}, applied by ${count(new Set(trace.applied.filter((one) => one.applied).map((one) => one.name)).size, 'consumer')}${first ? `, ${whole(first.time)}` : ''}` : ' '}</p></div>
      <span class="gap"></span>${going && trace && html`<span class="live open" role="status">listening</span>`}
      <button type="button" onClick=${() => copy(location.href, 'The address was copied.')}><${Icon} name="link" size=${19} /> <span class="not-narrow">Copy the address</span></button></header>
    ${problem && html`<${Trouble} what="This could not be followed." problem=${problem} />`}
    <div class="log-columns">
      <section class="tree-pane" tabindex="0" role="group" aria-label="Cause and effect">
        ${!trace && !problem && html`<${Waiting} rows=${6} />`}
        ${tree && !tree.rows.length && html`<${Empty} icon="follow" title="No record carries this correlation"><p>It may be mistyped, or written a moment ago: this page looks again by itself. You see only what you have caused, unless you are an operator.</p></${Empty}>`}
        ${tree?.rows.length > 0 && html`<${Tree} tree=${tree} chosen=${asked.record} choose=${(one) => query({ record: one.id === asked.record ? '' : one.id })} />
          <p class="legend"><i class="command"></i>command<i class="answer"></i>answer<i class="event"></i>event<i class="handler"></i>handler<i class="projection"></i>projection</p>`}
      </section>
      ${node?.record && html`<aside class="record-side" tabindex="0" aria-label="The record"><${RecordCard} record=${node.record} close=${() => query({ record: '' })} /></aside>`}
    </div></div>`;
}
