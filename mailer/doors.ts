import { watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { MailSender, type MailSite } from '../contract/mail.ts';
import type { Logger } from '../runtime/logger.ts';
import { repeat } from '../runtime/repeat.ts';
import { openDoor, type Door } from './door.ts';

export type Doors = {
  readonly isOpen: (site: MailSender) => boolean;
  /** Of a connection that is a site's. */
  readonly siteOf: (connection: Socket) => MailSite | undefined;
  /** Looks once, at what there is now. */
  readonly look: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type DoorsParts = {
  /** Root's, with a folder for each who may send mail: given to `uid`, and to the sender's own group. */
  readonly folder: string;
  readonly uid: number;
  readonly welcome: (connection: Socket, sender: MailSender) => void;
  readonly logger: Logger;
};

/** Where the kernel says nothing of a change: as often as this. */
const LOOK_EVERY_MS = 10_000;

/** A socket in each sender's folder, made and closed as the folders come and go. */
export function createDoors({ folder, uid, welcome, logger }: DoorsParts): Doors {
  const doors = new Map<MailSender, Door>();
  const sites = new WeakMap<Socket, MailSite>();
  let looking = Promise.resolve();
  const socketOf = (site: MailSender) => join(folder, site, 'socket');

  async function lookAt(site: MailSender): Promise<void> {
    const [door, ours] = [doors.get(site), await isOurs(join(folder, site), uid)];
    if (door !== undefined && ours && (await inodeOf(socketOf(site))) === door.inode) return;
    if (door !== undefined) {
      doors.delete(site);
      await door.close();
    }
    if (!ours) return;
    const opened = await openDoor(socketOf(site), (connection) => {
      if (site !== 'agent') sites.set(connection, site);
      welcome(connection, site);
    });
    doors.set(site, opened);
  }

  async function lookOnce(): Promise<void> {
    try {
      const found = (await readdir(folder)).flatMap((name) => MailSender.safeParse(name).data ?? []);
      for (const site of new Set([...found, ...doors.keys()])) {
        await lookAt(site).catch((error: unknown) =>
          logger.warn({ err: error, site }, 'no way to the mailer'),
        );
      }
    } catch (error) {
      logger.error({ err: error }, 'the folders of sites cannot be read');
    }
  }

  const look = () => (looking = looking.then(lookOnce));
  const watching = watch(folder, { persistent: false }, () => void look());
  watching.on('error', (error) => logger.warn({ err: error }, 'changes of folders are seen late'));
  const again = repeat(LOOK_EVERY_MS, look);
  return {
    isOpen: (site) => doors.has(site),
    siteOf: (connection) => sites.get(connection),
    look,
    close: async () => {
      watching.close();
      await again.stop();
      await looking;
      for (const door of doors.values()) await door.close();
      doors.clear();
    },
  };
}

/** As the executor leaves it: a folder of ours that a group may enter and not change. */
async function isOurs(path: string, uid: number): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isDirectory() === true && stats.uid === uid && (stats.mode & 0o7777) === 0o2750;
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  const stats = await lstat(path, { bigint: true }).catch(() => undefined);
  return stats?.isSocket() === true ? stats.ino : undefined;
}
