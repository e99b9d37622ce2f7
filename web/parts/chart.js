// Figures over time, drawn by uPlot in the colours of the page. What it shows is also said in words beside it.
import { html, useEffect, useRef } from '../lib/html.js';
import { dark } from '../lib/store.js';
import { inZone } from '../lib/zones.js';
import uPlot from '../vendor/uplot/uplot.js';

/**
 * `times`: instants; `series`: [{label, values, colour, fill, dash, steps}], colours as CSS; `band`: [upper, lower] by their
 * place in `series`. Times are those of `zone`'s clock.
 */
export function Chart({ times, series, band, zone, label, height = 240 }) {
  const box = useRef(null);
  const plot = useRef(null);
  const paint = useRef(null); // a canvas knows no variables: an element works the colour out first
  const colour = (text) => { paint.current.style.color = text; return getComputedStyle(paint.current).color; };
  const data = [times.map((time) => Date.parse(time) / 1000), ...series.map((one) => one.values)];
  const shape = series.map((one) => one.label).join('|');
  useEffect(() => {
    const axis = { stroke: () => colour('var(--ink-soft)'), grid: { stroke: () => colour('var(--line)'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
    const clock = (seconds, step) => inZone(seconds * 1000, zone, step >= 86_400 ? { day: 'numeric', month: 'short' } : { hour: 'numeric', minute: '2-digit' });
    plot.current = new uPlot({
      width: box.current.clientWidth || 600, height, padding: [12, 26, 0, 0],
      cursor: { y: false, points: { size: 7 } }, legend: { show: false }, select: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.06, 4)] } },
      axes: [{ ...axis, space: 74, size: 30, values: (_, all, __, ___, step) => all.map((seconds) => clock(seconds, step)) }, { ...axis, size: 44 }],
      series: [{}, ...series.map((one) => ({
        label: one.label, width: one.width ?? 2, dash: one.dash, points: { show: false },
        stroke: () => colour(one.colour), fill: one.fill && (() => colour(one.fill)),
        paths: one.steps ? uPlot.paths.stepped({ align: 1 }) : undefined,
      }))],
      bands: band ? [{ series: [band[0] + 1, band[1] + 1], fill: () => colour('color-mix(in oklab, var(--accent-fill) 20%, transparent)') }] : [],
    }, data, box.current);
    const watch = new ResizeObserver(([{ contentRect }]) => plot.current.setSize({ width: contentRect.width, height }));
    watch.observe(box.current);
    return () => { watch.disconnect(); plot.current.destroy(); };
  }, [shape, zone, height]);
  useEffect(() => { plot.current?.setData(data); }, [times, series]);
  // In other colours only when they change: a chart painted before it knows its stretch never learns it.
  const painted = useRef(dark.value);
  useEffect(() => {
    if (painted.current !== dark.value) plot.current.redraw(true, false);
    painted.current = dark.value;
  }, [dark.value]);
  return html`<figure class="chart"><div ref=${box} role="img" aria-label=${label}></div><span ref=${paint} hidden></span>
    <figcaption class="chart-legend">${series.map((one) => html`<span key=${one.label}><i class=${one.dash ? 'dashed' : ''} style=${{ '--c': one.colour }}></i>${one.label}</span>`)}</figcaption></figure>`;
}
