// Cause and effect, drawn: the tree on the left, on the right when each record was written after the one that caused it.
import { html } from '../lib/html.js';
import { span as spanText, brief } from '../lib/format.js';
import { narrow } from '../lib/store.js';

const ROW = 46;
const STEP = 24;
const LEFT = 16;
const y = (row) => row * ROW + ROW / 2;
const x = (depth) => LEFT + depth * STEP;

/** A scale of round steps: 1, 2, 5, 10 … ms, about `wanted` of them. */
function ticks(span, wanted) {
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 0.01)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((one) => one >= rough) ?? power;
  const all = [];
  for (let at = 0; at <= span * 1.001; at += step) all.push(at);
  return all;
}

export function Tree({ tree, chosen, choose }) {
  const { rows } = tree;
  const span = Math.max(tree.span, 0.5);
  const depth = Math.max(0, ...rows.map((node) => node.depth));
  const scale = ticks(span, narrow.value ? 2 : 5);
  const at = (ms) => `${1.5 + (95 * ms) / span}%`;
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
  };
  return html`<div class="tree" style=${{ '--row': `${ROW}px`, '--indent': `${x(depth) + 18}px` }}>
    <div class="tree-scale" aria-hidden="true"><span></span><svg width="100%" height="22">${scale.map((ms) => html`<text x=${at(ms)} y="15">${spanText(ms)}</text>`)}</svg></div>
    <div class="tree-body" onKeyDown=${keys}>
      <svg class="tree-edges" width=${x(depth) + 14} height=${rows.length * ROW} aria-hidden="true">
        ${rows.filter((node) => node.parentRow !== null).map((node) => html`<path key=${node.id} data-system=${node.system} d=${`M${x(node.depth - 1)} ${y(node.parentRow)}V${y(node.row) - 9}q0 9 9 9H${x(node.depth)}`} />`)}
        ${rows.map((node) => html`<circle key=${`dot ${node.id}`} class=${node.kind} data-system=${node.system} cx=${x(node.depth)} cy=${y(node.row)} r="6" />`)}
      </svg>
      <svg class="tree-times" width="100%" height=${rows.length * ROW} aria-hidden="true">
        ${scale.map((ms) => html`<line class="tick-line" x1=${at(ms)} x2=${at(ms)} y1="0" y2="100%" />`)}
        ${rows.filter((node) => node.ms !== null).map((node) => html`<g key=${node.id} data-system=${node.system}>
          ${node.since > 0 && html`<line class="wait" x1=${at(node.ms - node.since)} x2=${at(node.ms)} y1=${y(node.row)} y2=${y(node.row)} />`}
          <ellipse class=${`note ${node.kind}`} cx=${at(node.ms)} cy=${y(node.row)} rx="6" ry="5" /></g>`)}
      </svg>
      <ol>${rows.map((node) => html`<li key=${node.id} data-system=${node.system}>
        <button type="button" class="tree-row" aria-pressed=${chosen === node.id} disabled=${!node.record} onClick=${() => choose(node)} style=${{ '--depth': node.depth }}>
          <span class="tree-label"><span class="sr">${node.kind} </span><b>${node.label}</b><small>${node.record ? `${node.record.topic} ${node.record.partition}:${node.record.sequence ?? node.record.offset}` : 'has applied it'}</small></span>
          <span class="tree-key">${node.record ? node.record.key?.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, brief) : ''}</span>
          <span class="tree-ms">${node.since > 0 ? `+${spanText(node.since)}` : node.ms === null ? 'applied' : node.row ? '' : 'start'}</span></button></li>`)}</ol>
    </div></div>`;
}
