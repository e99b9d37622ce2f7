// Parts whose script comes when they are first shown.
import { html, useState, useEffect } from '../lib/html.js';
import { Trouble } from './bits.js';

/**
 * The part that `load` promises, standing in for it until it is there: with `waiting` (a function) while it comes, with
 * what is wrong and another try where it does not.
 */
export function later(load, waiting = () => null) {
  let Part = null;
  return function Later(props) {
    const [problem, setProblem] = useState(null);
    const [, redraw] = useState(0);
    const fetch = () => load().then(
      (part) => { Part = part; setProblem(null); redraw((n) => n + 1); },
      () => setProblem({ status: 0, message: 'Its script could not be loaded.' }),
    );
    useEffect(() => { if (!Part) fetch(); }, []);
    if (Part) return html`<${Part} ...${props} />`;
    return problem ? html`<${Trouble} what="This part of the console did not come." problem=${problem} again=${fetch} />` : waiting();
  };
}
