// A windowed list with rows of any height: only what can be seen is in the document, and what is seen stays where it
// is when rows are added above it, measured for the first time, or change their size.
import { html, useRef, useState, useLayoutEffect, useEffect } from './html.js';

const OVERSCAN = 700; // pixels kept ready above and below
const OPEN_AT = 150; // pixels left above the row that a list opens at
const NEAR = 40; // rows from an edge at which more is asked for

/** Where each row lies: offsets by prefix sums over measured heights, an estimate for what was never seen. */
class Layout {
  constructor(estimate, pad) {
    this.estimate = estimate;
    this.pad = pad;
    this.heights = new Map();
    this.items = [];
    this.offsets = new Float64Array(1);
    this.dirty = true;
  }

  take(items) {
    if (items !== this.items) { this.items = items; this.dirty = true; this.places = null; }
  }

  measured(key, height) {
    if (this.heights.get(key) === height) return;
    this.heights.set(key, height);
    this.dirty = true;
  }

  refresh() {
    if (!this.dirty) return;
    const { items, heights } = this;
    const offsets = this.offsets.length === items.length + 1 ? this.offsets : new Float64Array(items.length + 1);
    offsets[0] = this.pad;
    for (let i = 0; i < items.length; i++) offsets[i + 1] = offsets[i] + (heights.get(items[i].key) ?? this.estimate);
    this.offsets = offsets;
    this.dirty = false;
  }

  get total() { this.refresh(); return this.offsets[this.items.length] + this.pad; }
  top(index) { this.refresh(); return this.offsets[index]; }

  /** The row at a height, by bisection. */
  at(y) {
    this.refresh();
    let low = 0;
    let high = this.items.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.offsets[middle] <= y) low = middle; else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  place(key) {
    this.places ??= new Map(this.items.map((item, index) => [item.key, index]));
    return this.places.get(key) ?? -1;
  }
}

/**
 * Shows `items` ({key, …}) through `render(item)`. `stick` names the edge that is followed while it is in view
 * ('end' for a conversation, 'start' for newest first); `openAt` the row that the list opens at, where there is such a row. `onStart`, `onEnd` ask for more. `handle.current` gets
 * {toEdge(), to(key), stuck} for the page's own buttons; `onView(firstKey, lastKey, stuck)` tells what is in view.
 */
export function WindowedList({ items, render, estimate = 60, pad = 0, stick = 'end', openAt, onStart, onEnd, onView, handle, ...rest }) {
  const port = useRef(null);
  const sizer = useRef(null);
  const rows = useRef(null);
  const own = useRef(null);
  own.current ??= {
    layout: new Layout(estimate, pad),
    stuck: !items.some((item) => item.key === openAt),
    anchors: [{ key: openAt, delta: -OPEN_AT }],
    range: [0, 0],
    top: 0, // where the view was when it was last looked at
    view: '',
  };
  const state = own.current;
  const [, redraw] = useState(0);
  const { layout } = state;

  const drop = () => {
    const top = port.current.scrollTop;
    const index = layout.at(top);
    const end = port.current.clientHeight + top;
    state.top = top;
    state.stuck = stick === 'end' ? end >= layout.total - 8 : top <= 8;
    state.anchors = layout.items.slice(index, index + 4).map((item, i) => ({ key: item.key, delta: top - layout.top(index + i) }));
  };
  // The browser tells of scrolling with its next frame. Rows that come before that must not take it back.
  const notice = () => { if (port.current && Math.abs(port.current.scrollTop - state.top) > 0.5) drop(); };
  notice();
  layout.take(items);

  const range = () => {
    const height = port.current?.clientHeight || 800;
    const top = wantedTop();
    const first = layout.at(Math.max(0, top - OVERSCAN));
    return [first, Math.min(items.length, layout.at(top + height + OVERSCAN) + 1)];
  };
  const wantedTop = () => {
    const height = port.current?.clientHeight || 800;
    if (state.stuck) return stick === 'end' ? Math.max(0, layout.total - height) : 0;
    // The heading of a day goes when earlier messages of that day come in: then the next row holds the view.
    const held = state.anchors.find((one) => layout.place(one.key) >= 0);
    return held ? layout.top(layout.place(held.key)) + held.delta : port.current?.scrollTop ?? 0;
  };
  // Rows that are rendered already are kept until the view leaves their overscan: fewer renders while scrolling.
  state.range = range();
  const [from, to] = state.range;

  const tellView = () => {
    if (!onView || !items.length) return;
    const top = port.current.scrollTop;
    const first = layout.at(top);
    const last = layout.at(top + port.current.clientHeight - 4);
    const view = `${items[first].key} ${items[last].key} ${state.stuck}`;
    if (view !== state.view) { state.view = view; onView(items[first].key, items[last].key, state.stuck); }
  };

  const settle = () => {
    if (!port.current) return;
    const children = rows.current.children;
    for (let i = 0; i < children.length; i++) {
      const item = items[state.range[0] + i];
      if (item) layout.measured(item.key, children[i].offsetHeight);
    }
    sizer.current.style.height = `${layout.total}px`;
    rows.current.style.transform = `translateY(${layout.top(state.range[0])}px)`;
    const wanted = wantedTop();
    if (Math.abs(port.current.scrollTop - wanted) > 0.5) port.current.scrollTop = wanted;
    state.top = port.current.scrollTop;
    const [first, last] = range();
    if (first < state.range[0] || last > state.range[1]) redraw((n) => n + 1);
    tellView();
  };

  const ask = ([first, last]) => {
    if (first < NEAR) onStart?.();
    if (last > items.length - NEAR) onEnd?.();
  };
  const scrolled = () => {
    drop();
    const [first, last] = range();
    const room = OVERSCAN / 2 / estimate;
    if (Math.abs(first - state.range[0]) > room || Math.abs(last - state.range[1]) > room) redraw((n) => n + 1);
    ask([first, last]);
    tellView();
  };

  // The observers live as long as the list, so they call what is current and not what was at first.
  state.settle = settle;
  state.notice = notice;
  useLayoutEffect(settle);
  useEffect(() => {
    const watch = new ResizeObserver(() => { state.notice(); state.settle(); });
    watch.observe(port.current);
    watch.observe(rows.current);
    return () => watch.disconnect();
  }, []);
  // Rows that came in may not be enough, or not even fill the view; then there is no scrolling that would ask again.
  useEffect(() => { if (items.length) ask(range()); }, [items.length]);

  if (handle) {
    handle.current = {
      toEdge() { state.stuck = true; state.top = port.current.scrollTop; redraw((n) => n + 1); },
      to(key, share = 0.3) {
        if (layout.place(key) < 0) return false;
        state.stuck = false;
        state.top = port.current.scrollTop;
        state.anchors = [{ key, delta: -port.current.clientHeight * share }];
        redraw((n) => n + 1);
        return true;
      },
      get stuck() { return state.stuck; },
    };
  }

  const shown = [];
  for (let i = from; i < to; i++) shown.push(html`<div key=${items[i].key} data-key=${items[i].key} class="row">${render(items[i], i)}</div>`);
  return html`<div ...${rest} class="windowed ${rest.class ?? ''}" ref=${port} onScroll=${scrolled}>
    <div class="sizer" ref=${sizer}><div class="rows" ref=${rows}>${shown}</div></div>
  </div>`;
}
