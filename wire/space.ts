// How much of the disk the sites of a house may still take. Used by the provisioner, and by the doctor, which runs as root.
import { readdirSync, statfsSync, statSync, type Stats } from 'node:fs'
import { places } from './house.ts'

/** Bytes. `promised`: the sizes of all volumes; `taken`: what they occupy of it; `free`: what is left of the disk. */
export type Space = { promised: number; taken: number; free: number }

const BLOCK = 512

/** Volumes are sparse files: together they may promise more than there is. */
export function space(data: string): Space {
  const { pods } = places(data)
  const volumes = readdirSync(pods).map(name => statSync(`${pods}/${name}/volume.img`, { throwIfNoEntry: false })).filter((each): each is Stats => each !== undefined)
  const { bavail, bsize } = statfsSync(pods)
  const sum = (of: (volume: Stats) => number) => volumes.reduce((total, volume) => total + of(volume), 0)
  return { promised: sum(({ size }) => size), taken: sum(({ blocks }) => blocks * BLOCK), free: bavail * bsize }
}

/** Bytes the sites lack if all of them fill their volumes; 0 where the disk keeps every promise. */
export const shortfall = ({ promised, taken, free }: Space): number => Math.max(0, promised - taken - free)
