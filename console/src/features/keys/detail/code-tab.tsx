import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { CopyButton } from '../../../ui/copy-button.js';
import type { Snapshot } from '../snapshot.js';
import classes from './code-tab.module.css';
import { type CommandLanguage, keyCommands } from './key-commands.js';

const languages: { readonly value: CommandLanguage; readonly label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'javascript', label: 'JavaScript' },
  { value: 'cli', label: 'CLI' },
];

/** How to reach this very key from a terminal or a program. */
export default function CodeTab({ snapshot }: { readonly snapshot: Snapshot }) {
  const [language, setLanguage] = useState<CommandLanguage>('curl');
  const commands = keyCommands(language, window.location.origin, snapshot);
  return (
    <div className={classes.root}>
      <SegmentedControl
        className={classes.languages ?? ''}
        aria-label="Language"
        data={languages}
        value={language}
        onChange={setLanguage}
      />
      <p className={classes.lead}>
        {language === 'cli' ? (
          <>
            The <code>halo</code> command reads a token from <code>HALO_TOKEN</code>.
          </>
        ) : (
          <>
            With an API token or an access token in <code>HALO_TOKEN</code>.
          </>
        )}
      </p>
      {commands.map(({ title, text }) => (
        <section key={title} className={classes.command} aria-label={title}>
          <h3 className={classes.title}>{title}</h3>
          <div className={classes.frame}>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
            <pre className={classes.text} tabIndex={0}>
              {text}
            </pre>
            <CopyButton text={text} name={`Copy the ${title} command`} />
          </div>
        </section>
      ))}
    </div>
  );
}
