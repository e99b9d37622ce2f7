// The way to a space: where there are free ones, a picture of each level, and a space that is kept for who is coming.
import { html, useEffect, useState } from '../../lib/html.js';
import { parking, POOLS } from '../../lib/parking.js';
import { count, number } from '../../lib/format.js';
import { Form, Time, Trouble } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';

const TURNS = { left: 'Turn left', right: 'Turn right', straight: 'Straight on', back: 'Turn back', 'up or down': 'Take the ramp' };
const named = (pool) => POOLS[pool] ?? pool.replace('space:', 'Space ');

/** The server's drawing of a level, with the way to `space` where one is named; drawn anew every ten seconds. */
function Picture({ lot, level, space = '', door = '' }) {
  const [src, setSrc] = useState(null);
  useEffect(() => {
    let on = true;
    const draw = () => parking.picture(lot.lot_id, { level, space, door }).then((url) => (on ? setSrc(url) : URL.revokeObjectURL(url)), () => {});
    draw();
    const timer = setInterval(() => { if (document.visibilityState === 'visible') draw(); }, 10_000);
    return () => { on = false; clearInterval(timer); };
  }, [lot.lot_id, level, space, door]);
  useEffect(() => () => URL.revokeObjectURL(src), [src]);
  return src && html`<img class="level-picture" src=${src} alt=${`Level ${level} from above${space && `, with the way to ${space}`}`} />`;
}

function Levels({ lot, shown, show, free }) {
  if (lot.levels.length < 2) return null;
  return html`<div class="levels" role="group" aria-label="Level">${lot.levels.map(({ name }) => html`<button key=${name} type="button" aria-pressed=${name === shown} onClick=${() => show(name)}>Level ${name}${free && html` <small>${number(free(name))} free</small>`}</button>`)}</div>`;
}

/** Free spaces by zone, and the picture where the car park has a plan. */
export function Where({ lot }) {
  const { data, problem, again } = useRead(async () => { const [zones, plan] = await Promise.all([parking.zones(lot.lot_id), parking.plan(lot.lot_id)]); return { zones, plan }; }, [lot.lot_id], 10);
  const [level, show] = useState(null);
  if (problem && !data) return html`<${Trouble} what="Where spaces are free could not be read." problem=${problem} again=${again} />`;
  if (!data?.zones.length) return null;
  const free = (name) => data.zones.reduce((sum, one) => sum + (one.level === name ? one.free : 0), 0);
  const shown = level ?? lot.levels[0]?.name;
  return html`<h2>Where it is free now</h2><${Levels} lot=${lot} shown=${shown} show=${show} free=${free} />
    <ul class="pools zones" aria-label="Zones">${data.zones.filter((one) => one.level === shown).map((one) => html`<li key=${`${one.zone} ${one.pool}`} class=${one.free ? '' : 'none'}><span dir="auto">${one.zone ? `Zone ${one.zone}, ${named(one.pool).toLowerCase()}` : named(one.pool)}</span><b>${number(one.free)}<small> of ${number(one.spaces)}</small></b>
      <meter min="0" max=${one.spaces || 1} value=${one.free} aria-label=${`${one.zone} ${named(one.pool)}: ${one.free} free`}></meter></li>`)}</ul>
    ${data.plan && html`<${Picture} lot=${lot} level=${shown} />`}`;
}

function Steps({ route }) {
  return html`<ol class="steps">${route.steps.map((one, at) => html`<li key=${at}><${Icon} name=${one.how === 'walk' ? 'person' : 'car'} size=${18} /> ${TURNS[one.turn] ?? (one.how === 'walk' ? 'Walk' : 'Drive')} ${count(Math.round(one.metres), 'metre')}${one.to && html` to <b dir="auto">${one.to}</b>`}</li>`)}</ol>`;
}

/** A space kept for some minutes for whoever has reserved and is about to come. */
export function Guided({ one, lot }) {
  const { data: plan } = useRead(() => parking.plan(lot.lot_id), [lot.lot_id]);
  const [found, setFound] = useState(null);
  const nodes = (kind) => (plan?.nodes ?? []).filter((node) => node.kind === kind).map((node) => node.name);
  const [entries, doors] = [nodes('entry'), nodes('door')];
  const send = async (form) => {
    const near = { entry: form.get('entry') ?? '', door: form.get('door') ?? '' };
    const { data } = await parking.suggest(one, near);
    setFound({ ...data, ...near });
  };
  return html`<section class="card guided" aria-label="The way to a space"><h2>On your way?</h2>
    ${found ? html`<p role="status">Space <b>${found.space}</b> on level <b>${found.level}</b> is kept for you until <${Time} at=${found.until} shape="clock" />.</p>
      ${found.route && html`<${Picture} lot=${lot} level=${found.level} space=${found.space} door=${found.door} /><${Steps} route=${found.route} />`}`
      : html`<p class="muted">Shortly before you come the nearest free space can be kept for you, so that nobody else drives there.</p>
      <${Form} class="stack" label="Keep a space for me" send=${send}>${entries.length + doors.length > 0 && html`<div class="two-fields">
        ${entries.length > 1 && html`<label class="field"><span>You come in by</span><select name="entry">${entries.map((name) => html`<option key=${name}>${name}</option>`)}</select></label>`}
        ${doors.length > 0 && html`<label class="field"><span>You want to walk to</span><select name="door"><option value="">anywhere</option>${doors.map((name) => html`<option key=${name}>${name}</option>`)}</select></label>`}</div>`}</${Form}>`}</section>`;
}
