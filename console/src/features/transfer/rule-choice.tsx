import { Radio } from '@mantine/core';
import { formatMany } from './format-count.js';
import type { ConflictRule } from './import-run.js';
import classes from './rule-choice.module.css';

export interface RuleChoiceProps {
  readonly rule: ConflictRule;
  /** Keys of the file that exist; undefined when not all of them were counted. */
  readonly existing: number | undefined;
  readonly onChange: (rule: ConflictRule) => void;
}

const rules: readonly { readonly value: ConflictRule; readonly label: string; readonly what: string }[] = [
  { value: 'skip', label: 'Leave them as they are', what: 'Only new keys are set.' },
  {
    value: 'replace',
    label: 'Replace them',
    what: 'Each gets a new revision; the old one stays in its history.',
  },
  { value: 'fail', label: 'Stop at the first', what: 'What came before it in the file stays imported.' },
];

/** What to do about keys that exist. */
export function RuleChoice({ rule, existing, onChange }: RuleChoiceProps) {
  return (
    <Radio.Group
      label={
        existing === undefined
          ? 'Keys that exist already'
          : `${formatMany(existing, 'key of the file exists', 'keys of the file exist')} already`
      }
      value={rule}
      onChange={(value) => {
        const chosen = rules.find((known) => known.value === value);
        if (chosen !== undefined) onChange(chosen.value);
      }}
    >
      <div className={classes.rules}>
        {rules.map(({ value, label, what }) => (
          <Radio
            key={value}
            value={value}
            label={label}
            description={what}
            size="xs"
            classNames={{ radio: classes.radio ?? '' }}
          />
        ))}
      </div>
    </Radio.Group>
  );
}
