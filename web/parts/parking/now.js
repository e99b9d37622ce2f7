// A car park as it is at this moment: every space on its level, and the gates to try.
import { html, useState } from '../../lib/html.js';
import { parking, POOLS } from '../../lib/parking.js';
import { number } from '../../lib/format.js';
import { Time, Trouble, Waiting } from '../bits.js';
import { useRead } from '../read.js';
import { Gate } from './gate.js';
import { SpaceDialog } from './space.js';
import { SpaceMap } from './space-map.js';

export function Now({ lot }) {
  const id = lot.lot_id;
  const [chosen, choose] = useState(null);
  const { data, problem, again } = useRead(async () => {
    const [spaces, inside, free] = await Promise.all([parking.spaces(id), parking.inside(id), parking.availability(id)]);
    return { spaces, inside, free };
  }, [id], 3);
  const levels = lot.levels.map((level) => level.name);
  const [level, setLevel] = useState(null);
  const shown = level ?? levels[0];
  if (!data) return problem ? html`<${Trouble} what="The spaces could not be read." problem=${problem} again=${again} />` : html`<${Waiting} label="Loading the spaces" />`;
  const overstays = data.inside.filter((one) => one.overstays).length;
  const capacity = Object.values(data.free.capacity).reduce((sum, one) => sum + one, 0);
  const space = data.spaces.find((one) => one.space === chosen);
  return html`<div class="page-scroll now" tabindex="0" role="group" aria-label="Now">
    ${problem && html`<${Trouble} what="This is no longer fresh." problem=${problem} again=${again} />`}
    <ul class="figures"><li><small>Inside</small><b>${number(data.inside.length)}</b></li>
      <li class=${data.free.available_spaces ? 'good' : 'busy'}><small>Free now</small><b>${number(data.free.available_spaces)} <small>of ${number(capacity)}</small></b></li>
      <li class=${overstays ? 'busy' : ''}><small>Staying too long</small><b>${number(overstays)}</b></li>
      <li><small>Last event</small><b><${Time} at=${data.free.observed_at} shape="clock" /></b></li></ul>
    <div class="now-columns">
      <section class="card" aria-label="Spaces"><header class="map-head"><h2>Spaces</h2><div class="levels" role="group" aria-label="Level">${levels.map((name) => html`<button key=${name} type="button" aria-pressed=${name === shown} onClick=${() => setLevel(name)}>Level ${name} <small>${data.spaces.filter((one) => one.level === name && one.state === 'free').length} free</small></button>`)}</div></header>
        <${SpaceMap} spaces=${data.spaces.filter((one) => one.level === shown)} choose=${choose} inside=${data.inside} />
        <p class="space-legend"><span class="free">Free</span><span class="occupied">Taken</span><span class="closed">Out of service</span>${[...new Set(data.spaces.map((one) => one.pool))].filter((pool) => pool !== 'car').map((pool) => html`<span key=${pool} class="pool"><b>${pool[0].toUpperCase()}</b>${POOLS[pool] ?? pool}</span>`)}</p></section>
      <${Gate} lot=${lot} inside=${data.inside} after=${again} />
    </div>
    ${space && html`<${SpaceDialog} lot=${lot} space=${space} car=${data.inside.find((one) => one.space === space.space)} close=${() => choose(null)} after=${again} />`}
  </div>`;
}
