import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { Health } from '../answers.ts';
import { understand } from '../client.ts';
import { NotReadyError } from '../errors.ts';
import type { OpenSession } from '../session.ts';
import { listing } from '../table.ts';

/** `sculptorctl health`: whether the agent can do its work now, and which part cannot. */
export function addHealthCommand(program: Command, open: OpenSession): void {
  program
    .command('health')
    .description('Whether the agent can work now, and which part of it cannot.')
    .action(
      action(open, async (session) => {
        const { status, document } = await session.client.look('/v1/health/ready');
        const health = understand(Health, document);
        present(session, document, () => listing(facts(health)));
        if (status !== 200) throw new NotReadyError();
      }),
    );
}

function facts({ status, checks = {} }: Health): (readonly [string, string])[] {
  const parts = Object.entries(checks).map(([name, state]) => [name, describe(state)] as const);
  return [['status', status], ...parts];
}

function describe(state: unknown): string {
  return typeof state === 'string' ? state : JSON.stringify(state);
}
