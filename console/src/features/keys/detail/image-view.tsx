import { useEffect, useState } from 'react';
import { Notice } from '../../../ui/notice.js';
import classes from './image-view.module.css';
import { imageTypeOf } from './viewers.js';

export interface ImageViewProps {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/**
 * A value as the picture it is.
 *
 * In an `<img>` no picture runs scripts or loads anything, SVG neither. Opened in a tab of its own, an SVG with
 * the address of a blob would be a page of this origin; with a data address it has no origin at all.
 */
export function ImageView({ bytes, contentType }: ImageViewProps) {
  const url = useImageUrl(bytes, contentType);
  const [size, setSize] = useState<string>();
  const [broken, setBroken] = useState(false);
  if (broken) {
    return (
      <Notice tone="warn" title="This is no picture that the browser can draw">
        <p>It is called {contentType}. Look at it in hex, or download it.</p>
      </Notice>
    );
  }
  return (
    <figure className={classes.figure}>
      <div className={classes.ground}>
        {url === undefined ? null : (
          <img
            className={classes.image}
            src={url}
            alt="The value"
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setSize(`${naturalWidth} × ${naturalHeight} pixels`)
            }
            onError={() => setBroken(true)}
          />
        )}
      </div>
      <figcaption className={classes.caption}>{size ?? ' '}</figcaption>
    </figure>
  );
}

function useImageUrl(bytes: Uint8Array<ArrayBuffer>, contentType: string): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (imageTypeOf(contentType) === 'svg') {
      setUrl(`data:image/svg+xml,${encodeURIComponent(new TextDecoder().decode(bytes))}`);
      return;
    }
    const made = URL.createObjectURL(new Blob([bytes], { type: contentType }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, contentType]);
  return url;
}
