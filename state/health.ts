import { z } from 'zod';
import { HealthPoint, HealthSample } from '../contract/health.ts';
import type { ServerId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import { instant, json } from './row-values.ts';

/** A row a minute; of two in one the later stands. */
export async function putSample(sql: Sql, server: ServerId, sample: HealthSample): Promise<void> {
  const { cpuPercent, memoryPercent, load, places, services } = sample;
  await sql.run(
    `INSERT INTO health_sample (server, at, cpu_percent, memory_percent, load_average, disk_percent, unwell, sample)
       VALUES (?, UTC_TIMESTAMP() - INTERVAL SECOND(UTC_TIMESTAMP()) SECOND, ?, ?, ?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE cpu_percent = VALUES(cpu_percent), memory_percent = VALUES(memory_percent),
       load_average = VALUES(load_average), disk_percent = VALUES(disk_percent), unwell = VALUES(unwell),
       sample = VALUES(sample)`,
    [
      ...[server, cpuPercent, memoryPercent, load[0]],
      Math.max(0, ...places.map(({ percent }) => percent)),
      services.filter(({ well }) => !well).length,
      JSON.stringify(sample),
    ],
  );
}

/** What is older than a day, and what a clock that went back has left in the future; some at a time. */
export async function forgetSamples(sql: Sql, server: ServerId): Promise<void> {
  await sql.run(
    `DELETE FROM health_sample WHERE server = ? AND (at < UTC_TIMESTAMP() - INTERVAL 1 DAY
       OR at > UTC_TIMESTAMP() + INTERVAL 1 MINUTE) LIMIT 1000`,
    [server],
  );
}

export async function latestSample(sql: Sql, server: ServerId): Promise<HealthSample | null> {
  const text = `SELECT sample FROM health_sample WHERE server = ? AND at > UTC_TIMESTAMP() - INTERVAL 1 DAY
    ORDER BY at DESC LIMIT 1`;
  const rows = await sql.rows(z.object({ sample: json(HealthSample) }), text, [server]);
  return rows[0]?.sample ?? null;
}

const Point = HealthPoint.extend({ at: instant });

/** The last day in stretches of so many minutes. */
export async function dayOf(sql: Sql, server: ServerId, minutes: number): Promise<HealthPoint[]> {
  const text = `SELECT MIN(at) AS at, MAX(cpu_percent) AS cpuPercent, MAX(memory_percent) AS memoryPercent,
      MAX(load_average) AS \`load\`, MAX(disk_percent) AS diskPercent, MAX(unwell) AS unwell
    FROM health_sample WHERE server = ? AND at > UTC_TIMESTAMP() - INTERVAL 1 DAY
    GROUP BY TIMESTAMPDIFF(MINUTE, '2020-01-01', at) DIV ? ORDER BY 1`;
  return sql.rows(Point, text, [server, minutes]);
}
