// From the records of one correlation to a tree of cause and effect, in the order it is read. Pure.
import { stages } from './journal.js';

const byTime = (a, b) => (a.ms ?? Infinity) - (b.ms ?? Infinity);

/** Answers {rows: [{…note, depth, row, parentRow, since, children}], span}; times in ms since the first record. */
export function treeOf(trace) {
  const { notes, span } = stages(trace);
  const byId = new Map(notes.map((note) => [note.id, { ...note, children: [] }]));
  const roots = [];
  for (const node of byId.values()) {
    const parent = byId.get(node.parent); // the first cause names itself
    if (parent && parent !== node) {
      parent.children.push(node);
      node.since = node.ms === null || parent.ms === null ? null : node.ms - parent.ms;
    } else roots.push(node);
  }
  const rows = [];
  const walk = (node, depth, parentRow) => {
    if (rows.includes(node)) return; // a record that names itself among its causes must not hang the page
    Object.assign(node, { depth, row: rows.length, parentRow });
    rows.push(node);
    for (const child of node.children.sort(byTime)) walk(child, depth + 1, node.row);
  };
  for (const root of roots.sort(byTime)) walk(root, 0, null);
  return { rows, span };
}
