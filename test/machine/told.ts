import { setTimeout as pause } from 'node:timers/promises';
import { Notification } from '../../contract/notifications.ts';
import { api } from './agent.ts';

/** Waits until an administrator is told of an update in words like these. */
export async function told(words: RegExp): Promise<Notification> {
  for (;;) {
    const items = (await api('GET', '/v1/notifications?limit=20')).json['items'] as unknown[] | undefined;
    const one = (items ?? [])
      .map((item) => Notification.parse(item))
      .find(({ message }) => words.test(message));
    if (one?.kind === 'updated') return one;
    await pause(200);
  }
}
