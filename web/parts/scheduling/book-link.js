// A link that is good for one booking.
import { html, useEffect } from '../../lib/html.js';
import { go, route, title } from '../../lib/router.js';
import { scheduling } from '../../lib/scheduling.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Unread, bookingPath, keyOf } from './public.js';
import { Take } from './take.js';

export function BookLink() {
  const [, , calendar, slug, link] = route.value.parts;
  const { data, problem, again } = useRead(() => Promise.all([scheduling.calendar(calendar), scheduling.eventType(calendar, slug)]), [calendar, slug]);
  const [host, offer] = data ?? [];
  useEffect(() => title(offer?.title, host?.name), [offer?.title]);
  if (!data) return html`<${Unread} problem=${problem} again=${again} missing="Nobody can be booked at this address." />`;
  const book = async (body) => {
    const { data: made } = await scheduling.bookByLink(calendar, link, { ...body, link_key: keyOf() ?? '' });
    go(bookingPath(calendar, slug, made.booking_id, made.key));
  };
  return html`<${Take} host=${host} offer=${offer} explained=${false} book=${book} slots=${(asking) => scheduling.slots(calendar, { event_type: slug, ...asking })}><p class="fact"><${Icon} name="link" size=${19} /><span>This link is good for one booking.</span></p></${Take}>`;
}
