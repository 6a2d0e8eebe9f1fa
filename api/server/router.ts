import { Router } from 'express';
import { refuseQuery } from '../paging.ts';
import { addRoute } from '../routes.ts';

/** What a panel may want to know of the server before it asks for something. */
export interface ServerInfo {
  readonly id: string;
  readonly name: string;
  readonly phpVersions: readonly string[];
  readonly defaultPhpVersion: string | null;
  /** That a database may have here, the usual ones first. */
  readonly collations: readonly string[];
  /** The most that one database user may have at once. */
  readonly connectionsPerAccount: number;
}

export type DescribeServer = () => Promise<ServerInfo>;

export function createServerRouter(describe: DescribeServer): Router {
  const router = Router({ caseSensitive: true, strict: true });
  addRoute(router, '/server', {
    get: async (req, res) => {
      refuseQuery(req);
      res.json(await describe());
    },
  });
  return router;
}
