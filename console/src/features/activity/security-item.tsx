import type { AuditEvent } from 'halo-contract';
import { deviceName } from '../../ui/device-name.js';
import { formatAgo, formatInstant } from '../../ui/relative-time.js';
import classes from './security-item.module.css';
import { actorOf, wordsOf } from './security-words.js';

/** One security event: what, who if it was not the owner, from where, and when. */
export function SecurityItem({ event, now }: { readonly event: AuditEvent; readonly now: number }) {
  const { title, tone } = wordsOf(event);
  const actor = actorOf(event);
  return (
    <li className={classes.event} data-tone={tone}>
      <div className={classes.words}>
        <p className={classes.title}>{title}</p>
        {actor === undefined ? null : <p className={classes.facts}>{actor}</p>}
        {event.device === null && event.address === null ? null : (
          <p className={classes.facts} title={event.device ?? undefined}>
            {deviceName(event.device)}
            {event.address === null ? null : <> · {event.address}</>}
          </p>
        )}
      </div>
      <p className={classes.when}>
        <time dateTime={event.at}>{formatInstant(event.at)}</time>
        <span>{formatAgo(now - Date.parse(event.at))}</span>
      </p>
    </li>
  );
}
