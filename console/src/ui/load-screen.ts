/** The code of a screen could not be fetched. */
export class ScreenLoadError extends Error {
  override readonly name = 'ScreenLoadError';
}

/**
 * Returns an import that fails in words of its own. The router would otherwise reload the page by itself when a
 * screen's file is missing, and an unsaved draft or a page without a network would be lost with it.
 */
export function loadScreen<Module>(load: () => Promise<Module>): () => Promise<Module> {
  return async () => {
    try {
      return await load();
    } catch (cause) {
      throw new ScreenLoadError('The screen could not be loaded.', { cause });
    }
  };
}
