import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';

/**
 * A folder that is made once on this machine, whoever asks first: it is made beside and moved, so whoever finds it finds
 * it whole, also while another makes it or after one was killed at that. Of two that make it at once, one is as good.
 */
export async function makeOnce(folder: string, make: (draft: string) => Promise<unknown>): Promise<string> {
  if (existsSync(folder)) return folder;
  const draft = await mkdtemp(`${folder}-`);
  try {
    await make(draft);
    await rename(draft, folder).catch((fault: unknown) => {
      if (!existsSync(folder)) throw fault;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}
