import { CopyButton } from '../../ui/copy-button.js';
import classes from './copy-block.module.css';

export interface CopyBlockProps {
  readonly text: string;
  /** What the button says that it does, such as `Copy the token`. */
  readonly name: string;
}

/** A text to take along, whole and as it is. */
export function CopyBlock({ text, name }: CopyBlockProps) {
  return (
    <div className={classes.root}>
      <pre className={classes.text}>{text}</pre>
      <CopyButton text={text} name={name} />
    </div>
  );
}
