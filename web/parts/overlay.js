// What lies over the page: dialogs, menus and notices. Native <dialog> and popover bring focus, Escape and the top layer.
import { html, useRef, useEffect, useLayoutEffect } from '../lib/html.js';
import { notices, dismiss } from '../lib/store.js';
import { Icon } from './icons.js';

/** A modal dialog that is open as long as it is rendered; `close` is called when it wants to go. */
export function Dialog({ title, close, children, wide = false }) {
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.focus?.();
  }, []);
  const outside = (event) => { if (event.target === box.current) close(); };
  return html`<dialog ref=${box} class=${wide ? 'wide' : ''} aria-label=${title} onCancel=${(event) => { event.preventDefault(); close(); }} onMouseDown=${outside}>
    <header><h2>${title}</h2><button type="button" class="quiet round" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
    <div class="dialog-body">${children}</div>
  </dialog>`;
}

/**
 * A menu at a point or under an element: `at` is a DOMRect or {x, y}. `items`: {label, icon, act, danger, note}, null for a line.
 * `top` is put above the items (the row of reactions).
 */
export function Menu({ at, items, close, top, label = 'Actions' }) {
  const box = useRef(null);
  const before = useRef(document.activeElement);
  useLayoutEffect(() => {
    const menu = box.current;
    menu.showPopover();
    const { width, height } = menu.getBoundingClientRect();
    const x = at.x ?? at.left;
    const y = (at.bottom ?? at.y) + 4;
    menu.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
    menu.style.top = `${y + height > innerHeight - 8 ? Math.max(8, (at.top ?? at.y) - height - 4) : y}px`;
    menu.querySelector('button')?.focus();
  }, []);
  const leave = () => { close(); before.current?.focus?.(); };
  const keys = (event) => {
    const buttons = [...box.current.querySelectorAll('button:not(:disabled)')];
    const here = buttons.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step) { event.preventDefault(); buttons[(here + step + buttons.length) % buttons.length].focus(); }
    if (event.key === 'Escape' || event.key === 'Tab') { event.preventDefault(); event.stopPropagation(); leave(); }
  };
  const toggled = (event) => { if (event.newState === 'closed') close(); };
  return html`<div ref=${box} class="menu" popover="auto" role="menu" aria-label=${label} onKeyDown=${keys} onToggle=${toggled}>
    ${top?.(leave)}
    ${items.map((item, i) => (item
      ? html`<button key=${i} type="button" role="menuitem" class=${item.danger ? 'danger' : ''} disabled=${item.disabled} onClick=${() => { leave(); item.act(); }}>
          <${Icon} name=${item.icon} size=${19} /><span>${item.label}${item.note && html`<small>${item.note}</small>`}</span></button>`
      : html`<hr key=${i} />`))}
  </div>`;
}

export function Notices() {
  return html`<div class="notices" aria-live="polite">${notices.value.map((notice) => html`
    <div key=${notice.id} class=${`notice ${notice.kind}`} role=${notice.kind === 'error' ? 'alert' : 'status'}>
      <p dir="auto">${notice.text}</p>
      ${notice.action && html`<button type="button" onClick=${() => { notice.action.act(); dismiss(notice.id); }}>${notice.action.label}</button>`}
      <button type="button" class="quiet round" aria-label="Dismiss" onClick=${() => dismiss(notice.id)}><${Icon} name="close" size=${18} /></button>
    </div>`)}</div>`;
}
