import type { Family } from "../base/metrics.js";
import { descriptorLimit, openDescriptors } from "../process/process-descriptors.js";

/** The CPU time, memory and file descriptors of this process, under the usual names of Prometheus clients. */
export function processMetrics(startedAtMs: number): readonly Family[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  return [
    one("process_cpu_seconds_total", (user + system) / 1e6, "CPU time of the process, in seconds."),
    one("process_start_time_seconds", startedAtMs / 1000, "Start of the hub, in seconds since 1970."),
    one("process_resident_memory_bytes", rss, "Resident memory, in bytes."),
    one("nodejs_heap_size_used_bytes", heapUsed, "Objects on the heap, in bytes."),
    one("nodejs_heap_size_total_bytes", heapTotal, "Size of the heap, in bytes."),
    one("nodejs_external_memory_bytes", external, "Buffers and other memory outside the heap, in bytes."),
    ...known("process_open_fds", openDescriptors(), "Open file descriptors; only on Linux."),
    ...known("process_max_fds", descriptorLimit(), "Limit of open file descriptors; only on Linux."),
  ];
}

function known(name: string, value: number | undefined, help: string): readonly Family[] {
  return value === undefined ? [] : [one(name, value, help)];
}

function one(name: string, value: number, help: string): Family {
  const type = name.endsWith("_total") ? "counter" : "gauge";
  return { name, type, help, samples: [{ name, labels: {}, value }] };
}
