import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { toastFailure } from '../../ui/toast.js';
import { downloadName } from './download-name.js';
import { getBlob } from './requests.js';

/** Saves the whole value as a file. */
export function DownloadButton({ name }: { readonly name: string }) {
  const [pending, setPending] = useState(false);

  async function download() {
    setPending(true);
    try {
      const url = URL.createObjectURL(await getBlob(name));
      const link = document.createElement('a');
      link.href = url;
      link.download = downloadName(name);
      link.click();
      URL.revokeObjectURL(url);
    } catch (error) {
      toastFailure('The value could not be downloaded', error);
    } finally {
      setPending(false);
    }
  }

  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      loading={pending}
      onClick={download}
    >
      Download
    </Button>
  );
}
