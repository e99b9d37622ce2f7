// Addresses: what the address bar says is the state of the page, so that it can be shared, reloaded and gone back to.
import { signal } from './html.js';

const parse = () => ({
  path: location.pathname,
  parts: location.pathname.replace(/^\/ui\/?/, '').split('/').filter(Boolean).map(decodeURIComponent),
  query: Object.fromEntries(new URLSearchParams(location.search)),
});

export const route = signal(parse());

/** Goes to an address; `replace` leaves no step to go back to. */
export function go(to, { replace = false } = {}) {
  if (to !== location.pathname + location.search + location.hash) history[replace ? 'replaceState' : 'pushState'](null, '', to);
  route.value = parse();
}

/** Changes the query of the present address, dropping what is empty; its fragment stays. */
export function query(change, options = { replace: true }) {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(change)) {
    if (value) search.set(name, value); else search.delete(name);
  }
  const text = search.toString();
  go(location.pathname + (text ? `?${text}` : '') + location.hash, options);
}

export function title(...words) {
  document.title = [...words.filter(Boolean), 'Septet'].join(' · ');
}

addEventListener('popstate', () => { route.value = parse(); });

// Links stay links (they open in a new tab, can be copied); only the plain click is taken over.
addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const target = link.getAttribute('href'); // the property is an object where the link is drawn in SVG
  if (target.startsWith('#')) return;
  const url = new URL(target, location.href);
  if (url.origin !== location.origin || link.getAttribute('target') || !(url.pathname === '/' || url.pathname.startsWith('/ui'))) return;
  event.preventDefault();
  if (link.getAttribute('aria-disabled') !== 'true') go(url.pathname + url.search);
});
