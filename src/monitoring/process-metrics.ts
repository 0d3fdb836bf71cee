import type { Family } from "../base/metrics.js";
import { descriptorLimit, openDescriptors } from "./process-descriptors.js";

/** The CPU time, memory and file descriptors of this process, under the usual names of Prometheus clients. */
export function processMetrics(startedAtMs: number): readonly Family[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  return [
    one("process_cpu_seconds_total", (user + system) / 1e6, "seconds of processor time"),
    one("process_start_time_seconds", startedAtMs / 1000, "when the hub started, seconds since 1970"),
    one("process_resident_memory_bytes", rss, "resident memory"),
    one("nodejs_heap_size_used_bytes", heapUsed, "bytes of objects on the heap"),
    one("nodejs_heap_size_total_bytes", heapTotal, "bytes of the heap"),
    ...known("process_open_fds", openDescriptors(), "open file descriptors, on Linux"),
    ...known("process_max_fds", descriptorLimit(), "limit of open file descriptors, on Linux"),
  ];
}

function known(name: string, value: number | undefined, help: string): readonly Family[] {
  return value === undefined ? [] : [one(name, value, help)];
}

function one(name: string, value: number, help: string): Family {
  const type = name.endsWith("_total") ? "counter" : "gauge";
  return { name, type, help, samples: [{ name, labels: {}, value }] };
}
