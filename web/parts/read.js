// Reading something for a page: the data, or what went wrong, and how to ask again.
import { useState, useEffect, useRef } from '../lib/html.js';

/** `every`: seconds after which it is read anew while the page is visible; 0 for once. */
export function useRead(read, inputs, every = 0) {
  const [state, setState] = useState({ data: null, problem: null });
  const asked = useRef(0);
  const again = async () => {
    const mine = ++asked.current;
    try {
      const data = await read();
      if (mine === asked.current) setState({ data, problem: null, at: new Date().toISOString() });
    } catch (problem) {
      if (mine === asked.current) setState((before) => ({ ...before, problem }));
    }
  };
  useEffect(() => {
    again();
    const timer = every && setInterval(() => { if (document.visibilityState === 'visible') again(); }, every * 1000);
    return () => { asked.current++; clearInterval(timer); };
  }, inputs);
  return { ...state, again };
}
