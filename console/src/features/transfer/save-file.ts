/** Where the bytes of a file go as they come. */
export interface FileSink {
  /** Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes what was written a file of the person's. */
  save(): Promise<void>;
  /** Forgets what was written. */
  discard(): Promise<void>;
}

interface PickingWindow {
  showSaveFilePicker?: (options: {
    readonly suggestedName: string;
    readonly types: readonly { readonly description: string; readonly accept: Record<string, string[]> }[];
  }) => Promise<FileSystemFileHandle>;
}

/** Collected before they become a blob, which the browser may keep on disk. */
const pieceBytes = 4 * 1024 * 1024;

/**
 * Opens a file to save to: one that the person picks, where the browser can write to it as the bytes come, else
 * one that is downloaded in the end. Must be called from a click. Undefined: the person picked none.
 */
export async function openFile(name: string, type: string): Promise<FileSink | undefined> {
  const { showSaveFilePicker } = window as PickingWindow;
  if (showSaveFilePicker === undefined) return createDownload(name, type);
  try {
    const types = [{ description: 'Lines of JSON', accept: { [type]: ['.ndjson'] } }];
    const handle = await showSaveFilePicker.call(window, { suggestedName: name, types });
    const stream = await handle.createWritable();
    return {
      write: (chunk) => stream.write(chunk as Uint8Array<ArrayBuffer>),
      save: () => stream.close(),
      discard: () => stream.abort(),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}

/** Hands a whole file to the browser's downloads. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function createDownload(name: string, type: string): FileSink {
  let blobs: Blob[] = [];
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const gather = () => {
    blobs.push(new Blob(chunks));
    chunks = [];
    bytes = 0;
  };
  return {
    write: async (chunk) => {
      chunks.push(chunk as Uint8Array<ArrayBuffer>);
      bytes += chunk.length;
      if (bytes >= pieceBytes) gather();
    },
    save: async () => {
      gather();
      download(new Blob(blobs, { type }), name);
      blobs = [];
    },
    discard: async () => {
      blobs = [];
      chunks = [];
    },
  };
}
