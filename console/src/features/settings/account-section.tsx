import type { Account } from 'halo-contract';
import { CopyButton } from '../../ui/copy-button.js';
import { useNow } from '../../ui/use-now.js';
import classes from './account-section.module.css';
import { Section } from './section.js';
import { When } from './when.js';

const nowMs = 60_000;

export function AccountSection({ account: { name, id, created_at } }: { readonly account: Account }) {
  const now = useNow(nowMs);
  return (
    <Section title="Account">
      <dl className={classes.facts}>
        <div>
          <dt>Name</dt>
          <dd>{name}</dd>
        </div>
        <div>
          <dt>Account id</dt>
          <dd className={classes.id}>
            <code>{id}</code>
            <CopyButton text={id} name="Copy the account id" />
          </dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd>
            <When at={created_at} now={now} />
          </dd>
        </div>
      </dl>
    </Section>
  );
}
