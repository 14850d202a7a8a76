// What every process of a site is held to, whether the runtime starts it or a command enters later. Used by bundle.ts and commands/oci.ts.

export const CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETUID', 'CAP_SETGID', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']

/** Where the host itself is short of memory, a site's processes go before the host's. */
export const OOM_SCORE = 300

/**
 * Soft and hard. `core` 1 rather than 0: the kernel then also leaves alone a program of the host's that collects core dumps (core(5), core_pattern with a pipe).
 * `msgqueue`: POSIX queues are counted for all sites together, for root of the host made all their user namespaces; so are signals that wait and timers, of which machine.ts lends them half (set here, crun 1.8 is refused).
 */
export const RLIMITS = { nofile: [1024, 4096], core: [1, 1], msgqueue: [0, 0] } as const

/** Terminals of one site: the kernel has 3,072 for all containers together, if nobody widens that. */
export const TERMINALS = 64

/** Bytes that a container's sockets may hold in the kernel. Only cgroup v1 has to be told: version 2 counts them as memory, version 1 not at all. */
export const SOCKET_MEMORY = 64 * 2 ** 20

/** Below /proc: nothing of it can be read. */
export const MASKED = [
  'acpi', 'asound', 'bootconfig', 'cmdline', 'config.gz', 'diskstats', 'interrupts', 'kallsyms', 'kcore', 'key-users', 'keys', 'kmsg', 'latency_stats', 'modules', 'partitions',
  'pressure', 'sched_debug', 'schedstat', 'scsi', 'sysrq-trigger', 'timer_list', 'timer_stats',
]
/** Below /proc: nothing of it can be changed. */
export const READONLY = ['bus', 'fs', 'irq', 'sys']
