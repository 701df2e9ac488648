import { ActionIcon, SegmentedControl } from '@mantine/core';
import { IconListCheck } from '@tabler/icons-react';
import { useListView } from '../keys-search.js';
import { DelimiterPicker } from './delimiter-picker.js';
import classes from './list-tools.module.css';

/** How the list shows its keys, and the way into selecting some. */
export function ListTools({ onSelect }: { readonly onSelect: () => void }) {
  const { isFlat, delimiter, setFlat, setDelimiter } = useListView();
  return (
    <div className={classes.tools}>
      <SegmentedControl
        aria-label="Show the keys as"
        data={['Tree', 'Flat']}
        value={isFlat ? 'Flat' : 'Tree'}
        onChange={(value) => setFlat(value === 'Flat')}
      />
      {isFlat ? null : <DelimiterPicker delimiter={delimiter} onChoose={setDelimiter} />}
      <ActionIcon
        className={classes.end ?? ''}
        variant="subtle"
        color="gray"
        aria-label="Select keys"
        title="Select keys"
        onClick={onSelect}
      >
        <IconListCheck size={16} />
      </ActionIcon>
    </div>
  );
}
