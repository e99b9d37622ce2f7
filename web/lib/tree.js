// From the records of one correlation to a tree of cause and effect, in the order it is read. Pure.
import { stages } from './journal.js';

/** Answers {rows: [{…note, depth, row, parentRow, since, children}], span}; times in ms since the first record. */
export function treeOf(trace) {
  const { notes, span } = stages(trace);
  const byId = new Map(notes.map((note) => [note.id, { ...note, children: [] }]));
  const byPosition = new Map();
  for (const node of byId.values()) {
    if (node.record?.sequence != null && node.kind === 'event') byPosition.set(`${node.system}:${node.record.partition}:${node.record.sequence}`, node);
  }
  const roots = [];
  for (const node of byId.values()) {
    const parent = node.kind === 'projection' ? byPosition.get(node.position) : byId.get(node.parent);
    if (parent && parent !== node) { parent.children.push(node); node.since = node.ms - parent.ms; } else roots.push(node);
  }
  const rows = [];
  const walk = (node, depth, parentRow) => {
    if (rows.includes(node)) return; // a record that names itself among its causes must not hang the page
    Object.assign(node, { depth, row: rows.length, parentRow });
    rows.push(node);
    for (const child of node.children.sort((a, b) => a.ms - b.ms)) walk(child, depth + 1, node.row);
  };
  for (const root of roots.sort((a, b) => a.ms - b.ms)) walk(root, 0, null);
  return { rows, span };
}
