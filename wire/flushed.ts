// What a file is called is kept in its directory, which has to be on the disk as well. Called by whoever renames a file into place.
import { open } from 'node:fs/promises'

/** Resolves when the names in a directory, as they are now, would survive a power cut (fsync(2)). */
export async function flushed(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  await handle.sync().finally(() => handle.close())
}
