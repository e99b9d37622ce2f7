// A plain table for operators: columns by name, numbers at the end edge, rows that never break the page.
import { html } from '../lib/html.js';

/** `columns`: [{title, cell(row), number?}]; `id(row)` is what makes a row itself. */
export function Table({ columns, rows, id, label, mood }) {
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label=${label}><table><caption class="sr">${label}</caption>
    <thead><tr>${columns.map((one) => html`<th key=${one.title} scope="col" class=${one.number ? 'number' : ''}>${one.title}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${id(row)} class=${mood?.(row) ?? ''}>${columns.map((one) => html`<td key=${one.title} data-title=${one.title} class=${one.number ? 'number' : ''}>${one.cell(row)}</td>`)}</tr>`)}</tbody></table></div>`;
}
