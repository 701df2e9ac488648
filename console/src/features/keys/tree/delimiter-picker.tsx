import { Button, Popover, SegmentedControl, TextInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { visibleKey } from '../../../ui/visible-key.js';
import { delimiterFault, delimiters } from './grouping.js';
import classes from './list-tools.module.css';

export interface DelimiterPickerProps {
  readonly delimiter: string;
  readonly onChoose: (delimiter: string) => void;
}

/** Chooses what the tree takes for the end of a folder: one of the usual, or any text. */
export function DelimiterPicker({ delimiter, onChoose }: DelimiterPickerProps) {
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState<string>();

  function choose(next: string): void {
    onChoose(next);
    setOpened(false);
    setTyped('');
    setFault(undefined);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    const found = delimiterFault(typed);
    if (found === undefined) choose(typed);
    else setFault(found);
  }

  return (
    <Popover opened={opened} onChange={setOpened} trapFocus returnFocus position="bottom-start" shadow="md">
      <Popover.Target>
        <Button
          variant="default"
          aria-label={`Delimiter: ${visibleKey(delimiter)}`}
          title="Where the names of folders end"
          rightSection={<IconChevronDown size={14} aria-hidden />}
          onClick={() => setOpened((open) => !open)}
        >
          <span className={classes.glyph}>{visibleKey(delimiter)}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Delimiter">
        <form className={classes.form} onSubmit={submit}>
          <SegmentedControl
            aria-label="Folders end with"
            data={[...delimiters]}
            value={delimiter}
            onChange={choose}
          />
          <div className={classes.typed}>
            <TextInput
              label="Or another text"
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              error={fault}
              spellCheck={false}
              autoCapitalize="none"
              autoComplete="off"
            />
            <Button type="submit" variant="default">
              Use it
            </Button>
          </div>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
