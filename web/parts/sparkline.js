// A rate over the last minute and a half, drawn by uPlot. The number beside it says the same in words.
import { html, useRef, useEffect } from '../lib/html.js';
import uPlot from '../vendor/uplot/uplot.js';

/** `values`: one number a second, oldest first; `colour`: a CSS variable's name, read from the element. */
export function Sparkline({ values, width = 96, height = 22, colour = '--accent' }) {
  const box = useRef(null);
  const plot = useRef(null);
  const data = () => [values.map((_, i) => i), values];
  useEffect(() => {
    const paint = () => getComputedStyle(box.current).getPropertyValue(colour).trim() || 'currentColor';
    plot.current = new uPlot({
      width, height, pxAlign: 0, padding: [2, 1, 2, 1],
      cursor: { show: false }, legend: { show: false }, select: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(high, 1)] } },
      series: [{}, { stroke: () => resolve(paint()), fill: () => resolve(`color-mix(in oklab, ${paint()} 18%, transparent)`), width: 1.5, points: { show: false } }],
    }, data(), box.current);
    return () => plot.current.destroy();
  }, []);
  // A canvas knows no variables: the colour is worked out by an element first.
  const resolve = (text) => { box.current.style.color = text; return getComputedStyle(box.current).color; };
  useEffect(() => { plot.current?.setData(data()); }, [values]);
  return html`<span class=${`spark ${values.some(Boolean) ? '' : 'still'}`} ref=${box} aria-hidden="true"></span>`;
}
